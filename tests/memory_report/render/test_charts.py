"""What the charts show, and that it stays inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest

from memory_report.figures import work_out
from memory_report.gates import Gate, judge
from memory_report.render.charts import (
    chart_savings,
    chart_sizes,
    chart_waterfall,
    chart_worths,
)
from memory_report.render.charts_over_time import (
    chart_checkpoints,
    chart_launches,
    chart_series,
)
from memory_report.render.html import NARROW, WIDE
from memory_report.render.pictures import (
    PALETTE,
    Line,
    LineChart,
    RowChart,
    list_ticks,
)
from memory_report.render.svg import draw_patterns, mark, spread
from memory_report.render.svg_lines import draw_lines
from memory_report.render.svg_rows import draw_rows
from memory_report.waterfall import list_worths, work_out_waterfall
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report

REPORT = make_whole_report()
FIGURES = work_out(REPORT)
VERDICTS = judge(REPORT, Gate(min_savings={"separate": 0.45}))


def list_charts() -> Iterator[RowChart | LineChart]:
    """Return every chart of a report that has everything."""

    yield chart_sizes(FIGURES)
    yield chart_savings(FIGURES, VERDICTS)
    waterfall = work_out_waterfall(REPORT)
    assert waterfall is not None
    yield chart_waterfall(waterfall)
    yield chart_worths(list_worths(REPORT))
    for chart in (chart_checkpoints(REPORT), chart_series(REPORT)):
        assert chart is not None
        yield chart

    yield chart_launches(REPORT)


CHARTS = list(list_charts())


def draw(chart: RowChart | LineChart, width: int) -> Element:
    """Return the drawing of either kind."""

    return (draw_lines if isinstance(chart, LineChart) else draw_rows)(chart, width)  # type: ignore[arg-type]


def list_corners(drawing: Element) -> Iterator[tuple[str, float, float]]:
    """Return where everything in a drawing begins and ends, with what it is."""

    for shape in drawing.iter():
        numbers = {
            name: float(value)
            for name, value in shape.attrib.items()
            if re.fullmatch(r"-?[\d.]+", value)
        }
        if shape.tag == "line":
            yield shape.tag, numbers["x1"], numbers["y1"]
            yield shape.tag, numbers["x2"], numbers["y2"]
        elif shape.tag == "rect":
            yield shape.tag, numbers["x"], numbers["y"]
            yield (
                shape.tag,
                numbers["x"] + numbers["width"],
                numbers["y"] + numbers["height"],
            )
        elif shape.tag in ("polyline", "polygon"):
            for point in shape.attrib["points"].split():
                x, y = point.split(",")
                yield shape.tag, float(x), float(y)
        elif shape.tag == "text":
            yield from _list_text_corners(shape, numbers)


def _list_text_corners(
    text: Element, numbers: dict[str, float]
) -> Iterator[tuple[str, float, float]]:
    words = max(["".join(text.itertext())], key=len)
    if text.get("class") == "row" and any("dy" in part.attrib for part in text):
        words = max((part.text or "" for part in text), key=len)

    size = len(words) * 6
    shift = {"start": 0, "middle": -size / 2, "end": -size}
    left = numbers["x"] + shift[text.get("text-anchor", "start")]
    yield words, left, numbers["y"]
    yield words, left + size, numbers["y"]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_everything_is_inside_the_drawing(chart: RowChart | LineChart, width: int):
    """No bar, no line and no word is cut off, on a desk and on a telephone."""

    drawing = draw(chart, width)
    height = float(drawing.attrib["height"])
    outside = [
        corner
        for corner in list_corners(drawing)
        if not (-1 <= corner[1] <= width + 1 and -1 <= corner[2] <= height)
    ]

    assert drawing.attrib["viewBox"] == f"0 0 {width} {height:.0f}"
    assert outside == []


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_every_axis_begins_at_zero_and_says_its_unit(chart: RowChart | LineChart):
    """A bar twice as long is twice as much."""

    texts = [each.text for each in draw(chart, WIDE).iter("text")]

    assert "0" in texts
    assert chart.axis in texts
    assert chart.axis.endswith(("MiB", "%"))
    assert list_ticks(chart.top, most=9)[-1] >= chart.top


def test_the_parts_of_a_bar_add_up_to_its_total():
    """Processes, what is shared, and Redis behind them."""

    chart = chart_sizes(FIGURES)
    separate = chart.rows[0]
    names = [span.name for span in separate.spans]

    assert names == ["web", "ws", "tasks", "shared", "redis-server"]
    assert all(before.end == after.start for before, after in pairwise(separate.spans))
    assert separate.spans[-1].end == pytest.approx(122.78, abs=0.1)
    assert separate.text == "117.6 MiB, 122.8 with Redis"


def test_together_without_a_saving_is_in_the_waterfall_only():
    """It is no arrangement that anybody would want."""

    for chart in CHARTS:
        if isinstance(chart, LineChart):
            assert [line.name for line in chart.lines] == [
                "separate",
                "shipped",
                "forked",
                "together",
            ]

    assert len(chart_sizes(FIGURES).rows) == 4


def test_the_waterfall_ends_at_together():
    """Each step begins where the one before ended."""

    _, _, chart, *_ = CHARTS
    assert isinstance(chart, RowChart)
    first, *steps, last = chart.rows
    ends = [first.spans[0].end, *(row.spans[0].end for row in steps)]

    assert [row.spans[0].start for row in steps] == ends[:-1]
    assert last.spans[0].end == pytest.approx(ends[-1])


def test_a_gate_s_bar_stands_in_the_row_of_its_reference():
    """And nowhere else."""

    chart = chart_savings(FIGURES, VERDICTS)
    bars = {row.label: row.bar for row in chart.rows}

    assert bars.pop("of separate") == 45
    assert set(bars.values()) == {None}
    assert "wanted 45.0 %" in chart.rows[0].text


def test_what_was_not_measured_has_no_chart():
    """A report without checkpoints and series is shown without them."""

    report = make_report((100, 50), (100, 50))

    assert chart_checkpoints(report) is None
    assert chart_series(report) is None
    assert [len(line.points) for line in chart_launches(report).lines] == [2, 2]


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0, [0, 1]),
        (0.03, [0, 0.01, 0.02, 0.03]),
        (100, [0, 20, 40, 60, 80, 100]),
        (168.7, [0, 50, 100, 150, 200]),
        (1234, [0, 250, 500, 750, 1000, 1250]),
    ],
)
def test_ticks_are_round(top: float, ticks: list[float]):
    """From zero, in steps of 1, 2, 2.5 or 5."""

    assert list_ticks(top, most=6) == pytest.approx(ticks)


def test_names_that_would_run_into_each_other_are_moved_apart():
    """They keep their order, and the last one stays where there is room."""

    assert spread([10, 12, 100], 15, 200) == [10, 25, 100]
    assert spread([100, 99, 98], 15, 100) == [100, 85, 70]


def test_colour_is_never_all_there_is():
    """Each colour has a pattern, and lines that may be side by side a marker."""

    patterns = ["".join(p.get("d", "") for p in each) for each in draw_patterns()[0]]
    shapes = [_describe_shape(mark(place, 0, 0, 4)) for place in range(4)]

    assert len(set(patterns)) == len(PALETTE)
    assert len(set(shapes)) == len(shapes)


def _describe_shape(shape: Element) -> str:
    return shape.get("points", shape.tag)


def test_a_long_series_is_drawn_no_finer_than_it_can_be_seen():
    """A day of samples is no megabyte of page."""

    strand = tuple((float(second), 50.0) for second in range(100_000))
    line = Line(name="together", colour=0, points=(), strands=(strand,))
    chart = LineChart(title="long", axis="MiB", along="s", lines=(line,))
    (path,) = draw_lines(chart, WIDE).iter("polyline")

    assert len(path.attrib["points"].split()) < WIDE
