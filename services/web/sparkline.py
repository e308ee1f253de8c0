"""Draw a row of figures as a line small enough to stand beside a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 240
HEIGHT = 48
_MARGIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """An SVG path of the line and one of the area below it."""

    line: str
    area: str


def draw_sparkline(values: Sequence[float]) -> Sparkline | None:
    """Draw the values over the full width; fewer than two draw nothing.

    The lower edge is zero: what grows by a twentieth should look so, not as if it
    had come from nothing.
    """

    if len(values) < 2:
        return None

    top = max(*values, 1e-9)
    step = (WIDTH - 2 * _MARGIN) / (len(values) - 1)
    points = [
        (
            round(_MARGIN + index * step, 1),
            round(HEIGHT - value / top * (HEIGHT - _MARGIN), 1),
        )
        for index, value in enumerate(values)
    ]
    line = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    first_x, last_x = points[0][0], points[-1][0]
    return Sparkline(
        line=line,
        area=f"{line}L{last_x:g} {HEIGHT}L{first_x:g} {HEIGHT}Z",
    )
