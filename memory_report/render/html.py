"""The report as one page that needs nothing else: no script, no request, no font."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element

from memory_report.attribution.figures import work_out as work_out_shares
from memory_report.attribution.records import Attribution
from memory_report.figures import Figures, work_out
from memory_report.gates import Outcome, Verdict
from memory_report.records import Report
from memory_report.render import html_tables as tables
from memory_report.render.charts import (
    chart_savings,
    chart_sizes,
    chart_waterfall,
    chart_worths,
)
from memory_report.render.charts_over_time import (
    chart_checkpoints,
    chart_launches,
    chart_series,
)
from memory_report.render.html_attribution import (
    chart_shares,
    list_attribution_tables,
)
from memory_report.render.html_price import table_crashes, table_price
from memory_report.render.markup import node, write_page
from memory_report.render.pictures import LineChart, RowChart
from memory_report.render.svg import draw_key, draw_patterns
from memory_report.render.svg_lines import draw_lines
from memory_report.render.svg_rows import draw_rows
from memory_report.render.words import (
    conclude,
    describe_plan,
    describe_verdict,
    list_words,
    mib,
    percent,
)
from memory_report.waterfall import list_worths, work_out_waterfall

#: Pixels: one drawing for a desk and for paper, one for a telephone; the style sheet
#: shows the one that fits, so words keep their size.
WIDE, NARROW = 880, 320
_SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.INCONCLUSIVE: "?"}
_WAY = (
    "A step is what together takes more when that saving alone is taken away. Savings "
    "work on each other, so the last step is the rest."
)
_SHARED = (
    "PSS counts a page that several processes have in common once; what is called "
    "shared are such pages that others, this report among them, had mapped as well."
)
_REDIS = "Redis has a row of its own: one interpreter does without it."
_SHARES = (
    "Measured beside the report, in processes of their own. A share is what a service "
    "adds, averaged over all orders in which services could come (Shapley)."
)
_PRICE = "Means over launches, as the story's clients felt it; of lateness the longest."
_CRASH = "Each process was killed once, and everything was asked again."
_CHECKPOINTS = (
    "Small marks are single launches. The tables and the gates are about settled; "
    "collected is after the garbage collector, trimmed after free pages were given "
    "back, drained after the sockets were closed."
)
_SERIES = "One thin line for each launch, from readiness on."
_LAUNCHES = "Small marks are single samples; what drifts with time would be seen here."


def render_html(
    report: Report,
    verdicts: Sequence[Verdict],
    *,
    attribution: Attribution | None = None,
) -> str:
    """Return the page, with whose memory it is where that was measured as well."""

    figures = work_out(report)
    style = files("memory_report.render").joinpath("report.css").read_text("utf-8")
    page = node(
        "html",
        _make_head(style),
        node(
            "body",
            draw_patterns(),
            node(
                "main",
                _make_header(figures, report, verdicts),
                *_list_sections(figures, report, verdicts),
                *_list_shares(attribution),
                _section("How and where", "", *_list_notes(figures, report)),
            ),
        ),
        lang="en",
    )
    return write_page(page)


def _make_head(style: str) -> Element:
    """Return a head that forbids everything but the one style sheet inside it."""

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    return node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", http_equiv="Content-Security-Policy", content=policy),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("meta", name="color-scheme", content="light dark"),
        node("title", "Memory report"),
        node("style", style),
    )


def _make_header(
    figures: Figures, report: Report, verdicts: Sequence[Verdict]
) -> Element:
    header = node(
        "header",
        node("h1", "Memory report"),
        node("p", conclude(figures), class_="lead"),
        node("ul", *_list_tiles(figures), class_="tiles"),
    )
    if verdicts:
        header.append(
            node(
                "ul",
                *(
                    node(
                        "li",
                        node("b", f"{_SIGNS[one.outcome]} {one.outcome.value}"),
                        describe_verdict(one),
                        class_=one.outcome.value,
                    )
                    for one in verdicts
                ),
                class_="verdicts",
            )
        )

    return header


def _list_tiles(figures: Figures) -> Iterator[Element]:
    for saving in figures.savings:
        if saving.field == "pss" and not saving.redis:
            yield _tile(percent(saving.share.value), f"PSS saved of {saving.reference}")

    yield _tile(f"{mib(figures.together.total.pss)} MiB", "PSS of all of it together")


def _tile(figure: str, words: str) -> Element:
    return node("li", node("strong", figure), node("span", words), class_="tile")


def _list_sections(
    figures: Figures, report: Report, verdicts: Sequence[Verdict]
) -> Iterator[Element]:
    yield _section(
        "What each arrangement takes",
        f"{describe_plan(report)}. {_SHARED}",
        draw(chart_sizes(figures)),
        tables.table_sizes(figures),
    )
    yield _section(
        "What together saves",
        _REDIS if any(each.redis is not None for each in figures.columns) else "",
        draw(chart_savings(figures, verdicts)),
        tables.table_savings(figures),
    )
    waterfall = work_out_waterfall(report)
    if waterfall is not None:
        yield _section("Where the memory went", _WAY, draw(chart_waterfall(waterfall)))

    worths = list_worths(report)
    if worths:
        yield _section(
            "What each saving is worth alone",
            "Together with one saving taken away, less together as it is.",
            draw(chart_worths(worths)),
        )

    yield from _list_series(report)
    yield _section("The price", _PRICE, table_price(figures))
    if report.crashes:
        yield _section("What a crash takes with it", _CRASH, table_crashes(report))


def _list_shares(attribution: Attribution | None) -> Iterator[Element]:
    if attribution is not None:
        chart = chart_shares(work_out_shares(attribution))
        yield _section(
            chart.title, _SHARES, draw(chart), *list_attribution_tables(attribution)
        )


def _list_series(report: Report) -> Iterator[Element]:
    for chart, words in (
        (chart_checkpoints(report), _CHECKPOINTS),
        (chart_series(report), _SERIES),
        (chart_launches(report), _LAUNCHES),
    ):
        if chart is not None:
            yield _section(chart.title, words, draw(chart))


def _list_notes(figures: Figures, report: Report) -> Iterator[Element]:
    notes: dict[str, list[str]] = {}
    for name, text in list_words(figures):
        notes.setdefault(name, []).append(text)

    facts = [fact for name, texts in notes.items() for fact in _fact(name, texts)]
    yield node("dl", *facts)
    versions = report.environment.versions.items()
    yield node(
        "details",
        node("summary", f"{len(versions)} installed distributions"),
        node("p", ", ".join(f"{name} {text}" for name, text in versions)),
    )


def _fact(name: str, texts: Sequence[str]) -> Iterator[Element]:
    yield node("dt", name)
    yield from (node("dd", text) for text in texts)


def _section(title: str, words: str, *content: Element) -> Element:
    note = [node("p", words, class_="note")] if words else []
    return node("section", node("h2", title), *note, *content)


def draw(chart: RowChart | LineChart) -> Element:
    """Return the chart in both widths, with its legend where colours need one."""

    if isinstance(chart, LineChart):
        return node("figure", draw_lines(chart, WIDE), draw_lines(chart, NARROW))

    drawn = node("figure", draw_rows(chart, WIDE), draw_rows(chart, NARROW))
    keys = chart.keys
    if len(keys) > 1 and not chart.falls and len(set(keys.values())) > 1:
        drawn.append(
            node(
                "ul",
                *(node("li", draw_key(colour), name) for name, colour in keys.items()),
                class_="legend",
            )
        )

    return drawn
