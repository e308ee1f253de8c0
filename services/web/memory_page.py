"""What the memory page prints of the monitor's samples. Imported by its first visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.web.memory import is_number, mebibytes, milliseconds
from services.web.site import Sample, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sample in words: sizes in MiB, lags in milliseconds."""

    #: For machines, then for people, in UTC.
    machine_time: str
    time: str
    pss: str
    uss: str
    rss: str
    threads: int
    files: int
    #: Percent of one core.
    cpu: str
    lags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One of the processes that share a Redis, as it said last."""

    name: str
    pss: str
    uss: str
    rss: str
    threads: str
    files: str
    #: The longest lag of all its lanes, in milliseconds.
    lag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """This process first, the others after it, and what all take together."""

    each: tuple[Process, ...]
    total: str


def read_now(site: Site) -> Reading | None:
    """Read the newest sample; None until the first one."""

    samples = site.monitor.samples(1)
    return _read(samples[0]) if samples else None


def list_rows(samples: Sequence[Sample]) -> list[Reading]:
    """Write a history as rows, the newest first."""

    return [_read(sample) for sample in reversed(samples)]


def list_processes(site: Site) -> Processes | None:
    """List all processes whose samples come in; None where this one is alone."""

    others = site.live.other_processes(site.now())
    own = site.monitor.samples(1)
    if not others or not own:
        return None

    samples = [{"process": site.monitor.label, **own[0].as_dict()}, *others]
    sizes = [sample.get("pss") for sample in samples]
    return Processes(
        each=tuple(_describe(sample) for sample in samples),
        total=mebibytes(sum(size for size in sizes if is_number(size))),
    )


def _read(sample: Sample) -> Reading:
    moment = datetime.fromtimestamp(sample.time, UTC)
    return Reading(
        machine_time=moment.isoformat(timespec="seconds"),
        time=f"{moment:%H:%M:%S}",
        pss=mebibytes(sample.pss),
        uss=mebibytes(sample.uss),
        rss=mebibytes(sample.rss),
        threads=sample.threads,
        files=sample.files,
        cpu=f"{sample.cpu * 100:.1f}",
        lags={lane: milliseconds(lag) for lane, lag in sorted(sample.lags.items())},
    )


def _describe(sample: Mapping[str, Any]) -> Process:
    # Another process wrote it, perhaps one of another version: take what is there.
    lags = sample.get("lags")
    late = list(lags.values()) if isinstance(lags, dict) else []
    known = [lag for lag in late if is_number(lag)]
    return Process(
        name=str(sample["process"]),
        pss=mebibytes(sample.get("pss")),
        uss=mebibytes(sample.get("uss")),
        rss=mebibytes(sample.get("rss")),
        threads=_count(sample.get("threads")),
        files=_count(sample.get("files")),
        lag=milliseconds(max(known)) if known else "?",
    )


def _count(value: Any) -> str:
    return str(int(value)) if is_number(value) else "?"
