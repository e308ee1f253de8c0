"""The command line: reads arguments, prints, and knows what each exit code means."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from shutil import get_terminal_size

import trio

from memory_report.arguments import (
    DEFAULT_REPEATS,
    DEFAULT_SETTLE,
    QUICK_REPEATS,
    QUICK_SETTLE,
    SAMPLE_INTERVAL,
    SAMPLES,
    choose_arrangements,
    make_parser,
)
from memory_report.arrangements import BUNDLED, RUNNER
from memory_report.attribution.arguments import DEFAULT_PROCEDURE, QUICK_PROCEDURE
from memory_report.attribution.attribute import attribute
from memory_report.attribution.records import Attribution, read_attribution
from memory_report.catalogue import read_subject
from memory_report.doctor import Severity, examine
from memory_report.environment import check_system
from memory_report.errors import (
    InconclusiveError,
    MeasurementError,
    NotComparableError,
    ReportFileError,
    UsageError,
)
from memory_report.exit_codes import (
    INCONCLUSIVE,
    INTERRUPTED,
    NOT_COMPARABLE,
    NOT_MEASURED,
    PASSED,
    USAGE,
)
from memory_report.files import check_writable, write_json
from memory_report.kept.cli import (
    check_gates,
    choose_code,
    judge_report,
    run_baseline_show,
    run_baseline_update,
    run_check,
    run_compare,
    run_show,
    summarize,
)
from memory_report.measure import measure
from memory_report.own_story import describe_own, load_play
from memory_report.recording import Recorder
from memory_report.records import QUICK_STORY, Procedure, Story
from memory_report.render.attribution import FORMATS as ATTRIBUTION_FORMATS
from memory_report.render.formats import FORMATS
from memory_report.render.recording import render_recording, render_sample
from memory_report.render.text import render_finding


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
    except (ReportFileError, UsageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except InconclusiveError as error:
        print(f"error: {error}", file=sys.stderr)
        return INCONCLUSIVE
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

    if (options.plan is None) is not (options.story is None):
        raise UsageError(
            "--plan and --story go together: what is run, and how it is used"
        )

    own = options.plan is not None
    repeats = QUICK_REPEATS if options.quick else DEFAULT_REPEATS
    settle = QUICK_SETTLE if options.quick else DEFAULT_SETTLE
    procedure = Procedure(
        arrangements=choose_arrangements(options),
        repeats=repeats if options.repeats is None else options.repeats,
        settle=settle if options.settle is None else options.settle,
        samples=SAMPLES,
        sample_interval=SAMPLE_INTERVAL,
        story=None if own else QUICK_STORY if options.quick else Story(),
        own=describe_own(options.plan, options.story) if own else None,
    )
    check_system()
    if options.json is not None:
        check_writable(options.json)

    check_gates(procedure, options)
    with ended_like_interrupts(), changing_line() as show:
        report = trio.run(
            partial(
                measure,
                procedure,
                subject=read_subject(options.plan) if own else BUNDLED,
                play=load_play(options.story) if own else None,
                crash=not options.quick and not own,
                runner=options.runner,
                progress=show,
            )
        )

    if options.json is not None:
        write_json(report, options.json)

    verdicts, difference = judge_report(report, options)
    print(FORMATS[options.format](report, verdicts), end="")
    summarize(FORMATS["markdown"](report, verdicts))
    return choose_code(verdicts, difference)


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


def run_attribute(options: argparse.Namespace) -> int:
    """Print whose memory it is, measured now or kept."""

    kept = options.kept is not None
    if kept and (options.quick or options.json is not None):
        raise UsageError("--kept measures nothing: leave --quick and --json out")

    record = read_attribution(options.kept) if kept else _attribute(options)
    print(ATTRIBUTION_FORMATS[options.format](record), end="")
    return PASSED


def _attribute(options: argparse.Namespace) -> Attribution:
    subject = BUNDLED if options.plan is None else read_subject(options.plan)
    check_system()
    if options.json is not None:
        check_writable(options.json)

    with ended_like_interrupts():
        record = trio.run(
            partial(
                attribute,
                QUICK_PROCEDURE if options.quick else DEFAULT_PROCEDURE,
                subject=subject,
                runner=options.runner,
                progress=show_progress,
            )
        )

    if options.json is not None:
        write_json(record, options.json)

    return record


def run_doctor(_options: argparse.Namespace) -> int:
    """Print what a measurement here would suffer from."""

    findings = list(examine())
    for finding in findings:
        print(render_finding(finding))

    bad = any(finding.severity is Severity.FAULT for finding in findings)
    return NOT_MEASURED if bad else PASSED


COMMANDS = {
    "measure": run_measure,
    "show": run_show,
    "check": run_check,
    "compare": run_compare,
    "baseline update": run_baseline_update,
    "baseline show": run_baseline_show,
    "record": run_record,
    "attribute": run_attribute,
    "doctor": run_doctor,
}


@contextmanager
def ended_like_interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does: everything is reaped.

    Trio turns SIGINT into an exception at a place where that is safe.
    """

    # A shell's script has what it starts in the background ignore SIGINT, and with it
    # the others would be ignored here.
    ends: dict[signal.Signals, Callable[..., object]] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: lambda *_: signal.raise_signal(signal.SIGINT),
        signal.SIGHUP: lambda *_: signal.raise_signal(signal.SIGINT),
    }
    previous = {end: signal.signal(end, handler) for end, handler in ends.items()}
    try:
        yield
    finally:
        for end, handler in previous.items():
            signal.signal(end, handler)


@contextmanager
def changing_line() -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is going on, in one line that is gone at the end."""

    width = 0

    def show(line: str) -> None:
        nonlocal width
        if sys.stderr.isatty():
            line = line[: get_terminal_size().columns - 1]
            print(f"\r{line:<{width}}", end="\r", file=sys.stderr, flush=True)
            width = len(line)

    try:
        yield show
    finally:
        show("")


def show_progress(line: str) -> None:
    """Say on a terminal what is going on; stay quiet in a pipe."""

    if sys.stderr.isatty():
        print(line, file=sys.stderr)
