"""What changed between two reports, figure by figure, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from statistics import geometric_mean, median
from typing import Any, Literal

from memory_report.errors import NotComparableError
from memory_report.records import TOGETHER, Launch, Report
from memory_report.statistics import (
    Estimate,
    counted,
    estimate_difference,
    estimate_mean,
    estimate_ratio,
    percentile,
    total_sizes,
)

#: A part by which nothing can be said to have grown: the last digits of a float.
_NOTHING = 1e-9
#: Of two launches an interval is wider than anything that could be.
_FEWEST = 3

Unit = Literal["bytes", "seconds", "share", "per second"]


class Direction(Enum):
    """What an interval of a change says."""

    MORE = "more"
    LESS = "less"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure in both reports."""

    subject: str
    unit: Unit
    #: Geometric means over launches, as of what grew by a part; of a share, means.
    before: float
    after: float
    #: Of a share the difference, of everything else the part by which it grew
    #: (0.1: a tenth more).
    growth: Estimate

    @property
    def direction(self) -> Direction:
        """More or less only where the whole interval says so."""

        lower, upper = self.growth.lower, self.growth.upper
        if lower is not None and lower > _NOTHING:
            return Direction.MORE

        if upper is not None and upper < -_NOTHING:
            return Direction.LESS

        return Direction.UNCLEAR


def estimate_growth(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return the part by which the geometric mean grew (0.1: a tenth more).

    It is worked out in logarithms, so that a half less and twice as much weigh alike.
    """

    grown = estimate_difference(
        [math.log(each) for each in before], [math.log(each) for each in after]
    )
    return Estimate(
        value=math.expm1(grown.value),
        lower=None if grown.lower is None else math.expm1(grown.lower),
        upper=None if grown.upper is None else math.expm1(grown.upper),
    )


def list_changes(before: Report, after: Report) -> Iterator[Change]:
    """Yield each figure of the arrangements that both reports have.

    Raises:
        NotComparableError: they have none in common.
    """

    names = [
        name for name in before.plan.arrangements if name in after.plan.arrangements
    ]
    if not names:
        told = [
            f"{word}: {', '.join(each.plan.arrangements)}"
            for word, each in (("the first", before), ("the second", after))
        ]
        raise NotComparableError(
            told, head="the two reports have no arrangement in common"
        )

    for name in names:
        pair = counted(before.launches, name), counted(after.launches, name)
        yield _change(f"{name}, PSS", "bytes", pair, _size("pss"))
        if name not in (TOGETHER, *before.plan.references):
            continue  # a saving taken away: its size says it all

        for size in ("uss", "rss"):
            yield _change(f"{name}, {size.upper()}", "bytes", pair, _size(size))

        yield _change(f"{name}, ready", "seconds", pair, lambda one: one.ready_seconds)
        yield from _list_prices(name, pair)

    for name in before.plan.references:
        if name in names and TOGETHER in names:
            yield _change_saving(name, before, after)


def _size(field: str) -> Callable[[Launch], float]:
    return lambda launch: float(getattr(total_sizes(launch, redis=False), field))


#: What of a price is compared: the percentiles that a client feels, and the rate.
_PERCENTILES = (
    ("request_p50", "request p50"),
    ("request_p99", "request p99"),
    ("push_p99", "push p99"),
)


def _list_prices(
    name: str, pair: tuple[Sequence[Launch], Sequence[Launch]]
) -> Iterator[Change]:
    """Yield percentiles over all launches where their times were kept.

    Of others there is the median of the launches' own.
    """

    for field, words in _PERCENTILES:
        own = _read_prices(field, pair)
        pushes = [
            [launch.price.pushes for launch in side if launch.price] for side in pair
        ]
        if not all(map(all, own)):
            continue

        if field == "push_p99" and all(map(all, pushes)):
            yield _change_drawn(f"{name}, {words}", _pool_p99, pushes, own)
        else:
            yield _change_drawn(f"{name}, median {words}", median, own, own)

    field = "requests_per_second"
    if all(map(all, _read_prices(field, pair))):
        yield _change(
            f"{name}, requests",
            "per second",
            pair,
            lambda launch: float(getattr(launch.price, field)),
        )


def _read_prices(
    field: str, pair: tuple[Sequence[Launch], Sequence[Launch]]
) -> list[list[float]]:
    return [
        [float(getattr(launch.price, field, None) or 0) for launch in side]
        for side in pair
    ]


def _pool_p99(launches: Sequence[Sequence[float]]) -> float:
    return percentile([seconds for times in launches for seconds in times], 0.99)


def _change_drawn(
    subject: str,
    statistic: Callable[[Sequence[Any]], float],
    sides: Sequence[Sequence[Any]],
    own: Sequence[Sequence[float]],
) -> Change:
    """Compare what is no mean over launches.

    A bootstrap of a handful of launches is too sure of itself, so that the interval is
    the wider one of it and of what the launches' own figures grew.
    """

    before, after = sides
    drawn, grown = estimate_ratio(statistic, before, after), estimate_growth(*own)
    bounds = drawn.lower, drawn.upper, grown.lower, grown.upper
    known = [bound for bound in bounds if bound is not None]
    return Change(
        subject=subject,
        unit="seconds",
        before=statistic(before),
        after=statistic(after),
        growth=_leave_out(
            Estimate(
                value=drawn.value,
                lower=min(known, default=None),
                upper=max(known, default=None),
            ),
            before,
            after,
        ),
    )


def _change(
    subject: str,
    unit: Unit,
    pair: tuple[Sequence[Launch], Sequence[Launch]],
    read: Callable[[Launch], float],
) -> Change:
    was, now = ([read(launch) for launch in side] for side in pair)
    return Change(
        subject=subject,
        unit=unit,
        before=geometric_mean(was),
        after=geometric_mean(now),
        growth=_leave_out(estimate_growth(was, now), was, now),
    )


def _change_saving(reference: str, before: Report, after: Report) -> Change:
    read = _size("pss")
    was, now = (
        [
            1 - read(roof) / read(launch)
            for launch, roof in zip(
                counted(report.launches, reference),
                counted(report.launches, TOGETHER),
                strict=True,
            )
        ]
        for report in (before, after)
    )
    return Change(
        subject=f"saved of {reference}, PSS",
        unit="share",
        before=estimate_mean(was).value,
        after=estimate_mean(now).value,
        growth=_leave_out(estimate_difference(was, now), was, now),
    )


def _leave_out(growth: Estimate, *sides: Sequence[object]) -> Estimate:
    """Return it without its interval where a side has too few launches."""

    if min(map(len, sides)) >= _FEWEST:
        return growth

    return replace(growth, lower=None, upper=None)
