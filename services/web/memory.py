"""The memory widget's figures: this process now and lately, the others beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from services.web.site import Site
from services.web.sparkline import Sparkline, draw_sparkline

#: Samples on the widget's line: ten minutes at the monitor's pace.
SAMPLES = 60
_MIB = 1024 * 1024
_MOST = 1e18


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReading:
    """What the widget prints; sizes are texts in MiB, lags in milliseconds."""

    process: str
    #: When the sample was taken, in unix seconds.
    time: float
    pss: str
    rss: str
    uss: str
    lags: Mapping[str, str]
    #: PSS in MiB, the newest last, for the script that goes on drawing.
    history: tuple[float, ...]
    sparkline: Sparkline | None
    #: (process, PSS)
    others: tuple[tuple[str, str], ...]


def read_memory(site: Site) -> MemoryReading | None:
    """Read the monitor; None until its first sample."""

    samples = site.monitor.samples(SAMPLES)
    if not samples:
        return None

    last = samples[-1]
    history = tuple(round(sample.pss / _MIB, 2) for sample in samples)
    return MemoryReading(
        process=site.monitor.label,
        time=last.time,
        pss=mebibytes(last.pss),
        rss=mebibytes(last.rss),
        uss=mebibytes(last.uss),
        lags={lane: milliseconds(lag) for lane, lag in sorted(last.lags.items())},
        history=history,
        sparkline=draw_sparkline(history),
        others=tuple(
            (str(other["process"]), mebibytes(other.get("pss")))
            for other in site.live.other_processes(site.now())
        ),
    )


def mebibytes(size: Any) -> str:
    """Write a size in bytes as MiB with one decimal; of another process, anything."""

    return f"{size / _MIB:.1f}" if is_number(size) else "?"


def milliseconds(seconds: float) -> str:
    """Write seconds as milliseconds with one decimal."""

    return f"{seconds * 1000:.1f}"


def is_number(value: Any) -> TypeGuard[int | float]:
    """Say whether a value of the bus is a number that can be written out."""

    if isinstance(value, bool) or not isinstance(value, int | float):
        return False

    # Not so for what is no number or endless, and for digits without end.
    return abs(value) < _MOST
