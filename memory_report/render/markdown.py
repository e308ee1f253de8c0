"""The report as Markdown, for a pull request's comment or a step's summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memory_report.figures import Column, Figures, work_out
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


def render_markdown(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts, the sentence, the tables, and the rest folded away."""

    figures = work_out(report)
    worths = list_worths(report)
    gates = [
        f"- **{verdict.outcome.value}**: {describe_verdict(verdict)}"
        for verdict in verdicts
    ]
    notes = [f"- {name}: {text}" for name, text in list_words(figures)]
    notes += [f"- crash: {describe_crash(crash)}" for crash in report.crashes]
    blocks = [
        "### Memory report",
        *(["\n".join(gates)] if gates else []),
        conclude(figures),
        *(["\n".join(_savings(figures))] if figures.savings else []),
        *(["\n".join(_worths(worths))] if worths else []),
        "\n".join(_prices(figures.columns)),
        "\n".join(
            [
                f"<details><summary>{describe_plan(report)}</summary>",
                "",
                *_table(figures),
                "",
                *_checkpoints(figures.columns),
                "",
                *notes,
                "",
                "</details>",
            ]
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _savings(figures: Figures) -> Iterator[str]:
    yield "| | before | together | saved | share | 95 % interval |"
    yield "|---|---:|---:|---:|---:|---:|"
    for saving in figures.savings:
        if saving.redis:
            continue

        column = figures.find_column(saving.reference)
        before = getattr(column.total, saving.field)
        after = getattr(figures.together.total, saving.field)
        yield (
            f"| {saving.field.upper()} of {saving.reference} "
            f"| {mib(before)} MiB | {mib(after)} MiB "
            f"| {mib(saving.size)} MiB | {percent(saving.share.value)} "
            f"| {bounds(saving.share)} |"
        )


def _worths(worths: Sequence[Step]) -> Iterator[str]:
    yield "| together without this takes more | MiB | 95 % interval |"
    yield "|---|---:|---:|"
    for step in worths:
        yield f"| {step.name} | {mib(step.size.value)} | {mib_bounds(step.size)} |"


def _prices(columns: Sequence[Column]) -> Iterator[str]:
    heads = [f"{name}, {unit}" if unit else name for name, unit in PRICE_HEAD]
    yield f"| price | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * len(heads)}"
    for column in columns:
        yield f"| {column.arrangement} | {' | '.join(list_prices(column))} |"


def _checkpoints(columns: Sequence[Column]) -> Iterator[str]:
    names = [*CHECKPOINTS, STORY_PEAK]
    yield f"| PSS, MiB | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for column in columns:
        sizes = [*map(column.checkpoints.get, CHECKPOINTS), column.peak]
        cells = ("-" if size is None else mib(size) for size in sizes)
        yield f"| {column.arrangement} | {' | '.join(cells)} |"


def _table(figures: Figures) -> Iterator[str]:
    yield "| | PSS | USS | RSS |"
    yield "|---|---:|---:|---:|"
    for column in figures.columns:
        yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    name = column.arrangement
    for process, sizes in column.processes.items():
        yield _row(f"{name}: {process}", sizes)

    yield f"| {name}: shared with others | {mib(column.shared)} | | |"
    yield _row(f"**{name}**", column.total)
    if column.redis is not None:
        yield _row(f"{name}: {REDIS}", column.redis)
        yield _row(f"{name} with {REDIS}", column.total_with_redis)


def _row(name: str, sizes: Sizes) -> str:
    return f"| {name} | {mib(sizes.pss)} | {mib(sizes.uss)} | {mib(sizes.rss)} |"
