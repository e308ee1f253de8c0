"""The drawing of a day's memory."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from services.web.chart import Chart, Line, draw_chart

from .helpers import MIB, FakeSample

HOUR = 3600.0


def make_samples(*sizes: float, start: float = 0.0, step: float = 10.0):
    """Return samples with this much PSS in MiB, a step of seconds apart."""

    return [
        FakeSample(
            time=start + index * step,
            pss=round(size * MIB),
            uss=round(size * MIB / 2),
            rss=round(size * MIB * 1.25),
        )
        for index, size in enumerate(sizes)
    ]


def draw(*sizes: float, step: float = 10.0) -> Chart:
    """Draw what has to give a drawing."""

    chart = draw_chart(make_samples(*sizes, step=step))
    assert chart is not None

    return chart


def find_line(chart: Chart, name: str = "pss") -> Line:
    """Return the line of a figure."""

    return next(line for line in chart.lines if line.name == name)


def read_points(path: str) -> list[list[tuple[int, int]]]:
    """Return the points of each part of a path."""

    return [
        [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", part)]
        for part in path.split("M")[1:]
    ]


def test_the_axis_begins_at_zero_and_holds_the_highest():
    """Half of the axis is half of the memory; nothing stands out at the top."""

    chart = draw(40, 80)

    assert [(tick.place, tick.text) for tick in chart.sizes] == [
        (100, "0"), (50, "50"), (0, "100"),
    ]  # fmt: skip
    assert read_points(find_line(chart).path) == [[(833, 600), (1000, 200)]]
    assert read_points(find_line(chart, "rss").path) == [[(833, 500), (1000, 0)]]
    assert read_points(find_line(chart, "uss").path) == [[(833, 800), (1000, 600)]]


@pytest.mark.parametrize(
    ("highest", "words"),
    [
        (0.1, "0 1"),
        (3.9, "0 1 2 3 4"),
        (4.1, "0 2 4 6"),
        (8.5, "0 5 10"),
        (63, "0 20 40 60 80"),
        (100, "0 50 100"),
        (150, "0 50 100 150"),
        (820, "0 500 1000"),
        (1900, "0 500 1000 1500 2000"),
    ],
)
def test_the_axis_of_sizes_has_round_numbers(highest: float, words: str):
    """One, two or five of something, and at most five of them."""

    sizes = draw(0, highest / 1.25).sizes

    assert " ".join(tick.text for tick in sizes) == words


@pytest.mark.parametrize(
    ("seconds", "words", "span"),
    [
        (8, "-1 min -45 s -30 s -15 s now", "1 min"),
        (600, "-10 min -5 min now", "10 min"),
        (720, "-10 min -5 min now", "12 min"),
        (5400, "-1.5 h -1 h -30 min now", "1.5 h"),
        (12 * HOUR, "-12 h -9 h -6 h -3 h now", "12 h"),
        (23.9 * HOUR, "-24 h -18 h -12 h -6 h now", "24 h"),
        (24 * HOUR, "-24 h -18 h -12 h -6 h now", "24 h"),
    ],
)
def test_the_axis_of_time_goes_back_to_the_start_or_a_day(
    seconds: float, words: str, span: str
):
    """It has round times, and says how far back it goes."""

    chart = draw(50, 50, step=seconds)

    text = " ".join(tick.text for tick in chart.times)
    assert (text.replace("\N{MINUS SIGN}", "-"), chart.span) == (words, span)
    assert chart.times[-1].place == 100


def test_samples_of_the_day_before_are_left_out():
    """The drawing is of the last 24 hours, whatever it is given."""

    chart = draw(*[90] * 24, *[50] * 24, step=HOUR)

    assert (chart.least, chart.most) == ("50.0", "90.0")
    (points,) = read_points(find_line(chart).path)
    assert len(points) == 25
    assert (points[0][0], points[-1][0]) == (0, 1000)


def test_a_clock_that_was_set_back_draws_nothing_out_of_order():
    """Times that have not come yet wait until they have."""

    ahead = make_samples(70, 70, start=10_000)
    chart = draw_chart([*ahead, *make_samples(50, 51, 52)])

    assert chart is not None
    (points,) = read_points(find_line(chart).path)
    assert points == sorted(points)
    assert chart.most == "52.0"


def test_a_time_without_samples_is_a_gap():
    """The machine slept: a line across would claim to know; a point alone is a dot."""

    samples = make_samples(50, 51, 50, 51, 50)
    later = make_samples(60, start=200)
    last = make_samples(70, 70, start=900)
    chart = draw_chart([*samples, *later, *last])

    assert chart is not None
    parts = read_points(find_line(chart).path)
    assert [len(part) for part in parts] == [5, 2, 2]
    assert parts[1][0] == parts[1][1]
    assert chart.area.count("Z") == 3


def test_the_words_stand_beside_their_lines_where_there_is_room():
    """Far apart, each is where its line ends; its figure is the newest one."""

    chart = draw(80, 40)

    assert [line.name for line in chart.lines] == ["rss", "pss", "uss"]
    assert find_line(chart).text == "40.0"
    assert all(line.place == line.end for line in chart.lines)


@pytest.mark.parametrize("sizes", [(100, 100), (100, 1), (100, 0), (100, 50)])
def test_words_never_cover_each_other(sizes: tuple[float, float]):
    """Lines that end together have their words below each other, in their order."""

    samples = [
        FakeSample(time=10.0 * index, pss=size * MIB, uss=size * MIB, rss=size * MIB)
        for index, size in enumerate(sizes)
    ]
    chart = draw_chart(samples)

    assert chart is not None
    places = [line.place for line in chart.lines]
    assert all(b - a >= 8.5 for a, b in pairwise(places))
    assert places[0] >= 4
    assert places[-1] <= 96


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_samples_draw_nothing(count: int):
    """A point is no line."""

    assert draw_chart(make_samples(50)[:count]) is None


def test_samples_of_one_instant_alone_draw_nothing():
    """A history of one sample ends with the newest one, which is the same."""

    assert draw_chart(make_samples(50, 50, step=0)) is None


def test_the_newest_sample_may_stand_there_twice():
    """The peak of the last minutes, and what it is by now."""

    chart = draw_chart([*make_samples(50, 70), *make_samples(60, start=10)])

    assert chart is not None
    assert (find_line(chart).text, chart.most) == ("60.0", "70.0")
