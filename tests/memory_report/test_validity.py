"""The words of doubt: unsettled and multimodal."""

from __future__ import annotations

import dataclasses
import random

import pytest

from memory_report.records import Launch, Series, Settling
from memory_report.validity import find_doubts, find_gap, settle_slope
from tests.memory_report.examples import (
    MIB,
    make_growing,
    make_launch,
    make_process,
    make_report,
)


def watched(
    *anonymous: float,
    number: int = 1,
    swap: int = 0,
    huge_pages: int = 0,
    processes: int = 1,
) -> Launch:
    """Return a launch of 100 MiB whose own part was watched for ten seconds.

    It is as many processes as are asked for.
    """

    step = 10 / (len(anonymous) - 1)
    return dataclasses.replace(
        make_launch(
            number,
            "together",
            [
                dataclasses.replace(
                    make_process("roof", 100, uss=80), processes=processes
                )
            ],
        ),
        series=Series(
            seconds=tuple(index * step for index in range(len(anonymous))),
            pss=(100 * MIB,) * len(anonymous),
            anonymous=tuple(round(size * MIB) for size in anonymous),
        ),
        settling=Settling(begin=0, end=10, swap=swap, huge_pages=huge_pages),
    )


def test_a_launch_that_grows_has_not_settled():
    """One MiB of a hundred in ten seconds is twice as much as is let pass."""

    growing = watched(*(80 + second / 10 for second in range(11)))

    (doubt,) = find_doubts([growing])

    assert settle_slope(growing) == pytest.approx(0.01, rel=0.01)
    assert (doubt.word, doubt.arrangement, doubt.launches) == (
        "unsettled", "together", (1,)
    )  # fmt: skip
    assert doubt.reason == "it moved by +1.0 % in ten seconds while it settled"


def test_what_a_launch_gives_back_at_first_is_settling():
    """Only the later half of the time has to be flat."""

    assert find_doubts([watched(90, 88, 86, 84, 80, 80, 80, 80, 80, 80, 80)]) == []


@pytest.mark.parametrize("place", range(1, 11))
def test_what_a_monitor_gives_back_at_once_is_no_slope(place: int):
    """It does so once after each load, and what is read is behind it."""

    assert find_doubts([watched(*([82] * place), *([80] * (11 - place)))]) == []


def watch_noise(
    generator: random.Random, processes: int, *, growth: float = 0.0, step: int = 0
) -> Launch:
    """Return a launch that was looked at twenty times, with white noise of 0.05 %.

    It grows by a share of its 100 MiB in ten seconds, and falls by a MiB at a step.
    """

    sizes = [
        80 + generator.gauss(0, 0.05) + growth * place / 4 * 10 - (0 < step <= place)
        for place in range(40)
    ]
    return watched(*sizes, processes=processes)


@pytest.mark.parametrize("processes", range(1, 7))
def test_noise_hardly_ever_looks_like_movement(processes: int):
    """Of 200 launches that stand still at most four are called unsettled."""

    generator = random.Random(processes)  # noqa: S311 -- repeatable on purpose
    alarms = sum(
        bool(find_doubts([watch_noise(generator, processes)])) for _ in range(200)
    )

    assert alarms <= 4


@pytest.mark.parametrize("growth", [0.01, -0.01])
@pytest.mark.parametrize("processes", [1, 3, 6])
def test_movement_is_found_in_noise(processes: int, growth: float):
    """Of 200 launches that move by one percent in ten seconds at least 190."""

    generator = random.Random(processes)  # noqa: S311 -- repeatable on purpose
    launches = (watch_noise(generator, processes, growth=growth) for _ in range(200))

    assert sum(bool(find_doubts([launch])) for launch in launches) >= 190


@pytest.mark.parametrize("processes", [1, 3, 6])
def test_one_step_in_noise_is_no_movement(processes: int):
    """Wherever in the later half memory is given back, two percent at most alarm."""

    generator = random.Random(processes)  # noqa: S311 -- repeatable on purpose
    launches = [
        watch_noise(generator, processes, step=step)
        for step in range(20, 40)
        for _ in range(10)
    ]

    assert sum(bool(find_doubts([launch])) for launch in launches) <= 4


