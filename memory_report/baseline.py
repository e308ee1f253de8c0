"""The reviewed file: what everything together took when somebody last agreed to it.

It is small, so that a pull request which changes it shows what it costs. `last` moves
with each change that is accepted; `release` stays, so that many small steps, each
below its bar, are seen for what they are together. Sizes in it are MiB, for its reader.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from memory_report.changes import estimate_growth
from memory_report.errors import ReportFileError, UsageError
from memory_report.files import write_json
from memory_report.gates import Gate, Outcome, Verdict, compare, judge
from memory_report.marks import (
    Mark,
    check_launches,
    check_same_way,
    describe_way,
    list_differences,
    list_sizes,
    make_mark,
)
from memory_report.records import Environment, Procedure, Report
from memory_report.statistics import Estimate
from memory_report.units import MIB

#: Raised whenever a reader of the file would have to know.
BASELINE_SCHEMA = 1
#: Relative to where the command is called, which is the project's folder.
BASELINE_FILE = Path("benchmarks/memory_baseline.json")
#: What the mark that moves is called.
LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What is asked where the command line asks nothing else."""

    #: Percent of PSS to save, by arrangement.
    min_saving: dict[str, float] = field(default_factory=dict)
    #: MiB of PSS for everything together; None: any.
    max_pss: float | None = None
    #: Percent of PSS above `last`, and above `release`.
    max_regress: float = 2.0
    max_drift: float = 5.0

    @property
    def gate(self) -> Gate:
        """The first two, as the report's own gates have them."""

        return Gate(
            min_savings={name: bar / 100 for name, bar in self.min_saving.items()},
            max_pss=None if self.max_pss is None else self.max_pss * MIB,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The whole file."""

    schema: int = BASELINE_SCHEMA
    bars: Bars = field(default_factory=Bars)
    last: Mark
    release: Mark | None = None


def read_baseline(path: Path) -> Baseline:
    """Read the file.

    Raises:
        ReportFileError: it is missing, or is none of ours.
    """

    try:
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror}; `baseline update` makes it"
        raise ReportFileError(reason) from error
    except msgspec.MsgspecError as error:
        raise ReportFileError(f"{path} is not a baseline: {error}") from error

    if baseline.schema != BASELINE_SCHEMA:
        reason = f"{path} has schema {baseline.schema}, this program reads "
        raise ReportFileError(f"{reason}{BASELINE_SCHEMA}")

    return baseline


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write the file, whole or not at all, the same bytes for the same content."""

    write_json(baseline, path)


def update_baseline(
    old: Baseline | None, report: Report, *, bars: Bars, release: str | None
) -> Baseline:
    """Return the file with the report as `last`, and as `release` where one is named.

    Raises:
        NotComparableError: it has one launch; or the release that stays was measured
            in another way, so that nothing could be held against it any more.
    """

    last = make_mark(report, LAST)
    pinned = None if old is None else old.release
    if release is not None:
        pinned = replace(last, name=release)

    if pinned is not None:
        check_same_way(
            pinned,
            last,
            remedy="pin this one as well: --release NAME",
            measured_otherwise="give it a file of its own (`--baseline FILE`), or, to "
            "measure this way from now on, pin this one as well: --release NAME",
        )

    check_launches(last)
    return Baseline(bars=bars, last=last, release=pinned)


def check_way(
    baseline: Baseline, procedure: Procedure, environment: Environment
) -> None:
    """Refuse a procedure whose report could not be held against the baseline.

    What only the launches show, their work and what became of bytecode, is left out.

    Raises:
        UsageError: with a line for each thing that differs.
    """

    lines = []
    for mark in (baseline.last, *([baseline.release] if baseline.release else [])):
        was, now = dict(mark.way), describe_way(procedure, environment)
        for way in (was, now):
            way.pop("bytecode", None)

        lines += list_differences(mark, was, now, where="here")

    if procedure.repeats < 2:
        lines.append("launches: 1 together, drift has an interval from 2 on")

    if lines:
        raise UsageError(
            "the report could not be held against the baseline:\n  "
            + "\n  ".join(lines)
        )


def judge_drift(report: Report, baseline: Baseline) -> list[Verdict]:
    """Hold PSS together against `last`, and against `release` where one is pinned.

    Raises:
        NotComparableError: they were measured in another way, or with other work.
    """

    marks = [("regress", baseline.last, baseline.bars.max_regress)]
    if baseline.release is not None:
        marks.append(("drift", baseline.release, baseline.bars.max_drift))

    # A bar that everything is below: what is left of it are the report's own doubts.
    (size,) = judge(report, Gate(max_pss=math.inf))
    verdicts = []
    for subject, mark, bar in marks:
        growth = estimate_drift(report, mark)
        lower, upper = growth.lower, growth.upper
        outcome = compare(
            None if upper is None else -upper,
            None if lower is None else -lower,
            -bar / 100,
        )
        verdicts.append(
            replace(
                size,
                subject=subject,
                reference=mark.name,
                bar=bar / 100,
                estimate=growth,
                outcome=outcome if size.outcome is Outcome.PASSED else size.outcome,
            )
        )

    return verdicts


def estimate_drift(report: Report, mark: Mark) -> Estimate:
    """Return the part by which PSS together grew since the mark (0.1: a tenth).

    Raises:
        NotComparableError: it was measured in another way, or with other work, or has
            one launch.
    """

    now = make_mark(report, LAST)
    check_same_way(
        mark,
        now,
        remedy="accept it by `baseline update`, in a change of its own",
        measured_otherwise="give a report made in its way, a bar (`--min-saving 50`) "
        "or a baseline of the report's own (`--baseline FILE`)",
    )
    check_launches(now)
    then = [size * MIB for size in mark.launches]
    return estimate_growth(then, list_sizes(report))
