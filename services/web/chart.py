"""Draw the memory of a day as lines over an axis that begins at zero.

Places are in percent or in thousandths of the drawing, so that it may be as wide as
the window is and its words keep their size. Imported by the first visit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.web.site import Sample

SPAN = 24 * 3600.0
#: Right after the start the axis of time is this long.
_SHORTEST_SPAN = 60.0
_MIB = 1024 * 1024
_UNITS = 1000
_LINES = ("rss", "pss", "uss")
_TIME_STEPS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)
_MOST_STEPS = 4
#: What two words below each other need of the height, and what the top one leaves.
_WORD = 8.5
#: Times further apart than this many usual ones are not joined by a line.
_GAP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A place on an axis, in percent from the left or from the top."""

    place: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure over time."""

    #: "pss", "uss" or "rss".
    name: str
    #: An SVG path in thousandths.
    path: str
    #: The newest value in MiB.
    text: str
    #: Percent from the top: where the line ends, and where its words stand.
    end: float
    place: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that the template prints."""

    times: tuple[Tick, ...]
    sizes: tuple[Tick, ...]
    #: The one with the highest end first.
    lines: tuple[Line, ...]
    #: The area below PSS, as an SVG path.
    area: str
    #: How far back the axis goes, in words.
    span: str
    #: The least and the most PSS, in MiB.
    least: str
    most: str


def draw_chart(samples: Sequence[Sample]) -> Chart | None:
    """Draw samples up to the newest one; those of one instant alone draw nothing.

    A clock that was set back leaves samples of a time that has not come yet: they
    are left out until it has.
    """

    end = samples[-1].time if samples else 0.0
    shown = sorted(
        (one for one in samples if end - SPAN <= one.time <= end),
        key=lambda one: one.time,
    )
    if not shown or shown[0].time == end:
        return None

    span = _round_span(end - shown[0].time)
    step, top = _size_axis(max(one.rss for one in shown) / _MIB)
    moments = [round((one.time - end + span) / span * _UNITS) for one in shown]
    breaks = _find_breaks([one.time for one in shown])
    lines, area = [], ""
    for name in _LINES:
        sizes = [getattr(one, name) / _MIB for one in shown]
        heights = [round(_UNITS - size / top * _UNITS) for size in sizes]
        points = list(zip(moments, heights, strict=True))
        parts = [points[a:b] for a, b in pairwise([0, *breaks, len(points)])]
        lines.append((name, "".join(map(_draw, parts)), sizes[-1]))
        if name == "pss":
            area = "".join(_fill(part) for part in parts)

    pss = [one.pss / _MIB for one in shown]
    return Chart(
        times=tuple(_time_ticks(span)),
        sizes=tuple(
            Tick(place=100 - 100 * size / top, text=f"{size:g}")
            for size in (step * index for index in range(round(top / step) + 1))
        ),
        lines=tuple(_place_words(lines, top)),
        area=area,
        span=_duration(span),
        least=f"{min(pss):.1f}",
        most=f"{max(pss):.1f}",
    )


def _round_span(seconds: float) -> float:
    """Return what the axis spans: at the end of a day the whole of it."""

    return SPAN if seconds > 0.97 * SPAN else max(seconds, _SHORTEST_SPAN)


def _size_axis(highest: float) -> tuple[float, float]:
    """Return the step and the end of the axis, in MiB."""

    step = 1.0
    while step * _MOST_STEPS < highest:
        # 1, 2, 5, 10, 20, 50, …
        step *= 2.5 if f"{step:g}".startswith("2") else 2

    return step, step * max(1, -(-highest // step))


def _time_ticks(span: float) -> Iterator[Tick]:
    step = next((one for one in _TIME_STEPS if one * _MOST_STEPS >= span), SPAN / 4)
    for index in range(int(span // step), 0, -1):
        before = index * step
        yield Tick(
            place=100 - 100 * before / span, text=f"\N{MINUS SIGN}{_duration(before)}"
        )

    yield Tick(place=100.0, text="now")


def _duration(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{round(seconds / size, 1 if seconds < 10 * size else 0):g} {unit}"

    return f"{seconds:.0f} s"


def _find_breaks(times: Sequence[float]) -> list[int]:
    """Return the indexes before which nothing was sampled for long."""

    steps = [after - before for before, after in pairwise(times)]
    usual = sorted(steps)[len(steps) // 2]
    return [index + 1 for index, step in enumerate(steps) if step > _GAP * usual]


def _draw(points: Sequence[tuple[int, int]]) -> str:
    # A point alone is a line to itself, which round ends make a dot of.
    points = points if len(points) > 1 else [*points, *points]
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _fill(points: Sequence[tuple[int, int]]) -> str:
    return f"{_draw(points)}L{points[-1][0]} {_UNITS}L{points[0][0]} {_UNITS}Z"


def _place_words(lines: Sequence[tuple[str, str, float]], top: float) -> Iterator[Line]:
    """Put each line's words beside its end, or as near as the others leave room."""

    lines = sorted(lines, key=lambda line: -line[2])
    ends = [100 - 100 * size / top for _, _, size in lines]
    places: list[float] = []
    for index, end in enumerate(ends):
        room = 100 - _WORD * (len(ends) - index - 0.5)
        lowest = places[-1] + _WORD if places else _WORD / 2
        places.append(max(lowest, min(end, room)))

    for (name, path, size), end, place in zip(lines, ends, places, strict=True):
        yield Line(name=name, path=path, text=f"{size:.1f}", end=end, place=place)
