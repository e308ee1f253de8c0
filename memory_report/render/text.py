"""The report as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill

from memory_report.doctor import Finding
from memory_report.figures import Column, Figures, Saving, work_out
from memory_report.gates import Verdict
from memory_report.records import CHECKPOINTS, REDIS, Report
from memory_report.render.words import (
    PRICE_HEAD,
    STORY_PEAK,
    bounds,
    conclude,
    describe_crash,
    describe_plan,
    describe_verdict,
    list_prices,
    list_words,
    mib,
    mib_bounds,
    percent,
)
from memory_report.statistics import Sizes
from memory_report.waterfall import Step, list_worths

_TEXT_WIDTH = 79
_RULE = "-" * 62
_WIDE_RULE = "-" * 82


def render_text(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the whole report as text that ends with a line end."""

    figures = work_out(report)
    worths = list_worths(report)
    notes = [
        *list_words(figures),
        *(("crash", describe_crash(x)) for x in report.crashes),
    ]
    blocks = [
        fill(describe_plan(report), _TEXT_WIDTH),
        "\n".join(_table(figures)),
        *(["\n".join(_savings(figures.savings))] if figures.savings else []),
        *(["\n".join(_worths(worths))] if worths else []),
        "\n".join(_checkpoints(figures.columns)),
        "\n".join(_prices(figures.columns)),
        fill(conclude(figures), _TEXT_WIDTH, break_on_hyphens=False),
        "\n".join(_note(name, text) for name, text in notes),
    ]
    lines = [
        f"gate {verdict.outcome.value}: {describe_verdict(verdict)}"
        for verdict in verdicts
    ]
    return "\n".join(["\n\n".join(blocks), *lines]) + "\n"


def render_finding(finding: Finding) -> str:
    """Return one line of the doctor."""

    return f"{finding.severity.value:<8} {finding.subject:<13} {finding.text}"


def _table(figures: Figures) -> Iterator[str]:
    yield _row("", "PSS", "USS", "RSS")
    for column in (*figures.references, figures.together):
        yield _RULE
        yield column.arrangement
        yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    for name, sizes in column.processes.items():
        yield _sizes_row(f"  {name}", sizes)

    yield _row("  shared with others", mib(column.shared), "", "")
    yield _sizes_row("  total", column.total)
    if column.redis is not None:
        yield _sizes_row(f"  {REDIS}", column.redis)
        yield _sizes_row(f"  total with {REDIS}", column.total_with_redis)


def _savings(savings: Sequence[Saving]) -> Iterator[str]:
    yield f"{'saved':<34}{'MiB':>8}{'share':>10}   95 % interval"
    yield _WIDE_RULE
    for saving in savings:
        if saving.redis and saving.field != "pss":
            continue  # the lines of many references would bury the one that counts

        redis = f", with {REDIS}" if saving.redis else ""
        name = f"{saving.field.upper()} of {saving.reference}{redis}"
        yield (
            f"{name:<34}{mib(saving.size):>8}{percent(saving.share.value):>10}"
            f"   {bounds(saving.share)}"
        )


def _worths(worths: Sequence[Step]) -> Iterator[str]:
    head = "together without this takes more"
    yield f"{head:<34}{'MiB':>8}{'':>10}   95 % interval"
    yield _WIDE_RULE
    for step in worths:
        size = mib(step.size.value)
        yield f"{step.name:<34}{size:>8}{'':>10}   {mib_bounds(step.size)}".rstrip()


def _checkpoints(columns: Sequence[Column]) -> Iterator[str]:
    names = [*CHECKPOINTS, STORY_PEAK]
    yield _wide_row("PSS, MiB", names, names)
    yield _WIDE_RULE
    for column in columns:
        sizes = [*map(column.checkpoints.get, CHECKPOINTS), column.peak]
        cells = ["-" if size is None else mib(size) for size in sizes]
        yield _wide_row(column.arrangement, cells, names)


def _prices(columns: Sequence[Column]) -> Iterator[str]:
    names, units = zip(*PRICE_HEAD, strict=True)
    yield _wide_row("price", names, names)
    yield _wide_row("", units, names)
    yield _WIDE_RULE
    for column in columns:
        yield _wide_row(column.arrangement, list_prices(column), names)


def _wide_row(name: str, cells: Sequence[str], heads: Sequence[str]) -> str:
    """Return a row whose columns are as wide as their heads."""

    columns = (
        f"{cell:>{max(len(head) + 1, 6)}}"
        for cell, head in zip(cells, heads, strict=True)
    )
    return f"{name:<19}{''.join(columns)}".rstrip()


def _note(name: str, text: str) -> str:
    return fill(
        f"{name + ':':<7} {text}",
        _TEXT_WIDTH,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
    )


def _sizes_row(name: str, sizes: Sizes) -> str:
    return _row(name, mib(sizes.pss), mib(sizes.uss), mib(sizes.rss))


def _row(name: str, pss: str, uss: str, rss: str) -> str:
    return f"{name:<32}{pss:>10}{uss:>10}{rss:>10}".rstrip()
