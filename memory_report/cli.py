"""The command line: reads arguments, prints, and knows what each exit code means."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import trio

from memory_report.arguments import (
    DEFAULT_REPEATS,
    DEFAULT_SETTLE,
    QUICK_REPEATS,
    QUICK_SETTLE,
    QUICK_STORY,
    SAMPLE_INTERVAL,
    SAMPLES,
    make_parser,
)
from memory_report.arrangements import RUNNER
from memory_report.doctor import Mark, examine
from memory_report.environment import check_system
from memory_report.errors import MeasurementError, NotComparableError, ReportFileError
from memory_report.gates import Gate, Outcome, judge
from memory_report.ledger import check_ledgers, check_pairs
from memory_report.measure import measure
from memory_report.recording import Recorder
from memory_report.records import (
    Plan,
    Report,
    Story,
    check_writable,
    read_report,
    write_json,
)
from memory_report.render import FORMATS
from memory_report.render.recording import render_recording, render_sample
from memory_report.render.text import render_finding

PASSED, FAILED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
NOT_COMPARABLE, NOT_MEASURED, INTERRUPTED = 4, 5, 130


def main(argv: Sequence[str] | None = None, *, runner: tuple[str, ...] = RUNNER) -> int:
    """Run a sub-command, `measure` where none is named; return the exit code.

    `runner` is the command that launches services.
    """

    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "measure")

    options = make_parser().parse_args(words, argparse.Namespace(runner=runner))
    try:
        return COMMANDS[options.command](options)
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
        write_json(report, options.json)

    return print_report(report, options)


def run_show(options: argparse.Namespace) -> int:
    """Print a report that was kept."""

    return print_report(read_report(options.file), options)


def run_record(options: argparse.Namespace) -> int:
    """Watch processes, and print what they took; Ctrl-C is a usual end."""

    check_system()
    if options.json is not None:
        check_writable(options.json)

    recorder = Recorder(options.pids, interval=options.interval)
    run = partial(
        recorder.run,
        seconds=options.seconds,
        progress=lambda sample: show_progress(render_sample(sample)),
    )
    with ended_like_interrupts():
        try:
            end = trio.run(run)
        except KeyboardInterrupt:
            end = "it was interrupted"

    recording = recorder.finish(end)
    if not recording.samples:
        return INTERRUPTED

    if options.json is not None:
        write_json(recording, options.json)

    print(render_recording(recording), end="")
    return PASSED


def run_doctor(_options: argparse.Namespace) -> int:
    """Print what a measurement here would suffer from."""

    findings = list(examine())
    for finding in findings:
        print(render_finding(finding))

    bad = any(finding.mark is Mark.FAULT for finding in findings)
    return NOT_MEASURED if bad else PASSED


COMMANDS = {
    "measure": run_measure,
    "show": run_show,
    "record": run_record,
    "doctor": run_doctor,
}


def print_report(report: Report, options: argparse.Namespace) -> int:
    """Print the report in the chosen format; return what its gates say.

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
    print(FORMATS[options.format](report, verdicts), end="")

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
