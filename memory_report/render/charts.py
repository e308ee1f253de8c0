"""The charts of sizes and savings: which figures each of them shows, in MiB and %."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from memory_report.figures import Figures
from memory_report.gates import Verdict
from memory_report.records import REDIS, TOGETHER
from memory_report.render.pictures import GREY, Row, RowChart, Span
from memory_report.render.words import bounds, mib, mib_bounds, percent, signed
from memory_report.statistics import Estimate
from memory_report.units import MIB
from memory_report.waterfall import Step, Waterfall

#: Places in the palette: what the observer shares with what it measured, what goes
#: away in a waterfall, and its two ends.
_SHARED, _GONE, _BEFORE, _AFTER = GREY - 1, 2, 5, 0


def chart_sizes(figures: Figures) -> RowChart:
    """Return what each arrangement takes, process by process."""

    # Together comes first of all, so that it has the same colour in every chart.
    columns = [each for each in figures.columns if not is_variant(each.arrangement)]
    names = [name for column in reversed(columns) for name in column.processes]
    colours = choose_colours(names) | {"shared": _SHARED, REDIS: GREY}
    rows = []
    for column in columns:
        parts = [(name, sizes.pss) for name, sizes in column.processes.items()]
        parts.append(("shared", column.shared))
        text = f"{mib(column.total.pss)} MiB"
        if column.redis is not None:
            parts.append((REDIS, column.redis.pss))
            text += f", {mib(column.total_with_redis.pss)} with Redis"

        spans = tuple(stack(parts, colours))
        rows.append(Row(label=column.arrangement, text=text, spans=spans))

    return RowChart(
        title="What each arrangement takes", axis="PSS, MiB", rows=tuple(rows)
    )


def chart_savings(figures: Figures, verdicts: Sequence[Verdict]) -> RowChart:
    """Return the share of PSS saved of each reference, with its interval."""

    wanted = {each.reference: each.bar for each in verdicts if each.subject == "saving"}
    rows = []
    for saving in figures.savings:
        if saving.field != "pss":
            continue

        bar = None if saving.redis else wanted.get(saving.reference)

        share = saving.share
        with_redis = ", with Redis" if saving.redis else ""
        rows.append(
            Row(
                label=f"of {saving.reference}{with_redis}",
                text=f"{percent(share.value)}, 95 % {bounds(share)}"
                + ("" if bar is None else f", wanted {percent(bar)}"),
                dot=share.value * 100,
                interval=_scale(share, 1 / 100),
                bar=None if bar is None else bar * 100,
            )
        )

    return RowChart(
        title="What together saves",
        axis="PSS saved, %",
        rows=tuple(rows),
    )


def chart_waterfall(waterfall: Waterfall) -> RowChart:
    """Return the way from a reference down to everything together."""

    steps = waterfall.steps
    edges = list(
        accumulate((-step.size.value for step in steps), initial=waterfall.start)
    )
    rows = [_whole(f"{waterfall.reference}, with Redis", waterfall.start, _BEFORE)]
    for step, (begin, end) in zip(steps, pairwise(edges), strict=True):
        span = Span(name=step.name, start=begin / MIB, end=end / MIB, colour=_GONE)
        text = f"{signed(-step.size.value / MIB)} MiB{_bounds(step.size)}"
        rows.append(Row(label=step.name, text=text, spans=(span,)))

    rows.append(_whole(TOGETHER, waterfall.end, _AFTER))
    return RowChart(
        title="Where the memory went", axis="PSS, MiB", rows=tuple(rows), falls=True
    )


def chart_worths(worths: Sequence[Step]) -> RowChart:
    """Return what each saving is worth when it alone is taken away."""

    rows = []
    for worth in worths:
        size = worth.size
        span = Span(
            name=worth.name, start=0, end=max(size.value, 0) / MIB, colour=_GONE
        )
        rows.append(
            Row(
                label=worth.name,
                text=f"{mib(size.value)} MiB{_bounds(size)}",
                spans=(span,),
                interval=_scale(size, MIB),
            )
        )

    return RowChart(
        title="What each saving is worth alone", axis="PSS, MiB", rows=tuple(rows)
    )


def is_variant(arrangement: str) -> bool:
    """Say whether it is `together` with a saving taken away: part of the waterfall."""

    return arrangement.startswith(f"{TOGETHER}-")


def choose_colours(names: Iterable[str]) -> dict[str, int]:
    """Give each name a place in the palette, in the order of appearance."""

    return {name: place % _SHARED for place, name in enumerate(dict.fromkeys(names))}


def stack(
    parts: Sequence[tuple[str, float]], colours: Mapping[str, int]
) -> Iterator[Span]:
    """Yield parts in bytes as spans in MiB that join on to each other."""

    edges = accumulate((size / MIB for _, size in parts), initial=0.0)
    for (name, _), (start, end) in zip(parts, pairwise(edges), strict=True):
        yield Span(name=name, start=start, end=end, colour=colours[name])


def _whole(label: str, size: float, colour: int) -> Row:
    span = Span(name=label, start=0, end=size / MIB, colour=colour)
    return Row(label=label, text=f"{mib(size)} MiB", spans=(span,))


def _scale(estimate: Estimate, unit: float) -> tuple[float, float] | None:
    """Return the interval in units, what is below zero cut off."""

    if estimate.lower is None or estimate.upper is None:
        return None

    return max(estimate.lower, 0) / unit, max(estimate.upper, 0) / unit


def _bounds(size: Estimate) -> str:
    return "" if size.lower is None else f", 95 % {mib_bounds(size)}"
