"""Two reports side by side: what grew, what shrank, and what nobody can tell.

They are of two commits, machines or interpreters; the work must have been the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Literal

from memory_report.errors import NotComparableError
from memory_report.ledger import count_work
from memory_report.records import TOGETHER, Environment, Launch, Plan, Report
from memory_report.statistics import (
    Estimate,
    counted,
    estimate_difference,
    estimate_mean,
    total_sizes,
)

#: A part by which nothing can be said to have grown: the last digits of a float.
_NOTHING = 1e-9

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All of it."""

    changes: tuple[Change, ...]
    #: What of machine, interpreter and libraries was not the same: name, then, now.
    differences: tuple[tuple[str, str, str], ...]


def compare_reports(before: Report, after: Report) -> Comparison:
    """Compare all arrangements that both reports have.

    Each interval holds the truth in 95 of 100 cases by itself: of twenty figures that
    did not change one is likely to look as if it had.

    Raises:
        NotComparableError: they were made with other stories or other times, or
            counted other work, or have no arrangement in common.
    """

    check_same_work(before, after)
    return Comparison(
        changes=tuple(_list_changes(before, after)),
        differences=tuple(list_differences(before.environment, after.environment)),
    )


def check_same_work(before: Report, after: Report) -> None:
    """Refuse reports that were not made in the same way.

    Raises:
        NotComparableError: with a line for each thing that differs.
    """

    check_same_subject(
        before.plan.own is not None,
        after.plan.own is not None,
        names=("the first", "the second"),
    )
    was, now = _describe_way(before), _describe_way(after)
    lines = [
        f"{name}: {was.get(name, 0)} in the first, {now.get(name, 0)} in the second"
        for name in was | now
        if was.get(name, 0) != now.get(name, 0)
    ]
    if lines:
        raise NotComparableError(
            lines, head="the two reports were not made in the same way"
        )


def check_same_subject(was_own: bool, is_own: bool, *, names: tuple[str, str]) -> None:
    """Refuse to hold somebody's own services against the bundled ones.

    Raises:
        NotComparableError: with which of the two, instead of each count that differs.
    """

    if was_own is not is_own:
        own, bundled = names if was_own else names[::-1]
        raise NotComparableError(
            [f"{own} is of somebody's own story, {bundled} of the bundled one"],
            head="they are not of the same story",
        )


def list_differences(
    before: Environment, after: Environment
) -> Iterator[tuple[str, str, str]]:
    """Yield each fact of the environment that differs, libraries one by one."""

    for name in [field.name for field in fields(Environment)]:
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue

        if not isinstance(was, dict):
            yield name.replace("_", " "), str(was), str(now)
            continue

        for library in sorted(was | now):
            pair = was.get(library, "absent"), now.get(library, "absent")
            if pair[0] != pair[1]:
                yield library, *pair


def estimate_growth(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return the part by which the mean grew (0.1: a tenth more).

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


def _describe_way(report: Report) -> dict[str, object]:
    plan: Plan = report.plan
    way: dict[str, object] = {
        "settle": plan.settle,
        "samples": plan.samples,
        "sample interval": plan.sample_interval,
    }
    if plan.own is not None:
        way["story"] = plan.own.story.sha256

    return way | count_work(report.launches[0].ledger, own=plan.own is not None)


def _list_changes(before: Report, after: Report) -> Iterator[Change]:
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
        if name not in (TOGETHER, *before.plan.baselines):
            continue  # a saving taken away: its size says it all

        for size in ("uss", "rss"):
            yield _change(f"{name}, {size.upper()}", "bytes", pair, _size(size))

        yield _change(f"{name}, ready", "seconds", pair, lambda one: one.ready_seconds)
        yield from _list_prices(name, pair)

    for name in before.plan.baselines:
        if name in names and TOGETHER in names:
            yield _change_saving(name, before, after)


def _size(field: str) -> Callable[[Launch], float]:
    return lambda launch: float(getattr(total_sizes(launch, redis=False), field))


#: What of a price is compared: the figures that a client feels.
_PRICES: tuple[tuple[str, str, Unit], ...] = (
    ("request_p50", "request p50", "seconds"),
    ("request_p99", "request p99", "seconds"),
    ("push_p99", "push p99", "seconds"),
    ("requests_per_second", "requests", "per second"),
)


def _list_prices(
    name: str, pair: tuple[Sequence[Launch], Sequence[Launch]]
) -> Iterator[Change]:
    for field, words, unit in _PRICES:

        def read(launch: Launch, field: str = field) -> float:
            return float(getattr(launch.price, field, None) or 0)

        if all(read(launch) > 0 for side in pair for launch in side):
            yield _change(f"{name}, {words}", unit, pair, read)


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
        before=estimate_mean(was).value,
        after=estimate_mean(now).value,
        growth=estimate_growth(was, now),
    )


def _change_saving(baseline: str, before: Report, after: Report) -> Change:
    read = _size("pss")
    was, now = (
        [
            1 - read(roof) / read(launch)
            for launch, roof in zip(
                counted(report.launches, baseline),
                counted(report.launches, TOGETHER),
                strict=True,
            )
        ]
        for report in (before, after)
    )
    return Change(
        subject=f"saved of {baseline}, PSS",
        unit="share",
        before=estimate_mean(was).value,
        after=estimate_mean(now).value,
        growth=estimate_difference(was, now),
    )
