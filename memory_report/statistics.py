"""The saving and how sure it is: paired launches, medians, a seeded bootstrap."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist, fmean, median, stdev
from typing import TypeVar

from memory_report.records import REDIS, Checkpoint, Launch, MeasuredProcess, Reading
from runner.system import Footprint

Drawn = TypeVar("Drawn")

RESAMPLES = 10_000
SEED = 20260101
CONFIDENCE = 0.95

#: Student's t, two-sided 95 %, for 1, 2, … degrees of freedom.
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval; one launch alone has no interval."""

    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a row or a total amounts to, in bytes, as medians over samples."""

    pss: float
    uss: float
    rss: float


def estimate_mean(values: Sequence[float]) -> Estimate:
    """Return the mean and its 95 % interval, the same for the same values.

    The interval is the wider of the bootstrap's and Student's at either end: with a
    handful of values the bootstrap alone holds the truth in 85 of 100 cases, and
    Student's alone knows nothing of skewed ones.
    """

    mean, count = fmean(values), len(values)
    if count < 2:
        return Estimate(value=mean, lower=None, upper=None)

    lower, upper = _bootstrap(values)
    half = _student_t(count - 1) * stdev(values) / math.sqrt(count)
    return Estimate(
        value=mean, lower=min(lower, mean - half), upper=max(upper, mean + half)
    )


def estimate_saving(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return the share saved, pair by pair (0.5: half of it is gone)."""

    return estimate_mean(
        [1 - saved / spent for spent, saved in zip(before, after, strict=True)]
    )


def estimate_difference(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return by how much the mean grew, between launches that are no pairs.

    As in `estimate_mean` the interval is the wider of the bootstrap's, which draws
    from both sides, and Welch's at either end.
    """

    difference = fmean(after) - fmean(before)
    if min(len(before), len(after)) < 2:
        return Estimate(value=difference, lower=None, upper=None)

    spreads = [stdev(side) ** 2 / len(side) for side in (before, after)]
    weights = [
        spread**2 / (len(side) - 1)
        for spread, side in zip(spreads, (before, after), strict=True)
    ]
    freedom = sum(spreads) ** 2 / sum(weights) if any(weights) else 1.0
    half = _student_t(math.floor(freedom)) * math.sqrt(sum(spreads))
    choose = random.Random(SEED).choices  # noqa: S311 -- repeatable on purpose
    draws = sorted(
        sum(choose(after, k=len(after))) / len(after)
        - sum(choose(before, k=len(before))) / len(before)
        for _ in range(RESAMPLES)
    )
    skipped = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Estimate(
        value=difference,
        lower=min(draws[skipped], difference - half),
        upper=max(draws[-1 - skipped], difference + half),
    )


def estimate_ratio(
    statistic: Callable[[Sequence[Drawn]], float],
    before: Sequence[Drawn],
    after: Sequence[Drawn],
) -> Estimate:
    """Return the part by which a statistic of launches grew (0.1: a tenth more).

    The interval is the bootstrap's, which draws launches from both sides.
    """

    value = statistic(after) / statistic(before) - 1
    if min(len(before), len(after)) < 2:
        return Estimate(value=value, lower=None, upper=None)

    choose = random.Random(SEED).choices  # noqa: S311 -- repeatable on purpose
    draws = sorted(
        statistic(choose(after, k=len(after)))
        / statistic(choose(before, k=len(before)))
        - 1
        for _ in range(RESAMPLES)
    )
    skipped = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Estimate(value=value, lower=draws[skipped], upper=draws[-1 - skipped])


def sizes_of(process: MeasuredProcess) -> Sizes:
    """Return the medians of a process's samples."""

    return Sizes(
        pss=median(sample.pss for sample in process.samples),
        uss=median(sample.uss for sample in process.samples),
        rss=median(sample.rss for sample in process.samples),
    )


def total_sizes(
    launch: Launch, *, redis: bool, checkpoint: Checkpoint = "settled"
) -> Sizes:
    """Return what a launch takes altogether, with or without its Redis.

    The medians are of the sums, sample by sample. What others hold of
    the services' files counts to the launch, which would have it all if they were not.
    """

    reading = launch.reading(checkpoint)
    instants = _instants(reading, redis=redis)
    return Sizes(
        pss=median(total_samples(reading, redis=redis)),
        uss=median(sum(sample.uss for sample in instant) for instant in instants),
        rss=median(sum(sample.rss for sample in instant) for instant in instants),
    )


def list_totals(launches: Sequence[Launch]) -> list[float]:
    """Return the PSS of each launch, settled and without its Redis."""

    return [total_sizes(launch, redis=False).pss for launch in launches]


def total_samples(reading: Reading, *, redis: bool) -> list[int]:
    """Return the PSS of each instant, with what others hold of the services' files."""

    return [
        sum(sample.pss for sample in instant) + share
        for instant, share in zip(
            _instants(reading, redis=redis), reading.held_elsewhere, strict=True
        )
    ]


def drift(launch: Launch) -> float:
    """Return the share by which the launch's PSS moved while it was sampled.

    Of its total, which neighbours that come and go do not touch, and without Redis.
    """

    totals = total_samples(launch.reading("settled"), redis=False)
    return (max(totals) - min(totals)) / median(totals)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""

    ordered = sorted(values)
    return ordered[min(math.ceil(share * len(ordered)), len(ordered)) - 1]


def slope(times: Sequence[float], sizes: Sequence[float]) -> float:
    """Return by how much sizes grow per unit of time, by least squares.

    The times must not all be the same.
    """

    middle = fmean(times)
    spread = sum((time - middle) ** 2 for time in times)
    return (
        sum((time - middle) * size for time, size in zip(times, sizes, strict=True))
        / spread
    )


def robust_slope(
    pieces: Sequence[Sequence[tuple[float, float]]],
) -> float | None:
    """Return by how much sizes grow per unit of time: the median of all pairs' slopes.

    Pairs (time, size) are taken within each piece alone, so that a step between two
    pieces is no slope (Theil-Sen). None where no piece has two.
    """

    slopes = [
        (after - before) / (later - earlier)
        for piece in pieces
        for (earlier, before), (later, after) in combinations(piece, 2)
    ]
    return median(slopes) if slopes else None


def counted(launches: Sequence[Launch], arrangement: str) -> list[Launch]:
    """Return an arrangement's launches that count, the warm-up left out."""

    return [
        launch
        for launch in launches
        if launch.arrangement == arrangement and not launch.warm_up
    ]


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    generator = random.Random(SEED)  # noqa: S311 -- repeatable on purpose
    means = sorted(
        fmean(generator.choices(values, k=len(values))) for _ in range(RESAMPLES)
    )
    skipped = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return means[skipped], means[-1 - skipped]


def _instants(reading: Reading, *, redis: bool) -> list[tuple[Footprint, ...]]:
    """Turn samples by process into samples by instant."""

    samples = [
        process.samples
        for process in reading.processes
        if redis or process.name != REDIS
    ]
    return list(zip(*samples, strict=True))


def _student_t(freedom: int) -> float:
    if freedom <= len(_T_95):
        return _T_95[freedom - 1]

    return NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * (1 + 1.2 / freedom)
