"""A row chart as SVG: each label above its bar, so that it fits any width."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

from memory_report.render.markup import node
from memory_report.render.pictures import PALETTE, Row, RowChart, Span, list_ticks
from memory_report.render.svg import LETTER, NARROW, frame, mark, rule, words

_LINE, _BAR, _GAP = 18, 24, 16
_AXIS = 40
#: Where words begin: beside the axis, not on it.
_INDENT = 10
#: A bar below it has no room for words.
_SHORTEST = 24
#: The palette's dark colours, on which words are white.
_DARK = (0,)


def draw_rows(chart: RowChart, width: int) -> Element:
    """Return the chart, that many pixels wide."""

    ticks = list_ticks(chart.top, most=9 if width > NARROW else 5)
    scale = (width - 8) / ticks[-1]
    longest = max((len(row.label) + len(row.text) + 2 for row in chart.rows), default=0)
    # The figure goes below its label where both do not fit beside each other.
    label = _LINE if longest * LETTER < width - _INDENT else 2 * _LINE - 3
    height = label + _BAR + _GAP
    end = len(chart.rows) * height
    drawn = node("g", *_draw_axis(chart, ticks, scale, end, width))
    for place, row in enumerate(chart.rows):
        drawn.extend(_draw_row(row, place * height, label, scale))

    for place, (upper, _) in enumerate(pairwise(chart.rows) if chart.falls else ()):
        x, y = _x(upper.spans[-1].end, scale), (place + 1) * height
        drawn.append(rule(x, y - _GAP, x, y + label, "fall"))

    return frame(chart.title, drawn, width, end + _AXIS)


def _draw_axis(
    chart: RowChart, ticks: list[float], scale: float, end: float, width: int
) -> Iterator[Element]:
    for tick in ticks:
        x = _x(tick, scale)
        yield rule(x, 0, x, end, "grid" if tick else "zero")
        anchor = "start" if not tick else "end" if tick == ticks[-1] else "middle"
        yield words(f"{tick:g}", x, end + 15, "tick", anchor)

    yield words(chart.axis, width - 4, end + 33, "axis", "end")


def _draw_row(row: Row, y: float, label: float, scale: float) -> Iterator[Element]:
    place = {"dx": 8.0} if label == _LINE else {"x": _INDENT, "dy": _LINE - 3.0}
    yield node(
        "text",
        node("tspan", row.label, class_="label", font_weight="bold"),
        node("tspan", row.text, class_="text", **place),
        class_="row",
        x=_INDENT,
        y=y + 13,
    )
    top = y + label
    for span in row.spans:
        # One span alone is named by its row.
        yield from _draw_span(span, top, scale, named=len(row.spans) > 1)

    middle = top + _BAR / 2
    if row.dot is not None:
        yield rule(_x(0, scale), middle, _x(row.dot, scale), middle, "stem")

    if row.interval is not None:
        low, high = (_x(edge, scale) for edge in row.interval)
        yield rule(low, middle, high, middle, "whisker")
        yield from (
            rule(edge, middle - 5, edge, middle + 5, "whisker") for edge in (low, high)
        )

    if row.bar is not None:
        x = _x(row.bar, scale)
        yield rule(x, top - 2, x, top + _BAR + 2, "limit")

    if row.dot is not None:
        yield mark(0, _x(row.dot, scale), middle, 6)


def _draw_span(
    span: Span, top: float, scale: float, *, named: bool
) -> Iterator[Element]:
    left, right = sorted((_x(span.start, scale), _x(span.end, scale)))
    size = abs(span.end - span.start)
    yield node(
        "rect",
        node("title", f"{span.name}: {size:.1f}"),
        class_="span",
        x=left,
        y=top,
        width=max(right - left, 1),
        height=_BAR,
        rx=2,
        fill=f"url(#p{span.colour})",
    )
    room = right - left - 10
    for text in (f"{span.name} {size:.1f}", f"{size:.1f}") if named else ():
        if room >= _SHORTEST and room >= len(text) * LETTER:
            kind = "in light" if span.colour in _DARK else "in"
            inside = words(text, (left + right) / 2, top + 16.5, kind, "middle")
            # A rim of the bar's own colour keeps its pattern off the letters.
            inside.set("stroke", PALETTE[span.colour])
            yield inside
            return


def _x(value: float, scale: float) -> float:
    return 4 + value * scale
