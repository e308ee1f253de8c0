"""The sub-commands about kept reports: they read, print, and return an exit code."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from memory_report.attribution.records import read_attribution
from memory_report.baseline import (
    BASELINE_FILE,
    Bars,
    Baseline,
    check_way,
    judge_drift,
    read_baseline,
    update_baseline,
    write_baseline,
)
from memory_report.compare import check_same_services, compare_reports
from memory_report.environment import read_environment
from memory_report.errors import (
    InconclusiveError,
    NotComparableError,
    ReportFileError,
    UsageError,
)
from memory_report.exit_codes import FAILED, INCONCLUSIVE, PASSED
from memory_report.files import (
    check_not_read,
    check_writable,
    is_recording,
    read_report,
)
from memory_report.gates import Outcome, Verdict, check_measured, judge
from memory_report.kept.step_summary import append_summary
from memory_report.ledger import check_report
from memory_report.recording import read_recording
from memory_report.records import Procedure, Report
from memory_report.render.baseline import render_baseline
from memory_report.render.comparison import FORMATS as COMPARISON_FORMATS
from memory_report.render.formats import FORMATS, PICTURES
from memory_report.render.html import render_html
from memory_report.render.recording import render_recording
from memory_report.render.verdicts import FORMATS as VERDICT_FORMATS
from memory_report.render.words import describe_doubts


def run_show(options: argparse.Namespace) -> int:
    """Print a report that was kept, or a recording."""

    if options.output is not None:
        check_writable(options.output)
        sources = (options.file, options.attribution)
        check_not_read(options.output, filter(None, sources))

    if is_recording(options.file):
        return _show_recording(options)

    report = read_report(options.file)
    verdicts, difference = judge_report(report, options)
    shown: str | bytes
    if options.attribution is None:
        shown = _render(report, verdicts, options.format)
    elif options.format == "html":
        attribution = read_attribution(options.attribution)
        check_same_services(report, attribution.services)
        shown = render_html(report, verdicts, attribution=attribution)
    else:
        raise UsageError("--attribution is for the page: --format html")

    _write(shown, options.output)
    return choose_code(verdicts, difference)


def _show_recording(options: argparse.Namespace) -> int:
    of_reports = ("max_pss", "baseline", "max_regress", "max_drift", "attribution")
    asked = any(getattr(options, name) is not None for name in of_reports)
    if asked or options.min_saving or options.format != "text":
        raise UsageError(
            f"{options.file} is a recording: it is shown as text, and has no gates"
        )

    _write(render_recording(read_recording(options.file)), options.output)
    return PASSED


def run_check(options: argparse.Namespace) -> int:
    """Print what each gate says, and nothing else."""

    barless = not options.min_saving and options.max_pss is None
    if barless and options.baseline is None:
        options.baseline = BASELINE_FILE

    report = read_report(options.file)
    verdicts, difference = judge_report(report, options)
    if difference is not None:
        raise difference

    print(VERDICT_FORMATS[options.format](report, verdicts), end="")
    summarize(VERDICT_FORMATS["markdown"](report, verdicts))
    return choose_code(verdicts)


def run_compare(options: argparse.Namespace) -> int:
    """Print what changed between two reports."""

    before, after = read_report(options.before), read_report(options.after)
    for report in (before, after):
        check_report(report)

    comparison = compare_reports(before, after)
    print(COMPARISON_FORMATS[options.format](comparison), end="")
    summarize(COMPARISON_FORMATS["markdown"](comparison))
    return PASSED


def run_baseline_update(options: argparse.Namespace) -> int:
    """Make a report the last accepted one, and print the file."""

    path = options.baseline or BASELINE_FILE
    check_writable(path)
    report = read_report(options.file)
    check_report(report)
    old = read_baseline(path) if path.exists() else None
    bars = _choose_bars(Bars() if old is None else old.bars, options)
    check_measured(report, [name for name, _ in options.min_saving])
    baseline = update_baseline(old, report, bars=bars, release=options.release)
    _refuse_doubts(report, bars)
    write_baseline(baseline, path)
    print(render_baseline(baseline), end="")
    left = [name for name in bars.min_saving if name not in report.plan.arrangements]
    if left:
        print(f"not measured by the report, bars kept: {', '.join(left)}")

    return PASSED


def _refuse_doubts(report: Report, bars: Bars) -> None:
    """Refuse a report in doubt of together, or of what a bar speaks of.

    Raises:
        InconclusiveError: with each arrangement and its launches.
    """

    verdicts = judge(report, replace(bars.gate, max_pss=math.inf))
    doubts = dict.fromkeys(doubt for each in verdicts for doubt in each.doubts)
    names = dict.fromkeys(doubt.arrangement for doubt in doubts)
    if names:
        told = "; ".join(
            f"{name} has "
            + describe_doubts([each for each in doubts if each.arrangement == name])
            for name in names
        )
        raise InconclusiveError(f"the report is no baseline: {told}")


def run_baseline_show(options: argparse.Namespace) -> int:
    """Print the reviewed file."""

    print(render_baseline(read_baseline(options.baseline)), end="")
    return PASSED


def check_gates(procedure: Procedure, options: argparse.Namespace) -> None:
    """Refuse, before minutes are spent, gates that the report could not be held to.

    Raises:
        ReportFileError: the baseline cannot be read.
        UsageError: a bar is about what is not measured, or the baseline was made in
            another way.
    """

    baseline = _read_baseline(options)
    if baseline is None:
        return

    check_way(baseline, procedure, read_environment(bytecode="", redis=False))
    names = procedure.arrangements
    missing = [name for name in baseline.bars.min_saving if name not in names]
    if missing:
        needs = "; shipped needs supervisord (see `doctor`)"
        raise UsageError(
            f"{options.baseline} has bars about {', '.join(missing)}, not launched "
            f"here: `--arrangements {','.join([*missing, *names])}`"
            f"{needs if 'shipped' in missing else ''}"
        )


def judge_report(
    report: Report, options: argparse.Namespace
) -> tuple[list[Verdict], NotComparableError | None]:
    """Hold a report against the bars of the command line and of the baseline.

    Returns:
        What each bar says; and why nothing was held against the baseline, if it was
        made in another way: the report is none the worse for that.

    Raises:
        NotComparableError: the launches did not do the same work.
        UsageError: a bar of the command line is about what was not measured.
    """

    check_report(report)
    check_measured(report, [name for name, _ in options.min_saving])
    baseline = _read_baseline(options)
    if baseline is None:
        return judge(report, _choose_bars(Bars(), options).gate), None

    verdicts = judge(report, baseline.bars.gate)
    try:
        return verdicts + judge_drift(report, baseline), None
    except NotComparableError as error:
        return verdicts, error


def _read_baseline(options: argparse.Namespace) -> Baseline | None:
    """Read the baseline that is asked for, with the bars that count."""

    if options.baseline is None:
        drifts = (options.max_regress, options.max_drift)
        if drifts != (None, None):
            raise UsageError("--max-regress and --max-drift need a --baseline")

        return None

    kept = read_baseline(options.baseline)
    return replace(kept, bars=_choose_bars(kept.bars, options))


def choose_code(
    verdicts: Sequence[Verdict], difference: NotComparableError | None = None
) -> int:
    """Return what the verdicts together mean: a failure outweighs a doubt.

    Raises:
        NotComparableError: the difference, if there is one.
    """

    if difference is not None:
        raise difference

    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.FAILED in outcomes:
        return FAILED

    return INCONCLUSIVE if Outcome.INCONCLUSIVE in outcomes else PASSED


def summarize(markdown: str) -> None:
    """Add to what a CI service shows; say it if that cannot be, and go on."""

    try:
        append_summary(markdown)
    except OSError as error:
        print(f"warning: no step summary: {error}", file=sys.stderr)


def _choose_bars(bars: Bars, options: argparse.Namespace) -> Bars:
    """Return the bars, each that the command line has in place of the file's."""

    savings = {name: round(share * 100, 3) for name, share in options.min_saving}
    given = {
        "min_saving": bars.min_saving | savings,
        "max_pss": options.max_pss,
        "max_regress": options.max_regress,
        "max_drift": options.max_drift,
    }
    return replace(
        bars, **{name: bar for name, bar in given.items() if bar is not None}
    )


def _render(report: Report, verdicts: Sequence[Verdict], name: str) -> str | bytes:
    if name in PICTURES:
        return PICTURES[name](report, verdicts)

    return FORMATS[name](report, verdicts)


def _write(shown: str | bytes, output: Path | None) -> None:
    data = shown.encode() if isinstance(shown, str) else shown
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise ReportFileError(f"cannot write {output}: {error.strerror}") from error
    elif isinstance(shown, str):
        print(shown, end="")
    elif sys.stdout.isatty():
        raise UsageError("a picture is nothing for a terminal (see --output)")
    else:
        sys.stdout.buffer.write(data)
