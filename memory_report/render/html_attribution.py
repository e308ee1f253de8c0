"""The page's part about whose memory it is, from an attribution measured beside."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from xml.etree.ElementTree import Element

from memory_report.attribution.figures import Figures, work_out
from memory_report.attribution.records import Attribution
from memory_report.render.attribution import Table, list_tables
from memory_report.render.charts import choose_colours
from memory_report.render.html_tables import make_row, make_table
from memory_report.render.markup import node
from memory_report.render.pictures import GREY, Row, RowChart, Span
from memory_report.render.words import mib, mib_bounds
from memory_report.units import MIB

_FLOOR = "floor of all"


def chart_shares(figures: Figures) -> RowChart:
    """Return what everything together is made of, part by part, then the whole."""

    colours = choose_colours(each.service for each in figures.shares) | {_FLOOR: GREY}
    parts = [(_FLOOR, figures.floor)]
    parts += [(each.service, each.share) for each in figures.shares]
    edges = accumulate((part.value / MIB for _, part in parts), initial=0.0)
    spans = [
        Span(name=name, start=start, end=end, colour=colours[name])
        for (name, _), (start, end) in zip(parts, pairwise(edges), strict=True)
    ]
    rows = [
        Row(
            label=name,
            text=f"{mib(part.value)} MiB, 95 % {mib_bounds(part)}",
            spans=(span,),
        )
        for (name, part), span in zip(parts, spans, strict=True)
    ]
    whole = Row(
        label="together", text=f"{mib(figures.total.value)} MiB", spans=tuple(spans)
    )
    return RowChart(
        title="Whose memory it is",
        axis="own pages and files in full, MiB",
        rows=(*rows, whole),
        falls=True,
    )


def list_attribution_tables(attribution: Attribution) -> Iterator[Element]:
    """Yield the table of shares open, the others folded away."""

    figures = work_out(attribution)
    for number, table in enumerate(list_tables(attribution, figures)):
        note = [node("p", table.note, class_="note")] if table.note else []
        made = _make_table(table)
        if not number:
            yield made
            yield from note
            continue

        yield node("details", node("summary", table.title), made, *note)


def _make_table(table: Table) -> Element:
    words = len(table.header) - min(
        (place for place in table.words if place), default=len(table.header)
    )
    rows = [
        make_row(*row, kind="total" if row[0] == "total" else "plain", words=words)
        for row in table.rows
    ]
    return make_table(table.header, rows, name=table.title, words=words)
