"""The report as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill

from memory_report.doctor import Finding
from memory_report.figures import Column, Figures, Saving, work_out
from memory_report.gates import Verdict
from memory_report.records import REDIS, Report
from memory_report.render.words import (
    conclude,
    describe_plan,
    describe_verdict,
    interval,
    mib,
    percent,
)
from memory_report.statistics import Sizes

_TEXT_WIDTH = 79
_RULE = "-" * 62


def render_text(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the whole report as text that ends with a line end."""

    figures = work_out(report)
    blocks = [
        describe_plan(report.plan),
        "\n".join(_table(figures)),
        "\n".join(_savings(figures.savings)),
        fill(conclude(figures), _TEXT_WIDTH, break_on_hyphens=False),
        "\n".join(_note(name, text) for name, text in figures.notes),
    ]
    lines = [
        f"gate {verdict.outcome.value}: {describe_verdict(verdict)}"
        for verdict in verdicts
    ]
    return "\n".join(["\n\n".join(blocks), *lines]) + "\n"


def render_finding(finding: Finding) -> str:
    """Return one line of the doctor."""

    return f"{finding.mark.value:<8} {finding.subject:<13} {finding.text}"


def _table(figures: Figures) -> Iterator[str]:
    yield _row("", "PSS", "USS", "RSS")
    for column in (figures.separate, figures.together):
        yield _RULE
        yield column.arrangement
        yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    for name, sizes in column.processes.items():
        yield _sizes_row(f"  {name}", sizes)

    yield _row("  shared with this report", mib(column.shared), "", "")
    yield _sizes_row("  total", column.total)
    if column.redis is not None:
        yield _sizes_row(f"  {REDIS}", column.redis)
        yield _sizes_row(f"  total with {REDIS}", column.total_with_redis)


def _savings(savings: Sequence[Saving]) -> Iterator[str]:
    yield f"{'saved':<26}{'MiB':>8}{'share':>10}"
    yield _RULE
    for saving in savings:
        name = saving.field.upper() + (f", with {REDIS}" if saving.redis else "")
        yield (
            f"{name:<26}{mib(saving.size):>8}{percent(saving.share.value):>10}"
            f"   {interval(saving.share)}"
        )


def _note(name: str, text: str) -> str:
    return fill(
        f"{name + ':':<8}{text}",
        _TEXT_WIDTH,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
    )


def _sizes_row(name: str, sizes: Sizes) -> str:
    return _row(name, mib(sizes.pss), mib(sizes.uss), mib(sizes.rss))


def _row(name: str, pss: str, uss: str, rss: str) -> str:
    return f"{name:<32}{pss:>10}{uss:>10}{rss:>10}".rstrip()
