"""A recording as text: a line for each sample, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from memory_report.recording import Recording, Sample, find_growth
from memory_report.render.words import mib
from memory_report.units import MIB
from runner.system import Footprint

_NAME = 21
_COLUMNS = ("first", "mean", "peak", "last", "USS", "RSS")
_RULE = "-" * 79
#: A slope of less than this is noise, in seconds.
_SHORTEST_GROWTH = 60.0


def render_sample(sample: Sample) -> str:
    """Return one line of a series that goes on."""

    total = sample.total
    return (
        f"{sample.seconds:8.1f} s  PSS {mib(total.pss)}  USS {mib(total.uss)}  "
        f"RSS {mib(total.rss)} MiB  processes: {len(sample.processes)}"
    )


def render_recording(recording: Recording) -> str:
    """Return each process and all of them: PSS over time, USS and RSS at the end."""

    samples = recording.samples
    title = (
        f"PSS in MiB, samples in {samples[-1].seconds:.0f} s: {len(samples)}; "
        f"{recording.end}"
    )
    rows = [_row("", "", _COLUMNS), _RULE]
    for pid, name in recording.names.items():
        series = [each.processes[pid] for each in samples if pid in each.processes]
        rows.append(_row(str(pid), name, _describe(series)))

    total = [sample.total for sample in samples]
    rows += [_RULE, _row("", "total", _describe(total))]
    growth = find_growth(recording)
    if growth is not None and samples[-1].seconds >= _SHORTEST_GROWTH:
        rows += ["", f"growth: {growth * 3600 / MIB:+.1f} MiB of PSS an hour"]

    return "\n".join([title, "", *rows]) + "\n"


def _describe(series: Sequence[Footprint]) -> tuple[str, ...]:
    pss = [each.pss for each in series]
    sizes = (pss[0], fmean(pss), max(pss), pss[-1], series[-1].uss, series[-1].rss)
    return tuple(mib(size) for size in sizes)


def _row(pid: str, name: str, columns: Sequence[str]) -> str:
    name = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    cells = "".join(f"{column:>8}" for column in columns)
    return f"{pid:>7}  {name:<{_NAME}}{cells}".rstrip()
