"""What may be typed after `python -m memory_report`, and what it means."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from memory_report.argument_types import count, number, pid
from memory_report.attribution.arguments import add_attribute
from memory_report.catalogue import ARRANGEMENTS
from memory_report.errors import UsageError
from memory_report.help import PROGRAM, Parser
from memory_report.kept.arguments import add_bars, add_kept
from memory_report.records import TOGETHER
from memory_report.render.attribution import FORMATS as ATTRIBUTION_FORMATS
from memory_report.render.formats import FORMATS
from memory_report.shared_arguments import add_format, add_json
from memory_report.waterfall import SAVINGS
from runner.errors import suggest

if TYPE_CHECKING:
    from memory_report.shared_arguments import Subparsers

SAMPLES = 5
SAMPLE_INTERVAL = 0.2
DEFAULT_REPEATS, QUICK_REPEATS = 5, 3
#: Longer than it takes the runner to give memory back when it is idle (four seconds).
DEFAULT_SETTLE, QUICK_SETTLE = 10.0, 5.0
DEFAULT_INTERVAL = 1.0

#: What is launched: against which references, and without which savings.
DEFAULT_ARRANGEMENTS = ("separate", "shipped", "forked", "together")
QUICK_ARRANGEMENTS = ("separate", "together")
#: The reference of a bar that names none.
USUAL_REFERENCE = "separate"
#: Behind the advice to launch one, what it needs besides.
_NEEDS = {"shipped": " (it needs supervisord, see `doctor`)"}

_DESCRIPTION = """\
Measure what it saves to run web, ws and tasks in one interpreter (together)
instead of three processes with Redis between them: each started by itself
(separate), by supervisord and Hypercorn (shipped), or forked from a parent that
has imported everything (forked). All do the same work, counted at both ends;
otherwise nothing is compared."""


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; `command` of what it returns is the sub-command's name."""

    parser = Parser(prog=PROGRAM, description=_DESCRIPTION)
    subparsers: Subparsers = parser.add_subparsers(required=True)

    gates = argparse.ArgumentParser(add_help=False)
    gates.add_argument(
        "--min-saving",
        type=_saving,
        action="append",
        default=[],
        metavar="[ARRANGEMENT=]PERCENT",
        help="gate: least share of PSS saved of an arrangement, by default "
        f"{USUAL_REFERENCE}, without Redis, by the interval's lower bound; may be "
        "given for several (default: no gate)",
    )
    gates.add_argument(
        "--max-pss",
        type=number(0, math.inf),
        metavar="MIB",
        help="gate: most PSS of everything together, by the interval's upper bound "
        "(default: no gate)",
    )
    add_bars(gates)
    measure = _add_measure(subparsers, gates)
    measure.set_defaults(command="measure")

    add_kept(subparsers, gates)
    _add_record(subparsers)
    add_attribute(subparsers, ATTRIBUTION_FORMATS)
    doctor = subparsers.add_parser(
        "doctor",
        help="say what here would spoil a measurement",
        description="Look at what the figures of this machine depend on: rights, free "
        "memory, swap, huge pages, neighbours, bytecode.",
    )
    doctor.set_defaults(command="doctor")
    return parser


def _add_measure(
    subparsers: Subparsers,
    gates: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = subparsers.add_parser(
        "measure",
        parents=[gates],
        help="launch the arrangements and compare them (the default)",
        description=_DESCRIPTION,
    )
    command.add_argument(
        "--repeats",
        type=count,
        metavar="N",
        help="launches of each arrangement, besides one to warm up "
        f"(default: {DEFAULT_REPEATS}, {QUICK_REPEATS} with --quick)",
    )
    command.add_argument(
        "--settle",
        type=number(0, 3600),
        metavar="SECONDS",
        help="wait between the story and the first sample "
        f"(default: {DEFAULT_SETTLE:g}, {QUICK_SETTLE:g} with --quick)",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="a shorter story, fewer launches (default: off)",
    )
    add_format(command, FORMATS, what="the report is")
    _add_choice(command)
    add_json(command, what="keep the report, raw samples included")
    return command


def _add_choice(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--arrangements",
        type=_arrangements,
        metavar="NAME,…",
        help=f"what is launched, of {', '.join(ARRANGEMENTS)}; together always is "
        f"(default: {','.join(DEFAULT_ARRANGEMENTS)}; with --quick or --plan "
        f"{','.join(QUICK_ARRANGEMENTS)})",
    )
    command.add_argument(
        "--savings",
        action="store_true",
        help="launch together without each of its savings too (default: off)",
    )
    command.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="measure the services of this plan (default: the bundled dashboard)",
    )
    command.add_argument(
        "--story",
        type=Path,
        metavar="FILE",
        help="a Python file whose `play` says what they are asked to do; needs --plan",
    )


def choose_arrangements(options: argparse.Namespace) -> tuple[str, ...]:
    """Return what is launched, `together` last.

    Raises:
        UsageError: one of them needs a Redis, which own services have not, or a bar is
            about something else.
    """

    own = options.plan is not None
    usual = QUICK_ARRANGEMENTS if options.quick or own else DEFAULT_ARRANGEMENTS
    names = [*(options.arrangements or usual)]
    if options.savings:
        names += [
            name for name in ARRANGEMENTS if name in SAVINGS and name not in names
        ]

    if own and "together-redis" in names:
        if "together-redis" in (options.arrangements or ()):
            raise UsageError(
                "together-redis is for the bundled services; own ones get no Redis "
                "from the report, so leave it out of --arrangements"
            )

        names.remove("together-redis")

    for reference, _ in options.min_saving:
        if reference not in names:
            raise UsageError(
                f"--min-saving is about {reference!r}, which is not launched; add it "
                f"to --arrangements{_NEEDS.get(reference, '')}"
            )

    return (*(name for name in names if name != TOGETHER), TOGETHER)


def _add_record(
    subparsers: Subparsers,
) -> None:
    command = subparsers.add_parser(
        "record",
        help="watch processes that run already",
        description="Sample the memory of processes and all their descendants until "
        "they have ended, the time is over, or Ctrl-C.",
    )
    command.add_argument("pids", type=pid, nargs="+", metavar="PID")
    command.add_argument(
        "--interval",
        type=number(0.01, 3600),
        default=DEFAULT_INTERVAL,
        metavar="SECONDS",
        help=f"from one sample to the next (default: {DEFAULT_INTERVAL:g})",
    )
    command.add_argument(
        "--seconds",
        type=number(0, math.inf),
        metavar="SECONDS",
        help="how long (default: until the processes have ended)",
    )
    add_json(command, what="keep the series")
    command.set_defaults(command="record")


def _arrangements(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in ARRANGEMENTS:
            hint = suggest(name, ARRANGEMENTS)
            raise argparse.ArgumentTypeError(f"no arrangement {name!r}{hint}")

    if names == (TOGETHER,):
        raise argparse.ArgumentTypeError("together alone is compared with nothing")

    return names


def _saving(text: str) -> tuple[str, float]:
    """Read an arrangement and the share of it that must be saved."""

    reference, _, percent = text.rpartition("=")
    if reference and (reference not in ARRANGEMENTS or reference == TOGETHER):
        hint = suggest(reference, [name for name in ARRANGEMENTS if name != TOGETHER])
        raise argparse.ArgumentTypeError(f"no arrangement {reference!r}{hint}")

    return reference or USUAL_REFERENCE, number(0, 100)(percent) / 100
