"""The command line: reads arguments, prints, and knows what each exit code means."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio

from memory_report.arrangements import RUNNER
from memory_report.environment import check_system
from memory_report.errors import MeasurementError, NotComparableError, ReportFileError
from memory_report.gates import Gate, Outcome, judge
from memory_report.ledger import check_ledgers, check_pairs
from memory_report.measure import measure
from memory_report.records import (
    Plan,
    Report,
    Story,
    check_writable,
    read_report,
    write_report,
)
from memory_report.render import render_report, render_verdict

PASSED, FAILED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
NOT_COMPARABLE, NOT_MEASURED, INTERRUPTED = 4, 5, 130

QUICK_STORY = Story(logins=3, board_reads=60, board_writes=10, sockets=5, triggers=2)
SAMPLES = 5
SAMPLE_INTERVAL = 0.2
DEFAULT_REPEATS, QUICK_REPEATS = 5, 3
DEFAULT_SETTLE, QUICK_SETTLE = 10.0, 2.0

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
  5  could not measure: something is missing, died or did not answer

examples:
  python -m memory_report
  python -m memory_report --quick --min-saving 45
  python -m memory_report measure --repeats 7 --json report.json
  python -m memory_report show report.json --min-saving 45 --max-pss 60
"""

_STYLE: dict[str, Any] = {
    "formatter_class": argparse.RawDescriptionHelpFormatter,
    "allow_abbrev": False,
    "epilog": _EPILOG,
}


def main(argv: Sequence[str] | None = None, *, runner: tuple[str, ...] = RUNNER) -> int:
    """Run a sub-command, `measure` where none is named; return the exit code.

    `runner` is the command that launches services.
    """

    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "measure")

    options = _make_parser().parse_args(words, argparse.Namespace(runner=runner))
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except NotComparableError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_COMPARABLE
    except ReportFileError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except MeasurementError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_MEASURED
    except Exception:  # noqa: BLE001 -- exit code 1 would call it a failed gate
        traceback.print_exc()
        return NOT_MEASURED
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return INTERRUPTED


def run_measure(options: argparse.Namespace) -> int:
    """Launch, load, sample, print."""

    repeats = QUICK_REPEATS if options.quick else DEFAULT_REPEATS
    settle = QUICK_SETTLE if options.quick else DEFAULT_SETTLE
    plan = Plan(
        repeats=repeats if options.repeats is None else options.repeats,
        settle=settle if options.settle is None else options.settle,
        samples=SAMPLES,
        sample_interval=SAMPLE_INTERVAL,
        story=QUICK_STORY if options.quick else Story(),
    )
    check_system()
    if options.json is not None:
        check_writable(options.json)

    with ended_like_interrupts():
        report = trio.run(
            partial(measure, plan, runner=options.runner, progress=show_progress)
        )

    if options.json is not None:
        write_report(report, options.json)

    return print_report(report, options)


def run_show(options: argparse.Namespace) -> int:
    """Print a report that was kept."""

    return print_report(read_report(options.file), options)


def print_report(report: Report, options: argparse.Namespace) -> int:
    """Print the table and the gates; return what the gates say.

    Raises:
        NotComparableError: the launches did not do the same work; nothing is printed.
    """

    gate = Gate(
        min_saving=None if options.min_saving is None else options.min_saving / 100,
        max_pss=None if options.max_pss is None else options.max_pss * 1024 * 1024,
    )
    check_pairs(report.launches)
    check_ledgers(report.launches)
    verdicts = judge(report, gate)
    print(render_report(report), end="")
    for verdict in verdicts:
        print(render_verdict(verdict))

    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FAILED in outcomes:
        return FAILED

    return INCONCLUSIVE if Outcome.INCONCLUSIVE in outcomes else PASSED


@contextmanager
def ended_like_interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does: everything is reaped.

    Trio turns SIGINT into an exception at a place where that is safe.
    """

    ends = (signal.SIGTERM, signal.SIGHUP)
    previous = [
        signal.signal(end, lambda *_: signal.raise_signal(signal.SIGINT))
        for end in ends
    ]
    try:
        yield
    finally:
        for end, handler in zip(ends, previous, strict=True):
            signal.signal(end, handler)


def show_progress(line: str) -> None:
    """Say on a terminal what is going on; stay quiet in a pipe."""

    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m memory_report", description=_DESCRIPTION, **_STYLE
    )
    commands = parser.add_subparsers(required=True)

    gates = argparse.ArgumentParser(add_help=False)
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
    _add_measure(commands, gates)

    show = commands.add_parser(
        "show",
        parents=[gates],
        help="print a kept report",
        description="Print a report that `measure --json` kept.",
        **_STYLE,
    )
    show.add_argument("file", type=Path, metavar="FILE")
    show.set_defaults(command=run_show)
    return parser


def _add_measure(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    gates: argparse.ArgumentParser,
) -> None:
    command = commands.add_parser(
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
    command.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="keep the report, raw samples included (default: not kept)",
    )
    command.set_defaults(command=run_measure)


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
