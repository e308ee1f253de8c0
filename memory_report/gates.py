"""The verdict: whether a report meets the bars that were set for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from memory_report.errors import UsageError
from memory_report.records import TOGETHER, Launch, Report
from memory_report.statistics import (
    Estimate,
    counted,
    estimate_mean,
    estimate_saving,
    list_totals,
)
from memory_report.validity import Doubt, find_doubts


class Outcome(Enum):
    """How a gate was left."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The bars, all optional."""

    #: By reference, the least share of PSS to save, without Redis.
    min_savings: Mapping[str, float] = field(default_factory=dict)
    #: The most PSS that everything together may take, in bytes.
    max_pss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one bar says about the measured interval."""

    #: `saving` (a share) or `pss` (bytes).
    subject: str
    #: The arrangement that it was saved of, or the mark of the baseline that it grew
    #: since; schema 2 calls both `baseline`.
    reference: str | None = None
    bar: float
    #: None where the report did not measure what the bar is about.
    estimate: Estimate | None
    outcome: Outcome
    #: What speaks against the launches: reason enough to trust nothing.
    doubts: tuple[Doubt, ...] = ()


def judge(report: Report, gate: Gate) -> list[Verdict]:
    """Hold the report against each bar that is set.

    One about a reference that was not measured is inconclusive: nobody looked.
    """

    together = counted(report.launches, TOGETHER)
    after = list_totals(together)
    verdicts = []
    for name, bar in gate.min_savings.items():
        if name not in report.plan.arrangements:
            verdicts.append(_leave_open(name, bar))
            continue

        reference = counted(report.launches, name)
        saving = estimate_saving(list_totals(reference), after)
        verdicts.append(
            _verdict(
                "saving",
                bar,
                saving,
                compare(saving.lower, saving.upper, bar),
                [*reference, *together],
                reference=name,
            )
        )

    if gate.max_pss is not None:
        pss = estimate_mean(after)
        better = compare(_negate(pss.upper), _negate(pss.lower), -gate.max_pss)
        verdicts.append(_verdict("pss", gate.max_pss, pss, better, together))

    return verdicts


def check_measured(report: Report, names: Iterable[str]) -> None:
    """Refuse to be asked about what the report has not.

    Raises:
        UsageError: one of the references was not measured.
    """

    for name in names:
        if name not in report.plan.arrangements:
            raise UsageError(
                f"there is no saving of {name!r}: measured were "
                f"{', '.join(report.plan.arrangements)} (see --arrangements of measure)"
            )


def compare(lower: float | None, upper: float | None, bar: float) -> Outcome:
    """Say whether an interval is above a bar, below it, or on both sides."""

    if lower is None or upper is None:
        return Outcome.INCONCLUSIVE

    if lower >= bar:
        return Outcome.PASSED

    return Outcome.FAILED if upper < bar else Outcome.INCONCLUSIVE


def _leave_open(name: str, bar: float) -> Verdict:
    return Verdict(
        subject="saving",
        reference=name,
        bar=bar,
        estimate=None,
        outcome=Outcome.INCONCLUSIVE,
    )


def _verdict(
    subject: str,
    bar: float,
    estimate: Estimate,
    outcome: Outcome,
    launches: Sequence[Launch],
    *,
    reference: str | None = None,
) -> Verdict:
    doubts = tuple(find_doubts(launches))
    return Verdict(
        subject=subject,
        reference=reference,
        bar=bar,
        estimate=estimate,
        outcome=Outcome.INCONCLUSIVE if doubts else outcome,
        doubts=doubts,
    )


def _negate(value: float | None) -> float | None:
    return None if value is None else -value
