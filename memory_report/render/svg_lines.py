"""A line chart as SVG: each name beside its line's end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from memory_report.render.markup import node
from memory_report.render.pictures import PALETTE, Line, LineChart, list_ticks
from memory_report.render.svg import LETTER, NARROW, frame, mark, rule, words
from memory_report.render.svg import spread as spread_apart

_HEIGHT = 290
_TOP, _BOTTOM, _LEFT = 28, _HEIGHT - 56, 34
_INSET = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """Where a value is on the drawing."""

    right: float
    first: float
    across: float
    up: float

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return the point in pixels."""

        return (
            _LEFT + _INSET + (point[0] - self.first) * self.across,
            _BOTTOM - point[1] * self.up,
        )


def draw_lines(chart: LineChart, width: int) -> Element:
    """Return the chart, that many pixels wide."""

    ticks = list_ticks(chart.top, most=7)
    longest = max((len(line.name) for line in chart.lines), default=0)
    right = width - 22 - longest * LETTER
    first, last = chart.reach
    plot = _Plot(
        right=right,
        first=first,
        across=(right - _LEFT - 2 * _INSET) / ((last - first) or 1),
        up=(_BOTTOM - _TOP) / ticks[-1],
    )
    drawn = node("g", words(chart.axis, 0, 12, "axis"))
    for tick in ticks:
        _, y = plot.at((0, tick))
        drawn.append(rule(_LEFT, y, right, y, "grid" if tick else "zero"))
        drawn.append(words(f"{tick:g}", _LEFT - 6, y + 4, "tick", "end"))

    drawn.extend(_draw_places(chart, plot, narrow=width < NARROW))
    for line in chart.lines:
        drawn.extend(_draw_line(line, plot))

    drawn.extend(_draw_names(chart.lines, plot))
    return frame(chart.title, drawn, width, _HEIGHT)


def _draw_places(chart: LineChart, plot: _Plot, *, narrow: bool) -> Iterator[Element]:
    first, last = chart.reach
    places = chart.places
    if not places:
        ticks = list_ticks(last, most=6 if narrow else 11)
        # Where only whole numbers are, halves would be in the way.
        whole = all(x == round(x) for line in chart.lines for x, _ in line.all_points)
        places = tuple(
            (tick, f"{tick:g}")
            for tick in ticks
            if first <= tick <= last and not (whole and tick % 1)
        )

    for number, (place, text) in enumerate(places):
        x, _ = plot.at((place, 0))
        # In two lines where they would run into each other in one.
        lower = 14 if narrow and chart.places and number % 2 else 0
        yield rule(x, _BOTTOM, x, _BOTTOM + 4 + lower, "grid")
        yield words(text, x, _BOTTOM + 16 + lower, "tick", "middle")

    yield words(chart.along, plot.right, _HEIGHT - 6, "axis", "end")


def _draw_line(line: Line, plot: _Plot) -> Iterator[Element]:
    for strand in line.strands:
        yield _draw_path(strand, line.colour, plot, "strand")

    for point in line.around:
        yield mark(line.colour, *plot.at(point), 2, "around")

    if len(line.points) > 1:
        yield _draw_path(line.points, line.colour, plot, "line")

    for point in line.points:
        yield mark(line.colour, *plot.at(point), 3.5)


def _draw_path(
    points: tuple[tuple[float, float], ...], colour: int, plot: _Plot, kind: str
) -> Element:
    pixels = [plot.at(point) for point in points]
    path = [pixels[0]]
    for x, y in pixels[1:-1]:
        # Nobody sees less than a pixel, and a series has hundreds of points.
        if x - path[-1][0] >= 1 or abs(y - path[-1][1]) >= 2:
            path.append((x, y))

    path += pixels[-1:]
    return node(
        "polyline",
        class_=kind,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in path),
        fill="none",
        stroke=PALETTE[colour],
    )


def _draw_names(lines: tuple[Line, ...], plot: _Plot) -> Iterator[Element]:
    ends = [plot.at(line.all_points[-1])[1] for line in lines]
    for line, y in zip(lines, spread_apart(ends, 15, _BOTTOM), strict=True):
        yield mark(line.colour, plot.right + 8, y, 4)
        yield words(line.name, plot.right + 17, y + 4, "name")
