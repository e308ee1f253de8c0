"""The verdict: whether a report meets the bars that were set for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from memory_report.arrangements import SEPARATE, TOGETHER
from memory_report.records import Report
from memory_report.statistics import (
    Estimate,
    counted,
    drift,
    estimate_mean,
    estimate_saving,
    total_sizes,
)

#: A launch whose PSS moves by more while it is sampled has not settled.
MAX_DRIFT = 0.02


class Outcome(Enum):
    """How a gate was left."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The bars, both optional."""

    #: The least share of PSS to save, without Redis.
    min_saving: float | None = None
    #: The most PSS that everything together may take, in bytes.
    max_pss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one bar says about the measured interval."""

    #: `saving` (a share) or `pss` (bytes).
    subject: str
    bar: float
    estimate: Estimate
    outcome: Outcome
    #: Launches that were still moving: reason enough to trust nothing.
    unsettled: tuple[int, ...] = ()


def judge(report: Report, gate: Gate) -> list[Verdict]:
    """Hold the report against each bar that is set."""

    separate = counted(report.launches, SEPARATE.name)
    together = counted(report.launches, TOGETHER.name)
    before = [total_sizes(launch, redis=False).pss for launch in separate]
    after = [total_sizes(launch, redis=False).pss for launch in together]
    unsettled = tuple(
        launch.number
        for launch in sorted(separate + together, key=lambda launch: launch.number)
        if drift(launch) > MAX_DRIFT
    )

    verdicts = []
    if gate.min_saving is not None:
        saving = estimate_saving(before, after)
        better = compare(saving.lower, saving.upper, gate.min_saving)
        verdicts.append(_verdict("saving", gate.min_saving, saving, better, unsettled))

    if gate.max_pss is not None:
        pss = estimate_mean(after)
        better = compare(_negate(pss.upper), _negate(pss.lower), -gate.max_pss)
        verdicts.append(_verdict("pss", gate.max_pss, pss, better, unsettled))

    return verdicts


def compare(lower: float | None, upper: float | None, bar: float) -> Outcome:
    """Say whether an interval is above a bar, below it, or on both sides."""

    if lower is None or upper is None:
        return Outcome.INCONCLUSIVE

    if lower >= bar:
        return Outcome.PASSED

    return Outcome.FAILED if upper < bar else Outcome.INCONCLUSIVE


def _verdict(
    subject: str,
    bar: float,
    estimate: Estimate,
    outcome: Outcome,
    unsettled: tuple[int, ...],
) -> Verdict:
    return Verdict(
        subject=subject,
        bar=bar,
        estimate=estimate,
        outcome=Outcome.INCONCLUSIVE if unsettled else outcome,
        unsettled=unsettled,
    )


def _negate(value: float | None) -> float | None:
    return None if value is None else -value
