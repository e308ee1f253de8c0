"""The page's tables: every number that a chart shows, and those that none shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from memory_report.figures import Column, Figures
from memory_report.records import REDIS
from memory_report.render.charts import is_variant
from memory_report.render.markup import node
from memory_report.render.words import STORY_PEAK, bounds, mib, percent
from memory_report.statistics import Sizes


def make_table(
    head: Sequence[str], rows: Iterable[Element], *, name: str, words: int = 0
) -> Element:
    """Return a table that scrolls by itself where it is too wide.

    The last `words` columns hold words, not numbers; the first one always does.
    """

    first_words = len(head) - words
    cells = [
        node(
            "th", text, scope="col", class_="words" if place >= first_words else "size"
        )
        for place, text in enumerate(head)
    ]
    table = node("table", node("thead", node("tr", *cells)), node("tbody", *rows))
    return node(
        "div", table, class_="scroll", tabindex="0", role="group", aria_label=name
    )


def make_row(name: str, *cells: str, kind: str = "plain", words: int = 0) -> Element:
    """Return a row; its last `words` cells hold words."""

    return node(
        "tr",
        node("th", name, scope="row"),
        *(
            node("td", text, class_="words" if place >= len(cells) - words else "size")
            for place, text in enumerate(cells)
        ),
        class_=kind,
    )


def table_sizes(figures: Figures) -> Element:
    """Return every arrangement with its processes."""

    rows = [row for column in figures.columns for row in _list_size_rows(column)]
    head = ("MiB", "PSS", "USS", "RSS", f"{STORY_PEAK} PSS")
    return make_table(head, rows, name="sizes")


def _list_size_rows(column: Column) -> Iterator[Element]:
    peak = "-" if column.peak is None else mib(column.peak)
    yield _sizes(column.arrangement, column.total, peak, kind="total")
    if is_variant(column.arrangement):
        return  # its one process is its total

    for name, sizes in column.processes.items():
        yield _sizes(name, sizes, "", kind="part")

    yield make_row("shared", mib(column.shared), "", "", "", kind="part")
    if column.redis is not None:
        yield _sizes(REDIS, column.redis, "", kind="part")
        yield _sizes("with Redis", column.total_with_redis, "")


def _sizes(name: str, sizes: Sizes, peak: str, *, kind: str = "plain") -> Element:
    return make_row(
        name, mib(sizes.pss), mib(sizes.uss), mib(sizes.rss), peak, kind=kind
    )


def table_savings(figures: Figures) -> Element:
    """Return what together saves of each reference, in every size."""

    rows = []
    for saving in figures.savings:
        if saving.field != "pss":
            continue

        alike = [
            each
            for each in figures.savings
            if (each.reference, each.redis) == (saving.reference, saving.redis)
        ]
        with_redis = ", with Redis" if saving.redis else ""
        shares = [
            text
            for each in alike
            for text in (percent(each.share.value), bounds(each.share))
        ]
        name = f"of {saving.reference}{with_redis}"
        rows.append(make_row(name, mib(saving.size), *shares))

    sizes = [head for size in ("PSS", "USS", "RSS") for head in (size, f"{size}, 95 %")]
    head = ("saved", "PSS, MiB", *sizes)
    return make_table(head, rows, name="savings")
