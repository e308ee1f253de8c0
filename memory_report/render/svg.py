"""What every drawn chart is made of: a frame, words, marks and patterns.

Colours stand in the shapes themselves, so a page whose style sheet was refused still
has its charts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

from memory_report.render.markup import node
from memory_report.render.pictures import PALETTE

#: Pixels that a letter takes on average, in the size that charts are written in.
LETTER = 7.0
#: A drawing below it is for a telephone.
NARROW = 500
_RULE = "#8886"


def draw_patterns() -> Element:
    """Return the patterns, once for the whole page: colour is never all there is."""

    patterns = [
        node(
            "pattern",
            node("rect", width=8, height=8, fill=colour),
            *_list_strokes(place),
            id=f"p{place}",
            width=8,
            height=8,
            patternUnits="userSpaceOnUse",
        )
        for place, colour in enumerate(PALETTE)
    ]
    return node(
        "svg",
        node("defs", *patterns),
        class_="defs",
        width=0,
        height=0,
        aria_hidden="true",
    )


def draw_key(colour: int) -> Element:
    """Return the swatch of a colour, for a legend."""

    swatch = node("rect", width=14, height=14, rx=3, fill=f"url(#p{colour})")
    return node("svg", swatch, class_="key", width=14, height=14, aria_hidden="true")


def frame(title: str, drawn: Element, width: int, height: float) -> Element:
    """Return the drawing, named for those who hear it."""

    size = "narrow" if width < NARROW else "wide"
    return node(
        "svg",
        node("title", title),
        drawn,
        class_=f"chart {size}",
        viewBox=f"0 0 {width} {math.ceil(height)}",
        width=width,
        height=math.ceil(height),
        role="img",
        font_size=13,
        fill="currentColor",
    )


def words(text: str, x: float, y: float, kind: str, anchor: str = "start") -> Element:
    """Return words that begin, end or have their middle at a point."""

    return node("text", text, class_=kind, x=x, y=y, text_anchor=anchor)


def rule(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> Element:
    """Return a straight line."""

    return node("line", class_=kind, x1=x1, y1=y1, x2=x2, y2=y2, stroke=_RULE)


def mark(colour: int, x: float, y: float, size: float, kind: str = "mark") -> Element:
    """Return a colour's marker: each has a shape of its own."""

    shape = {"class_": kind, "fill": PALETTE[colour]}
    if colour % 4 == 0:
        return node("circle", cx=x, cy=y, r=size, **shape)

    corners = {1: 4, 2: 3, 3: 4}[colour % 4]
    turn = -math.pi / 2 + (math.pi / 4 if colour % 4 == 1 else 0)
    radius = size * 1.3
    points = " ".join(
        f"{x + radius * math.cos(turn + corner * math.tau / corners):.1f},"
        f"{y + radius * math.sin(turn + corner * math.tau / corners):.1f}"
        for corner in range(corners)
    )
    return node("polygon", points=points, **shape)


def spread(places: list[float], apart: float, last: float) -> list[float]:
    """Move places apart, so that words there do not run into each other.

    None is pushed beyond `last`; the order stays.
    """

    moved = list(places)
    order = sorted(range(len(places)), key=places.__getitem__)
    for before, place in pairwise(order):
        moved[place] = max(moved[place], moved[before] + apart)

    limit = last
    for place in reversed(order):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - apart

    return moved


def _list_strokes(place: int) -> Iterator[Element]:
    """Yield what is drawn over a colour: nothing, slants, dots, crosses …"""

    paths = (
        "",
        "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
        "M0,4 h8",
        "M4,0 v8",
        "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
        "M3,4 h2 M4,3 v2",
        "M0,4 h8 M4,0 v8",
        "M0,8 l8,-8 M0,0 l8,8",
    )
    if paths[place]:
        yield node(
            "path",
            d=paths[place],
            stroke="#fff",
            stroke_width=1.2,
            stroke_opacity=0.55,
            fill="none",
        )
