"""The ways to show an attribution: of the same record always the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill

import msgspec

from memory_report.attribution.figures import Figures, work_out
from memory_report.attribution.records import SCHEMA, Attribution
from memory_report.render.words import mib, percent
from memory_report.statistics import Estimate
from memory_report.units import KIB, MIB

_WIDTH = 79
#: Kinds of memory that have less are added up.
_LEAST = 100 * KIB
#: How many of those who ask for a module are named.
_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows below a title."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: Which columns are words; the others are figures.
    words: tuple[int, ...] = (0,)
    note: str = ""


def render_text(record: Attribution) -> str:
    """Return the tables for a terminal."""

    figures = work_out(record)
    blocks = [
        "\n".join([*_draw(table), *([_wrap(table.note)] if table.note else [])])
        for table in list_tables(record, figures)
    ]
    return "\n\n".join([_describe(record), *blocks, _wrap(_explain(figures))]) + "\n"


def render_markdown(record: Attribution) -> str:
    """Return the tables for a pull request's comment: the shares open, the rest not."""

    figures = work_out(record)
    first, *others = list_tables(record, figures)
    blocks = [
        "### Whose memory it is",
        _describe(record),
        "\n".join(_draw_pipes(first)),
    ]
    for table in others:
        note = ["", table.note] if table.note else []
        lines = ["", *_draw_pipes(table), *note, "", "</details>"]
        summary = f"<details><summary>{table.title}</summary>"
        blocks.append("\n".join([summary, *lines]))

    return "\n\n".join([*blocks, _explain(figures)]) + "\n"


def render_json(record: Attribution) -> str:
    """Return the procedure and the figures, for a program; sizes in bytes."""

    content = {
        "schema": SCHEMA,
        "machine": record.machine,
        "plan": record.plan,
        "figures": work_out(record),
    }
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    return text.decode() + "\n"


#: By the word that chooses it.
FORMATS: dict[str, Callable[[Attribution], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
}


def list_tables(record: Attribution, figures: Figures) -> Iterator[Table]:
    """Yield every table, the shares first."""

    yield _share_table(figures)
    yield _merging_table(record, figures)
    if figures.slopes:
        yield _slope_table(record, figures)

    yield _region_table(figures)
    yield _file_table(figures)
    yield _freed_table(figures)
    yield _tree_table(figures)


def _share_table(figures: Figures) -> Table:
    rows = [
        (
            each.service,
            *_with_bounds(each.share),
            mib(each.alone.value),
            mib(each.back.value),
        )
        for each in figures.shares
    ]
    return Table(
        title="whose memory it is",
        header=("service", "share", "95 % interval", "alone", "given back"),
        rows=(
            ("floor of all", *_with_bounds(figures.floor), "", ""),
            *rows,
            ("total", *_with_bounds(figures.total), "", ""),
        ),
        note="service: its name in the plan; share: what it adds, averaged over all "
        "orders (Shapley); alone: what it adds to the floor; given back: what is free "
        "once it is switched off",
    )


def _merging_table(record: Attribution, figures: Figures) -> Table:
    # Own services have no slopes, and no Redis.
    redis = "; without the Redis that the bundled services need there"
    return Table(
        title="what it saves to merge processes",
        header=("services", "apart", "merged", "saved", "share"),
        rows=tuple(
            (
                "+".join(each.services),
                mib(each.apart),
                mib(each.together),
                mib(each.saved.value),
                percent(each.share.value),
            )
            for each in figures.mergings
        ),
        note="apart: each in a process of its own, files in common counted once"
        f"{redis if record.slopes else ''}",
    )


def _slope_table(record: Attribution, figures: Figures) -> Table:
    plan = record.plan
    return Table(
        title="what one more costs, in KiB",
        header=("one more", "KiB", "95 % interval"),
        rows=tuple(
            (unit, *_with_bounds(slope, divisor=KIB))
            for unit, slope in figures.slopes.items()
        ),
        note=f"slope over {plan.steps} readings, {plan.step} more at each",
    )


def _region_table(figures: Figures) -> Table:
    large = {name: size for name, size in figures.regions.items() if size >= _LEAST}
    rest = sum(figures.regions.values()) - sum(large.values())
    return Table(
        title="what it consists of, all services together",
        header=("mapped", "MiB"),
        rows=(
            *((name, mib(size)) for name, size in large.items()),
            ("the rest", mib(rest)),
        ),
    )


def _file_table(figures: Figures) -> Table:
    return Table(
        title="the largest files that are mapped",
        header=("file", "MiB", "own", "of the file"),
        rows=tuple(
            (each.name, *_in_mib(each.own + each.cached, each.own, each.cached))
            for each in figures.files
        ),
        note="own: pages that were written to since; of the file: pages that every "
        "process has in common that maps it",
    )


def _freed_table(figures: Figures) -> Table:
    return Table(
        title="imports: what would be free if nobody imported it",
        header=("module", "MiB", "modules", "asked for by"),
        words=(0, 3),
        rows=tuple(
            (
                each.name,
                f"{each.size / MIB:.2f}",
                str(each.modules),
                _name_some(each.importers),
            )
            for each in figures.freed
        ),
    )


def _tree_table(figures: Figures) -> Table:
    return Table(
        title="imports: by who pulled them in first",
        header=("module", "MiB"),
        rows=tuple(
            (f"{'. ' * each.depth}{each.module}", f"{each.size / MIB:.2f}")
            for each in figures.tree
        ),
        note="with all that a module pulled in; those below 1 MiB are left out; a "
        "module may weigh a little less than one of them, since memory comes in pages",
    )


def _describe(record: Attribution) -> str:
    rounds = "round" if record.plan.rounds == 1 else "rounds"
    load = "after load" if record.slopes else "after the start"
    return (
        f"Attribution in MiB {load}, {record.plan.rounds} {rounds} over "
        f"{2 ** len(record.services)} sets of services, {record.machine.python}"
    )


def _explain(figures: Figures) -> str:
    return (
        f"All services together take {mib(figures.total.value)} MiB, "
        f"{figures.ratio.value:.2f} times what an interpreter takes that only "
        f"imported the same modules ({mib(figures.imports)} MiB; one that imported "
        f"nothing {mib(figures.bare)} MiB). Sizes count a process's files in full, as "
        "if nobody else mapped them; with what others mapped meanwhile, its PSS was "
        f"{mib(figures.pss)} MiB."
    )


def _draw(table: Table) -> Iterator[str]:
    rows = (table.header, *table.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    yield table.title
    for number, row in enumerate(rows):
        if number == 1 or row[0] == "total":
            yield rule

        cells = [
            cell.ljust(width) if at in table.words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _draw_pipes(table: Table) -> Iterator[str]:
    marks = ["---" if at in table.words else "---:" for at in range(len(table.header))]
    for row in (table.header, marks, *table.rows):
        yield f"| {' | '.join(row)} |"


def _with_bounds(estimate: Estimate, *, divisor: int = MIB) -> tuple[str, str]:
    value = f"{estimate.value / divisor:.1f}"
    if estimate.lower is None or estimate.upper is None:
        return value, "-"

    return value, f"{estimate.lower / divisor:.1f} to {estimate.upper / divisor:.1f}"


def _in_mib(*sizes: float) -> tuple[str, ...]:
    return tuple(f"{size / MIB:.2f}" for size in sizes)


def _name_some(names: Sequence[str]) -> str:
    named = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _wrap(text: str) -> str:
    return fill(text, _WIDTH, break_on_hyphens=False)
