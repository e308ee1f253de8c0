"""What a report says, as numbers: every way of showing it starts from these.

Sizes are bytes, shares are fractions (0.5 is 50 %).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from memory_report.notes import list_notes
from memory_report.records import (
    CHECKPOINTS,
    PUSHES,
    REDIS,
    TOGETHER,
    Checkpoint,
    Crash,
    Launch,
    Price,
    Report,
)
from memory_report.statistics import (
    Estimate,
    Sizes,
    counted,
    estimate_saving,
    percentile,
    sizes_of,
    total_sizes,
)

Field = Literal["pss", "uss", "rss"]
FIELDS: tuple[Field, ...] = ("pss", "uss", "rss")
#: What of a price is one number.
PRICES = (
    "request_p50",
    "request_p99",
    "requests_per_second",
    "push_p50",
    "push_p99",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One arrangement: its processes, and what they take together."""

    arrangement: str
    #: How many operating-system processes it is, Redis left out.
    count: int
    #: By the name of the process; Redis is apart.
    processes: dict[str, Sizes]
    #: PSS that the observer and neighbours hold of their files, part of the total.
    shared: float
    total: Sizes
    redis: Sizes | None
    total_with_redis: Sizes
    #: PSS without Redis at each checkpoint that it was read at.
    checkpoints: dict[Checkpoint, float]
    #: The most PSS of all of it while the story was played, `loaded` included, without
    #: Redis.
    peak: float | None
    #: From the first service's start to the last one's readiness, in seconds.
    ready: float
    #: Means over the launches; of the lateness of a lane's loop the longest, of pushes
    #: the percentiles of all launches' together.
    price: Price
    #: How many services stop at most when the process of one is killed; None where
    #: that was not tried.
    dying: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What `together` saves of a reference, with or without the Redis of either."""

    #: Schema 2 calls it `baseline`.
    reference: str
    field: Field
    redis: bool
    size: float
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it."""

    #: In the order of the plan.
    columns: tuple[Column, ...]
    #: Of each reference PSS, USS and RSS without Redis, then with it where it has one.
    savings: tuple[Saving, ...]
    #: Named sentences that say how and where it was measured.
    notes: tuple[tuple[str, str], ...]

    @property
    def together(self) -> Column:
        """The column that everything is about."""

        return self.find_column(TOGETHER)

    @property
    def references(self) -> tuple[Column, ...]:
        """The columns that it is compared with; those that lack a saving are none."""

        names = {saving.reference for saving in self.savings}
        return tuple(each for each in self.columns if each.arrangement in names)

    def find_column(self, arrangement: str) -> Column:
        """Return the column of an arrangement that was measured."""

        return next(each for each in self.columns if each.arrangement == arrangement)

    def find_saving(
        self, reference: str, field: Field, *, redis: bool
    ) -> Saving | None:
        """Return the saving of one size; None where there was no Redis to save."""

        for each in self.savings:
            if (each.reference, each.field, each.redis) == (reference, field, redis):
                return each

        return None


def work_out(report: Report) -> Figures:
    """Work the figures out: of the same report always the same."""

    columns = tuple(
        _make_column(
            counted(report.launches, name),
            [crash for crash in report.crashes if crash.arrangement == name],
        )
        for name in report.plan.arrangements
    )
    return Figures(
        columns=columns,
        savings=tuple(
            saving
            for name in report.plan.references
            for saving in _list_savings(report.launches, name)
        ),
        notes=tuple(list_notes(report)),
    )


def _make_column(launches: Sequence[Launch], crashes: Sequence[Crash]) -> Column:
    processes = dict(_list_processes(launches))
    redis = processes.pop(REDIS, None)
    readings = [launch.reading("settled") for launch in launches]
    peaks = list(_list_peaks(launches))
    return Column(
        arrangement=launches[0].arrangement,
        count=sum(
            each.processes for each in readings[0].processes if each.name != REDIS
        ),
        processes=processes,
        shared=fmean(fmean(reading.held_elsewhere) for reading in readings),
        total=_mean([total_sizes(launch, redis=False) for launch in launches]),
        redis=redis,
        total_with_redis=_mean([total_sizes(each, redis=True) for each in launches]),
        checkpoints={
            checkpoint: fmean(
                total_sizes(launch, redis=False, checkpoint=checkpoint).pss
                for launch in launches
            )
            for checkpoint in CHECKPOINTS
            if all(launch.find_reading(checkpoint) for launch in launches)
        },
        peak=fmean(peaks) if peaks else None,
        ready=fmean(launch.ready_seconds for launch in launches),
        price=_mean_price([each.price for each in launches if each.price is not None]),
        dying=max((count_dead(crash) for crash in crashes), default=None),
    )


def _list_peaks(launches: Sequence[Launch]) -> Iterator[float]:
    """Yield the most of each launch: looks are apart, `loaded` may have more."""

    for launch in launches:
        if launch.peak is None:
            continue

        if launch.find_reading("loaded") is None:
            yield launch.peak.pss
        else:
            loaded = total_sizes(launch, redis=False, checkpoint="loaded").pss
            yield max(launch.peak.pss, loaded)


def _list_processes(launches: Sequence[Launch]) -> Iterator[tuple[str, Sizes]]:
    readings = [launch.reading("settled").processes for launch in launches]
    names = [process.name for process in readings[0]]
    columns = zip(*readings, strict=True)
    for name, column in zip(names, columns, strict=True):
        yield name, _mean([sizes_of(process) for process in column])


def _list_savings(launches: Sequence[Launch], reference: str) -> Iterator[Saving]:
    pairs = counted(launches, reference), counted(launches, TOGETHER)
    for redis in (False, True):
        if redis and not _has_redis(pairs[0][0]):
            continue

        for field in FIELDS:
            before, after = (
                [getattr(total_sizes(each, redis=redis), field) for each in side]
                for side in pairs
            )
            yield Saving(
                reference=reference,
                field=field,
                redis=redis,
                size=fmean(before) - fmean(after),
                share=estimate_saving(before, after),
            )


def _has_redis(launch: Launch) -> bool:
    return any(each.name == REDIS for each in launch.reading("settled").processes)


def count_dead(crash: Crash) -> int:
    """Return how many services stopped; what they do together is none."""

    return sum(name != PUSHES for name in crash.died)


def _mean_price(prices: Sequence[Price]) -> Price:
    means: dict[str, Any] = {}
    for field in PRICES:
        known = [getattr(each, field) for each in prices]
        known = [value for value in known if value is not None]
        if known:
            means[field] = fmean(known)

    pushes = [seconds for price in prices for seconds in price.pushes]
    if pushes:
        means["push_p50"] = percentile(pushes, 0.5)
        means["push_p99"] = percentile(pushes, 0.99)

    lag: dict[str, float] = {}
    for price in prices:
        for lane, seconds in price.lag.items():
            lag[lane] = max(lag.get(lane, 0.0), seconds)

    return Price(**means, lag=lag)


def _mean(sizes: Sequence[Sizes]) -> Sizes:
    return Sizes(
        pss=fmean(each.pss for each in sizes),
        uss=fmean(each.uss for each in sizes),
        rss=fmean(each.rss for each in sizes),
    )
