"""The report as Markdown, for a pull request's comment or a step's summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memory_report.figures import Column, Figures, work_out
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


def render_markdown(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts, the sentence, the tables, and the rest folded away."""

    figures = work_out(report)
    gates = [
        f"- **{verdict.outcome.value}**: {describe_verdict(verdict)}"
        for verdict in verdicts
    ]
    notes = [f"- {name}: {text}" for name, text in figures.notes]
    blocks = [
        "### Memory report",
        *(["\n".join(gates)] if gates else []),
        conclude(figures),
        "\n".join(_savings(figures)),
        "\n".join(
            [
                f"<details><summary>{describe_plan(report.plan)}</summary>",
                "",
                *_table(figures),
                "",
                *notes,
                "",
                "</details>",
            ]
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _savings(figures: Figures) -> Iterator[str]:
    yield "| | separate | together | saved | share | |"
    yield "|---|---:|---:|---:|---:|---|"
    for saving in figures.savings:
        if saving.redis:
            continue

        before = getattr(figures.separate.total, saving.field)
        after = getattr(figures.together.total, saving.field)
        yield (
            f"| {saving.field.upper()} | {mib(before)} MiB | {mib(after)} MiB "
            f"| {mib(saving.size)} MiB | {percent(saving.share.value)} "
            f"| {interval(saving.share)} |"
        )


def _table(figures: Figures) -> Iterator[str]:
    yield "| | PSS | USS | RSS |"
    yield "|---|---:|---:|---:|"
    for column in (figures.separate, figures.together):
        yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    name = column.arrangement
    for process, sizes in column.processes.items():
        yield _row(f"{name}: {process}", sizes)

    yield f"| {name}: shared with this report | {mib(column.shared)} | | |"
    yield _row(f"**{name}**", column.total)
    if column.redis is not None:
        yield _row(f"{name}: {REDIS}", column.redis)
        yield _row(f"{name} with {REDIS}", column.total_with_redis)


def _row(name: str, sizes: Sizes) -> str:
    return f"| {name} | {mib(sizes.pss)} | {mib(sizes.uss)} | {mib(sizes.rss)} |"
