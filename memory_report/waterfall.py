"""Where the memory went: the way from a reference to everything together, step by step.

A step is what one saving is worth: `together` measured against `together` with that
saving alone taken away, pair by pair. Steps that are measured so do not add up to the
whole; the last one is what is left over, and is named as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from memory_report.records import REDIS, TOGETHER, Report
from memory_report.statistics import (
    Estimate,
    counted,
    estimate_mean,
    list_totals,
    total_sizes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A saving and what it is worth, in bytes of PSS."""

    name: str
    size: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """From what a reference takes, Redis included, to what all together takes."""

    reference: str
    start: float
    steps: tuple[Step, ...]
    end: float


#: By the arrangement that lacks a saving: the saving's name, and the references that
#: lack it too. Others have it already, so it is no part of the way from there.
SAVINGS = {
    "together-redis": ("no client of Redis", ("shipped", "forked", "separate")),
    "together-arenas": ("one arena in malloc", ("shipped",)),
    "together-untrimmed": ("collected and trimmed when idle", ("shipped",)),
    "together-eager": ("imports at first use", ()),
}
#: The first of these that was measured is where the way begins.
_BEGINNINGS = ("shipped", "separate", "forked")
_SERVER = f"no {REDIS}"
_REST = "one interpreter (the rest)"


def list_worths(report: Report) -> tuple[Step, ...]:
    """Return each saving that was taken away, and what that cost."""

    return tuple(
        Step(name=name, size=estimate_mean(_compare(report, arrangement)))
        for arrangement, (name, _) in SAVINGS.items()
        if arrangement in report.plan.arrangements
    )


def work_out_waterfall(report: Report) -> Waterfall | None:
    """Return the way down, or None where no saving was taken away."""

    measured = report.plan.arrangements
    beginnings = [name for name in _BEGINNINGS if name in measured]
    worths = [
        (name, _compare(report, arrangement))
        for arrangement, (name, lacking) in SAVINGS.items()
        if arrangement in measured and beginnings and beginnings[0] in lacking
    ]
    if not worths:
        return None

    before = counted(report.launches, beginnings[0])
    after = list_totals(counted(report.launches, TOGETHER))
    start = [total_sizes(launch, redis=True).pss for launch in before]
    plain = list_totals(before)
    server = [whole - rest for whole, rest in zip(start, plain, strict=True)]
    known = [server, *(sizes for _, sizes in worths)]
    rest = [
        first - last - sum(sizes)
        for first, last, sizes in zip(
            start, after, zip(*known, strict=True), strict=True
        )
    ]
    parts = [(_SERVER, server)] if any(server) else []
    return Waterfall(
        reference=beginnings[0],
        start=fmean(start),
        steps=tuple(
            Step(name=name, size=estimate_mean(sizes))
            for name, sizes in [*parts, *worths, (_REST, rest)]
        ),
        end=fmean(after),
    )


def _compare(report: Report, arrangement: str) -> list[float]:
    """Return by how many bytes more each launch took than `together` beside it."""

    more = list_totals(counted(report.launches, arrangement))
    less = list_totals(counted(report.launches, TOGETHER))
    return [a - b for a, b in zip(more, less, strict=True)]
