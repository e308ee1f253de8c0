"""A recording as text: a line for each sample, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from textwrap import fill

from memory_report.recording import Recording, Sample, find_growth
from memory_report.render.words import mib, signed
from memory_report.units import MIB
from runner.system import Footprint

#: A process's name has as much room as the longest one takes, between these.
_NAME, _LONGEST_NAME = 21, 60
_COLUMNS = ("first", "mean", "peak", "last", "USS", "RSS")
#: A slope of less than this is noise, in seconds.
_SHORTEST_GROWTH = 60.0
_SHARED = (
    "shared with others at first: {} MiB of files' pages, which PSS would have too if "
    "no other process, this report included, mapped these files"
)


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
    longest = max(map(len, recording.names.values()), default=0)
    width = min(max(longest, _NAME), _LONGEST_NAME)
    head = _row("", "", _COLUMNS, width=width)
    rule = "-" * len(head)
    rows = [head, rule]
    for pid, name in recording.names.items():
        series = [each.processes[pid] for each in samples if pid in each.processes]
        rows.append(_row(str(pid), name, _describe(series), width=width))

    total = [sample.total for sample in samples]
    rows += [rule, _row("", "total", _describe(total), width=width)]
    if recording.held_elsewhere >= MIB:
        rows += ["", fill(_SHARED.format(mib(recording.held_elsewhere)), 79)]

    growth = find_growth(recording)
    if growth is not None and samples[-1].seconds >= _SHORTEST_GROWTH:
        rows += ["", f"growth: {signed(growth * 3600 / MIB)} MiB of PSS an hour"]

    return "\n".join([title, "", *rows]) + "\n"


def _describe(series: Sequence[Footprint]) -> tuple[str, ...]:
    pss = [each.pss for each in series]
    sizes = (pss[0], fmean(pss), max(pss), pss[-1], series[-1].uss, series[-1].rss)
    return tuple(mib(size) for size in sizes)


def _row(pid: str, name: str, columns: Sequence[str], *, width: int) -> str:
    name = name if len(name) <= width else name[: width - 1] + "…"
    cells = "".join(f"{column:>8}" for column in columns)
    return f"{pid:>7}  {name:<{width}}{cells}".rstrip()
