"""What a chart shows, whoever draws it: `svg` for the page, `png` for a picture file.

Two kinds are enough. A row chart has a bar, or a dot, on each labelled row; a line
chart has values over something that goes on. Both begin at zero.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Okabe and Ito's colours, which colour-blind people can tell apart; grey is for what
#: is beside the matter. Each has a pattern and a marker of its own as well.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#9A9A9A",
)
GREY = len(PALETTE) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a row's bar."""

    name: str
    start: float
    end: float
    #: Place in the palette.
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled row: a bar of spans, or a dot, and how sure it is."""

    label: str
    #: The figure in words, beside the label.
    text: str
    spans: tuple[Span, ...] = ()
    dot: float | None = None
    #: The 95 % interval.
    interval: tuple[float, float] | None = None
    #: What a gate wants.
    bar: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChart:
    """Rows over one axis that begins at zero."""

    title: str
    #: At the axis: of what, and in which unit.
    axis: str
    rows: tuple[Row, ...]
    #: Whether each row's spans join on where the row's before ended.
    falls: bool = False

    @property
    def top(self) -> float:
        """The largest value that is drawn."""

        values = [
            value
            for row in self.rows
            for span in row.spans
            for value in (span.start, span.end)
        ]
        for row in self.rows:
            values += row.interval or ()
            values += [value for value in (row.dot, row.bar) if value is not None]

        return max(values, default=0.0)

    @property
    def keys(self) -> dict[str, int]:
        """The colour of each name, in the order of appearance."""

        return {span.name: span.colour for row in self.rows for span in row.spans}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Values of one thing."""

    name: str
    colour: int
    points: tuple[tuple[float, float], ...]
    #: Single values around it, drawn as small marks.
    around: tuple[tuple[float, float], ...] = ()
    #: Series around it, drawn as thin lines.
    strands: tuple[tuple[tuple[float, float], ...], ...] = ()

    @property
    def all_points(self) -> tuple[tuple[float, float], ...]:
        """Everything that is drawn of it; where its name stands is the last."""

        strands = (point for strand in self.strands for point in strand)
        return (*strands, *self.around, *self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Lines over one axis that begins at zero."""

    title: str
    axis: str
    #: What the other axis is.
    along: str
    lines: tuple[Line, ...]
    #: Words at places along it; without any the places are numbers.
    places: tuple[tuple[float, str], ...] = ()

    @property
    def top(self) -> float:
        """The largest value that is drawn."""

        return max(
            (y for line in self.lines for _, y in line.all_points),
            default=0.0,
        )

    @property
    def reach(self) -> tuple[float, float]:
        """The first and the last place."""

        places = [x for line in self.lines for x, _ in line.all_points]
        places += [place for place, _ in self.places]
        return min(places, default=0.0), max(places, default=1.0)


def list_ticks(top: float, *, most: int) -> list[float]:
    """Return round numbers from zero up to the first that is not below `top`."""

    if top <= 0:
        return [0.0, 1.0]

    for exponent in range(-6, 16):
        for digit in (1.0, 2.0, 2.5, 5.0):
            step = digit * 10.0**exponent
            count = -int(-top // step)
            if count < most:
                return [number * step for number in range(count + 1)]

    return [0.0, top]
