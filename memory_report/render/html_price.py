"""The page's price tables: what the memory was bought with."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from memory_report.figures import Figures
from memory_report.records import Report
from memory_report.render.html_tables import make_row, make_table
from memory_report.render.words import PRICE_HEAD, list_prices


def table_price(figures: Figures) -> Element:
    """Return times as means over launches; of the loops' lateness the longest."""

    heads = [f"{name}, {unit}" if unit else name for name, unit in PRICE_HEAD]
    rows = [
        make_row(column.arrangement, *list_prices(column)) for column in figures.columns
    ]
    return make_table(("", *heads), rows, name="price")


def table_crashes(report: Report) -> Element:
    """Return what stops when the process of one service is killed."""

    rows = [
        make_row(
            f"{crash.arrangement}: {crash.service}",
            ", ".join(crash.died) or "nothing",
            "never" if crash.back is None else f"{crash.back:.1f} s",
            words=2,
        )
        for crash in report.crashes
    ]
    head = ("killed", "does not work without it", "until all works again")
    return make_table(head, rows, name="crashes", words=2)
