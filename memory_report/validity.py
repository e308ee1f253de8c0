"""What speaks against trusting launches, in a word each; no launch is ever dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, median_low
from typing import Literal

from memory_report.records import REDIS, Launch
from memory_report.statistics import counted, drift, list_totals, robust_slope

#: A launch that grows or shrinks by a larger share in ten seconds, while it settles,
#: has not settled; nor has one that moves by more while it is sampled.
MAX_SLOPE = 0.005
MAX_DRIFT = 0.02
#: The time that slopes are stated for.
_SLOPE_SECONDS = 10.0
#: A fall by more than this share between two looks may be a process that gives free
#: pages back; noise falls by less.
_STEP = 0.002
#: A gap between launches that is wider than so many times their median deviation has
#: a mode on either side, of two launches at least: one alone is an outlier, which the
#: interval knows of.
MAX_GAP = 4.0
_MODE = 2
#: A smaller gap, as a share of the median, is of no consequence: a handful of launches
#: that agree to a few pages have a median deviation of next to nothing.
_LEAST_GAP = 0.01

Word = Literal["unsettled", "multimodal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing that makes a verdict inconclusive."""

    word: Word
    arrangement: str
    #: The numbers of the launches it is about.
    launches: tuple[int, ...]
    reason: str


def find_doubts(launches: Sequence[Launch]) -> list[Doubt]:
    """Look at all launches that count, arrangement by arrangement."""

    names = dict.fromkeys(launch.arrangement for launch in launches)
    doubts: list[Doubt] = []
    for name in names:
        ours = counted(launches, name)
        for launch in ours:
            doubts += (
                Doubt(
                    word="unsettled",
                    arrangement=name,
                    launches=(launch.number,),
                    reason=reason,
                )
                for reason in _find_movement(launch)
            )

        doubts += _find_unknown(name, ours)
        doubts += _find_modes(name, ours)

    return doubts


def settle_slope(launch: Launch) -> float | None:
    """Return the share of its PSS by which a launch moved in ten seconds of settling.

    Over the later half of that time, since what the story left behind goes in the
    first; and by what belongs to no file, since neighbours move the rest. None where
    nobody watched, or too shortly to tell.
    """

    if launch.series is None or launch.settling is None:
        return None

    begin, end = launch.settling.begin, launch.settling.end
    series = launch.series
    sizes = series.anonymous or series.pss
    seen = [
        (seconds, size)
        for seconds, size in zip(series.seconds, sizes, strict=True)
        if (begin + end) / 2 <= seconds <= end
    ]
    if len(seen) < 3:
        return None

    whole = median(series.pss)
    pieces = _cut_at_falls(seen, least=_STEP * whole, most=_count_processes(launch))
    moved = robust_slope(pieces)
    return None if moved is None else float(moved * _SLOPE_SECONDS / whole)


def _cut_at_falls(
    seen: Sequence[tuple[float, int]], *, least: float, most: int
) -> list[Sequence[tuple[float, int]]]:
    """Cut where a process gives free pages back, as each does once after a load.

    What is cut out has no say: noise that is taken for such a fall makes no slope.
    """

    falls = [before[1] - after[1] for before, after in pairwise(seen)]
    places = [place for place, fall in enumerate(falls, 1) if fall > least]
    places.sort(key=lambda place: falls[place - 1], reverse=True)
    cuts = [0, *sorted(places[:most]), len(seen)]
    return [seen[begin:end] for begin, end in pairwise(cuts)]


def find_gap(sizes: Sequence[float]) -> float | None:
    """Return where a gap divides sizes into two modes; None where there is none."""

    # The lower of two middles: between two modes of the same size their mean is
    # neither's, and all sizes deviate from it alike.
    ordered = sorted(sizes)
    middle = median_low(ordered)
    deviation = median_low(abs(size - middle) for size in ordered)
    least = max(MAX_GAP * deviation, _LEAST_GAP * middle)
    gaps = [
        (after - before, (after + before) / 2) for before, after in pairwise(ordered)
    ]
    inner = gaps[_MODE - 1 : len(gaps) - _MODE + 1]
    gap, place = max(inner, default=(0.0, 0.0))
    return place if gap > least else None


def _count_processes(launch: Launch) -> int:
    rows = launch.reading("settled").processes
    return sum(row.processes for row in rows if row.name != REDIS)


def _find_movement(launch: Launch) -> Iterator[str]:
    moved = settle_slope(launch)
    if moved is not None and abs(moved) > MAX_SLOPE:
        yield f"it moved by {moved * 100:+.1f} % in ten seconds while it settled"

    if drift(launch) > MAX_DRIFT:
        yield f"it moved by {drift(launch) * 100:.1f} % while it was sampled"

    if launch.settling is None:
        return

    for name, size in (
        ("swap", launch.settling.swap),
        ("huge pages", launch.settling.huge_pages),
    ):
        if size:
            yield f"{name} moved by {size / 1024:+.0f} KiB while it settled"


def _find_unknown(name: str, launches: Sequence[Launch]) -> Iterator[Doubt]:
    """Doubt launches that were watched too shortly to tell whether they settled."""

    unknown = tuple(
        launch.number
        for launch in launches
        if launch.series is not None
        and launch.settling is not None
        and settle_slope(launch) is None
    )
    if unknown:
        yield Doubt(
            word="unsettled",
            arrangement=name,
            launches=unknown,
            reason="the time to settle was too short to tell (see --settle)",
        )


def _find_modes(name: str, launches: Sequence[Launch]) -> Iterator[Doubt]:
    sizes = list_totals(launches)
    place = find_gap(sizes) if sizes else None
    if place is not None:
        yield Doubt(
            word="multimodal",
            arrangement=name,
            launches=tuple(
                launch.number
                for launch, size in zip(launches, sizes, strict=True)
                if size > place
            ),
            reason="the PSS of its launches falls into two groups",
        )