def test_a_step_that_two_looks_share_is_no_movement():
    """Memory is given back while it is looked at: half of it is gone then."""

    sizes = [81] * 29 + [80.5] + [80] * 10

    assert find_doubts([watched(*sizes)]) == []


def test_a_launch_that_goes_on_giving_back_has_not_settled():
    """Its figure depends on when it was read."""

    (doubt,) = find_doubts([watched(*(85 - second / 2 for second in range(11)))])

    assert doubt.word == "unsettled"


def test_a_launch_that_grows_in_steps_has_not_settled():
    """Each of them is a step, and together they are a slope."""

    (doubt,) = find_doubts([watched(80, 80, 81, 81, 82, 82, 83, 83, 84, 84, 85)])

    assert doubt.word == "unsettled"


def test_neighbours_do_not_unsettle_a_launch():
    """Shared pages cost less while another interpreter runs: that is not our doing."""

    calm = watched(*([80] * 11))
    shares = tuple((100 - index) * MIB for index in range(11))
    series = dataclasses.replace(calm.series, pss=shares)  # type: ignore[type-var]

    assert find_doubts([dataclasses.replace(calm, series=series)]) == []


@pytest.mark.parametrize(
    ("moved", "reason"),
    [
        ({"swap": 4096}, "swap moved by +4 KiB while it settled"),
        ({"huge_pages": -2 * MIB}, "huge pages moved by -2048 KiB while it settled"),
    ],
)
def test_memory_that_moves_elsewhere_has_not_settled(
    moved: dict[str, int], reason: str
):
    """What is swapped out is in no figure, and huge pages come and go in steps."""

    (doubt,) = find_doubts([watched(*([80] * 11), **moved)])

    assert (doubt.word, doubt.reason) == ("unsettled", reason)


def test_a_launch_that_moves_while_it_is_sampled_has_not_settled():
    """Its median is one of several truths."""

    (doubt,) = find_doubts([make_launch(1, "separate", [make_growing("web", 90, 100)])])

    assert doubt.reason == "it moved by 10.5 % while it was sampled"


def test_too_few_looks_tell_nothing():
    """Two looks are a line whatever happened, and nobody looking is no flatness."""

    assert settle_slope(watched(80, 81)) is None
    assert settle_slope(make_launch(1, "separate", [make_process("web", 1)])) is None


def test_two_modes_are_named_with_the_launches_above():
    """Sizes that agree in two groups are no spread around one figure."""

    launches = make_report((100, 50), (100, 54), (100, 50.1), (100, 54.1)).launches

    (doubt,) = find_doubts(launches)

    assert (doubt.word, doubt.arrangement) == ("multimodal", "together")
    assert doubt.launches == (4, 8)


def test_the_warm_up_is_in_no_doubt():
    """It is kept, not used; it may be as it likes."""

    warm_up = dataclasses.replace(watched(*range(80, 91)), warm_up=True)

    assert find_doubts([warm_up]) == []


@pytest.mark.parametrize(
    ("sizes", "modes"),
    [
        ([50, 50.1, 54, 54.1], True),
        ([50, 50.1, 54, 54.1, 54.2], True),
        ([50, 50.1, 50.2, 54, 54.1, 54.2, 54.3, 50.3], True),
        ([50, 50.1, 50.2, 50.3, 58], False),  # an outlier, which the interval knows
        ([50, 50.001, 50.2, 50.201], False),  # too close to matter
        ([50, 54], False),
        ([50], False),
    ],
)
def test_a_gap_needs_launches_on_either_side(sizes: list[float], modes: bool):
    """Two of them at least, and a gap of consequence."""

    assert (find_gap(sizes) is not None) is modes


@pytest.mark.parametrize("count", [3, 5, 6, 10])
def test_usual_noise_is_hardly_ever_called_multimodal(count: int):
    """Of 500 measurements of one truth, with the noise of launches, at most one."""

    generator = random.Random(3)  # noqa: S311 -- repeatable on purpose
    alarms = sum(
        find_gap([generator.gauss(50, 0.2) for _ in range(count)]) is not None
        for _ in range(500)
    )

    assert alarms <= 1
