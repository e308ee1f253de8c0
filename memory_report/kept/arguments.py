"""The sub-commands about reports that were kept: show, check, compare, baseline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from memory_report.argument_types import number
from memory_report.baseline import BASELINE_FILE, Bars
from memory_report.render.comparison import FORMATS as COMPARISON_FORMATS
from memory_report.render.formats import FORMATS, PICTURES
from memory_report.render.verdicts import FORMATS as VERDICT_FORMATS
from memory_report.shared_arguments import add_file, add_format

if TYPE_CHECKING:
    from memory_report.shared_arguments import Subparsers


def add_bars(gates: argparse.ArgumentParser) -> None:
    """Add the bars that a baseline's file has, to what every gate may be given."""

    gates.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="gate: hold PSS together against this reviewed file, and everything "
        "against its bars (default: none; of check and baseline update "
        f"{BASELINE_FILE})",
    )
    gates.add_argument(
        "--max-regress",
        type=number(0, 1000),
        metavar="PERCENT",
        help="gate: most by which PSS together may be above the baseline's last, by "
        f"the interval's upper bound (default: the file's, {Bars().max_regress:g})",
    )
    gates.add_argument(
        "--max-drift",
        type=number(0, 1000),
        metavar="PERCENT",
        help="the same above the baseline's pinned release (default: the file's, "
        f"{Bars().max_drift:g})",
    )


def add_kept(subparsers: Subparsers, gates: argparse.ArgumentParser) -> None:
    """Add them, with the gates where a report is judged."""

    _add_show(subparsers, gates)
    _add_check(subparsers, gates)
    _add_compare(subparsers)
    _add_baseline(subparsers, gates)


def _add_show(subparsers: Subparsers, gates: argparse.ArgumentParser) -> None:
    show = subparsers.add_parser(
        "show",
        parents=[gates],
        help="print a kept report",
        description="Print a report that `measure --json` kept.",
    )
    add_file(show)
    add_format(show, (*FORMATS, *PICTURES), what="the report is")
    show.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where it is written (default: standard output)",
    )
    show.add_argument(
        "--attribution",
        type=Path,
        metavar="FILE",
        help="what `attribute --json` kept, for the page of --format html "
        "(default: none)",
    )
    show.set_defaults(command="show")


def _add_check(subparsers: Subparsers, gates: argparse.ArgumentParser) -> None:
    check = subparsers.add_parser(
        "check",
        parents=[gates],
        help="hold a kept report against its bars, and print nothing else",
        description="Print what each gate says about a kept report. Without a bar "
        "on the command line those of the reviewed baseline count.",
    )
    add_file(check)
    add_format(check, VERDICT_FORMATS, what="the verdicts are")
    check.set_defaults(command="check")


def _add_compare(subparsers: Subparsers) -> None:
    compare = subparsers.add_parser(
        "compare",
        help="say what changed between two kept reports",
        description="Compare two reports of the same work: of two commits, machines "
        "or interpreters.",
    )
    compare.add_argument("before", type=Path, metavar="BEFORE")
    compare.add_argument("after", type=Path, metavar="AFTER")
    add_format(compare, COMPARISON_FORMATS, what="the comparison is")
    compare.set_defaults(command="compare")


def _add_baseline(subparsers: Subparsers, gates: argparse.ArgumentParser) -> None:
    group = subparsers.add_parser(
        "baseline",
        help="show or move the reviewed file that check holds reports against",
        description="Show or move the reviewed file of what everything together takes.",
    )
    actions = group.add_subparsers(required=True)
    update = actions.add_parser(
        "update",
        parents=[gates],
        help="make a kept report the last accepted one; bars that are given are kept",
        description="Make a kept report the last accepted one. Bars that are given "
        "are kept; a report in doubt of what they speak of is refused.",
    )
    add_file(update)
    update.add_argument(
        "--release",
        metavar="NAME",
        help="pin it as this release as well (default: the pinned one stays)",
    )
    update.set_defaults(command="baseline update")

    show = actions.add_parser(
        "show",
        help="print the file",
        description="Print the reviewed file: its bars, and what was accepted.",
    )
    show.add_argument(
        "--baseline",
        type=Path,
        default=BASELINE_FILE,
        metavar="FILE",
        help=f"which (default: {BASELINE_FILE})",
    )
    show.set_defaults(command="baseline show")
