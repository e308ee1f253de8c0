"""What may be typed after `python -m memory_report`, and what it means."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memory_report.records import Story
from memory_report.render import FORMATS

QUICK_STORY = Story(logins=3, board_reads=60, board_writes=10, sockets=5, triggers=2)
SAMPLES = 5
SAMPLE_INTERVAL = 0.2
DEFAULT_REPEATS, QUICK_REPEATS = 5, 3
DEFAULT_SETTLE, QUICK_SETTLE = 10.0, 2.0
DEFAULT_INTERVAL = 1.0

_DESCRIPTION = """\
Measure what it saves to run web, ws and tasks in one interpreter (together)
instead of three processes with Redis between them (separate). Both do the same
work, counted at both ends; otherwise nothing is compared."""

_EPILOG = """\
exit codes:
  0  measured, and every gate passed
  1  a gate failed: the whole interval is on the wrong side of its bar
  2  wrong usage, or a file that cannot be read or written
  3  inconclusive: the interval has the bar inside, there is none (one launch),
     or a launch had not settled
  4  not comparable: the launches did not do the same work
  5  could not measure: something is missing, died or did not answer; or the
     doctor found that it would be so

examples:
  python -m memory_report
  python -m memory_report --quick --min-saving 45
  python -m memory_report measure --repeats 7 --json report.json
  python -m memory_report show report.json --min-saving 45 --max-pss 60
  python -m memory_report record $(pgrep -f "python -m runner") --seconds 60
  python -m memory_report doctor
"""

_STYLE: dict[str, Any] = {
    "formatter_class": argparse.RawDescriptionHelpFormatter,
    "allow_abbrev": False,
    "epilog": _EPILOG,
}


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; `command` of what it returns is the sub-command's name."""

    parser = argparse.ArgumentParser(
        prog="python -m memory_report", description=_DESCRIPTION, **_STYLE
    )
    subparsers = parser.add_subparsers(required=True)

    gates = argparse.ArgumentParser(add_help=False)
    gates.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how the report is printed (default: text)",
    )
    gates.add_argument(
        "--min-saving",
        type=_number(0, 100),
        metavar="PERCENT",
        help="gate: least share of PSS saved, without Redis, by the interval's lower "
        "bound (default: no gate)",
    )
    gates.add_argument(
        "--max-pss",
        type=_number(0, math.inf),
        metavar="MIB",
        help="gate: most PSS of everything together, by the interval's upper bound "
        "(default: no gate)",
    )
    measure = _add_measure(subparsers, gates)
    measure.set_defaults(command="measure")

    show = subparsers.add_parser(
        "show",
        parents=[gates],
        help="print a kept report",
        description="Print a report that `measure --json` kept.",
        **_STYLE,
    )
    show.add_argument("file", type=Path, metavar="FILE")
    show.set_defaults(command="show")

    _add_record(subparsers)
    doctor = subparsers.add_parser(
        "doctor",
        help="say what here would spoil a measurement",
        description="Look at what the figures of this machine depend on: rights, free "
        "memory, swap, huge pages, neighbours, bytecode.",
        **_STYLE,
    )
    doctor.set_defaults(command="doctor")
    return parser


def _add_measure(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    gates: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    command = subparsers.add_parser(
        "measure",
        parents=[gates],
        help="launch both arrangements and compare them (the default)",
        description=_DESCRIPTION,
        **_STYLE,
    )
    command.add_argument(
        "--repeats",
        type=_count,
        metavar="N",
        help="launches of each arrangement, besides one to warm up "
        f"(default: {DEFAULT_REPEATS}, {QUICK_REPEATS} with --quick)",
    )
    command.add_argument(
        "--settle",
        type=_number(0, 3600),
        metavar="SECONDS",
        help="wait between the story and the first sample "
        f"(default: {DEFAULT_SETTLE:g}, {QUICK_SETTLE:g} with --quick)",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="a shorter story, fewer launches (default: off)",
    )
    _add_json(command, "keep the report, raw samples included")
    return command


def _add_record(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    command = subparsers.add_parser(
        "record",
        help="watch processes that run already",
        description="Sample the memory of processes and all their descendants until "
        "they have ended, the time is over, or Ctrl-C.",
        **_STYLE,
    )
    command.add_argument("pids", type=_pid, nargs="+", metavar="PID")
    command.add_argument(
        "--interval",
        type=_number(0.01, 3600),
        default=DEFAULT_INTERVAL,
        metavar="SECONDS",
        help=f"from one sample to the next (default: {DEFAULT_INTERVAL:g})",
    )
    command.add_argument(
        "--seconds",
        type=_number(0, math.inf),
        metavar="SECONDS",
        help="how long (default: until the processes have ended)",
    )
    _add_json(command, "keep the series")
    command.set_defaults(command="record")


def _add_json(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--json", type=Path, metavar="FILE", help=f"{what} (default: not kept)"
    )


def _pid(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a process")

    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")

    return int(text)


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan

        if math.isfinite(value) and least <= value <= most:
            return value

        limit = f" to {most:g}" if most < math.inf else " up"
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number from {least:g}{limit}"
        )

    return parse
