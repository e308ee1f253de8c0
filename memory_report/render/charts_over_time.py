"""The charts of what changes: between checkpoints, in a launch, between launches."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, median

from memory_report.records import CHECKPOINTS, Launch, Reading, Report
from memory_report.render.charts import choose_colours, is_variant
from memory_report.render.pictures import Line, LineChart
from memory_report.statistics import counted, total_samples
from memory_report.units import MIB


def chart_checkpoints(report: Report) -> LineChart | None:
    """Return each arrangement from start to drained; None where only one was read."""

    taken = {
        reading.checkpoint for launch in report.launches for reading in launch.readings
    }
    places = [name for name in CHECKPOINTS if name in taken]
    if len(places) < 2:
        return None

    lines = []
    for name, colour, launches in _list_arrangements(report):
        around = [
            (float(places.index(reading.checkpoint)), median(_scale_samples(reading)))
            for launch in launches
            for reading in launch.readings
        ]
        means = tuple(
            (float(place), fmean(y for x, y in around if x == place))
            for place in sorted({x for x, _ in around})
        )
        lines.append(Line(name=name, colour=colour, points=means, around=tuple(around)))

    return LineChart(
        title="From start to drained",
        axis=_name_axis(report),
        along="checkpoint",
        lines=tuple(lines),
        places=tuple((float(place), name) for place, name in enumerate(places)),
    )


def chart_series(report: Report) -> LineChart | None:
    """Return every launch over its own time; None where nothing was sampled."""

    lines = []
    for name, colour, launches in _list_arrangements(report):
        series = [launch.series for launch in launches if launch.series is not None]
        strands = tuple(
            tuple(zip(each.seconds, (size / MIB for size in each.pss), strict=True))
            for each in series
            if each.seconds
        )
        if strands:
            lines.append(Line(name=name, colour=colour, points=(), strands=strands))

    if not lines:
        return None

    return LineChart(
        title="Every launch over time",
        axis=_name_axis(report),
        along="seconds since every service was ready",
        lines=tuple(lines),
    )


def chart_launches(report: Report) -> LineChart:
    """Return every settled sample in the order in which it was taken."""

    lines = []
    for name, colour, launches in _list_arrangements(report):
        around = tuple(
            (launch.number, size)
            for launch in launches
            for size in _scale_samples(launch.reading("settled"))
        )
        points = tuple(
            (launch.number, median(_scale_samples(launch.reading("settled"))))
            for launch in launches
        )
        lines.append(Line(name=name, colour=colour, points=points, around=around))

    return LineChart(
        title="Every settled launch, one after another",
        axis=_name_axis(report),
        along="launch, in the order of time",
        lines=tuple(lines),
    )


def _name_axis(report: Report) -> str:
    redis = " without Redis" if report.environment.redis else ""
    return f"PSS{redis}, MiB"


def _list_arrangements(report: Report) -> Iterator[tuple[str, int, list[Launch]]]:
    names = [name for name in report.plan.arrangements if not is_variant(name)]
    colours = choose_colours(reversed(names))
    for name in names:
        yield name, colours[name], counted(report.launches, name)


def _scale_samples(reading: Reading) -> list[float]:
    """Return the whole PSS of each sample, in MiB: as the totals of the table."""

    return [size / MIB for size in total_samples(reading, redis=False)]
