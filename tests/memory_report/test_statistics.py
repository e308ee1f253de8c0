"""The saving and its interval."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import mean, stdev

import pytest

from memory_report.records import REDIS
from memory_report.statistics import (
    drift,
    estimate_mean,
    estimate_saving,
    percentile,
    robust_slope,
    slope,
    total_sizes,
)
from tests.memory_report.examples import (
    MIB,
    make_growing,
    make_launch,
    make_process,
)


def test_equal_values_have_an_interval_of_no_width():
    """Launches that agree to the byte leave no doubt."""

    estimate = estimate_mean([0.5, 0.5, 0.5])

    assert (estimate.value, estimate.lower, estimate.upper) == (0.5, 0.5, 0.5)


def test_one_value_has_no_interval():
    """A single pair of launches says nothing about the next one."""

    estimate = estimate_mean([0.5])

    assert (estimate.value, estimate.lower, estimate.upper) == (0.5, None, None)


def test_three_values_have_a_wide_interval():
    """Three launches leave a doubt of two and a half standard deviations."""

    estimate = estimate_mean([0.50, 0.51, 0.55])

    half = 4.303 * stdev([0.50, 0.51, 0.55]) / 3**0.5
    assert estimate.value == pytest.approx(0.52)
    assert estimate.lower == pytest.approx(0.52 - half)
    assert estimate.upper == pytest.approx(0.52 + half)


def test_a_lone_far_value_widens_the_interval_on_its_side():
    """Where values are skewed the bootstrap sees further than Student."""

    values = [0.5] * 28 + [0.9, 0.9]
    half = 2.045 * stdev(values) / 30**0.5

    estimate = estimate_mean(values)

    assert estimate.upper is not None
    assert estimate.upper > mean(values) + half + 0.001


def test_many_values_have_the_interval_that_theory_gives():
    """For normal data the bootstrap agrees with Student's interval."""

    generator = random.Random(1)  # noqa: S311
    values = [generator.gauss(0.5, 0.01) for _ in range(30)]
    half = 2.045 * stdev(values) / 30**0.5

    estimate = estimate_mean(values)

    assert estimate.lower == pytest.approx(mean(values) - half, abs=0.0006)
    assert estimate.upper == pytest.approx(mean(values) + half, abs=0.0006)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Of many measurements with few launches, 95 of 100 hold the true value."""

    generator = random.Random(2)  # noqa: S311
    trials = 100
    holding = 0
    for _ in range(trials):
        estimate = estimate_mean([generator.gauss(0, 1) for _ in range(4)])
        assert estimate.lower is not None
        assert estimate.upper is not None
        holding += estimate.lower <= 0 <= estimate.upper

    assert holding >= 92


def test_same_values_give_the_same_interval():
    """The bootstrap is seeded: a report can be checked by computing it again."""

    values = [float(2**power) for power in range(8)] * 5
    random.seed()

    assert estimate_mean(values) == estimate_mean(values)


def test_saving_is_taken_pair_by_pair():
    """Each launch is compared with its neighbour in time, not with the average."""

    estimate = estimate_saving([100, 200], [50, 50])

    assert estimate.value == pytest.approx((0.5 + 0.75) / 2)


def test_total_counts_what_others_hold_and_redis_only_on_request():
    """What others map of a launch's files belongs to what is looked at."""

    processes = [make_process("web", 10, 11, 30), make_process(REDIS, 5, 5, 5)]
    launch = make_launch(1, "separate", processes, share=2)

    totals = [total_sizes(launch, redis=redis).pss / MIB for redis in (False, True)]

    assert totals == [13, 18]


def test_drift_is_what_moved_of_its_own_while_sampling():
    """A launch that still grows by a tenth is told apart from a settled one.

    So is one whose share of common pages moved because neighbours came or went.
    """

    moving = make_launch(1, "separate", [make_growing("web", 100, 105, 110)])
    settled = make_launch(2, "separate", [make_growing("web", 100, 100, 100)])
    disturbed = make_launch(3, "separate", [make_process("web", 100, 95, 90, uss=50)])
    (reading,) = disturbed.readings
    held = (0, 5 * MIB, 10 * MIB)  # the neighbours have it now
    disturbed = replace(disturbed, readings=(replace(reading, held_elsewhere=held),))
    redis = make_growing(REDIS, 10, 20, 30)
    beside = make_launch(4, "separate", [make_growing("web", 100, 100, 100), redis])

    assert drift(moving) == pytest.approx(10 / 105)
    assert drift(settled) == 0
    assert drift(disturbed) == 0
    assert drift(beside) == 0


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1, 100)]
)
def test_percentile_is_the_nearest_rank(share: float, value: int):
    """No value is made up between two that were measured."""

    assert percentile(range(100, 0, -1), share) == value


def test_slope_is_the_growth_per_unit_of_time():
    """What grows evenly has its own slope, whatever the times are."""

    assert slope([0, 1, 4], [7, 10, 19]) == pytest.approx(3)


def test_robust_slope_is_the_middle_one_within_the_pieces():
    """A value far off has no say, nor has a step from one piece to the next."""

    rising = [(time, 3.0 * time) for time in range(9)]
    fallen = [(time, 3.0 * time - 500) for time in range(9, 18)]
    rising[7] = (7, 999.0)

    assert robust_slope([rising, fallen]) == pytest.approx(3)
    assert robust_slope([[(1, 5.0)], [(2, 6.0)], []]) is None
