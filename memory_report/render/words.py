"""Figures in words, alike in every format."""

from __future__ import annotations

from memory_report.figures import Figures
from memory_report.gates import Outcome, Verdict
from memory_report.records import Plan
from memory_report.statistics import Estimate

_MIB = 1024 * 1024


def describe_plan(plan: Plan) -> str:
    """Return the title of the table."""

    launches = "launch" if plan.repeats == 1 else "launches"
    return (
        f"Memory after load in MiB, mean of {plan.repeats} {launches}, "
        f"{plan.settle:g} s after the story"
    )


def conclude(figures: Figures) -> str:
    """Return what the table means, in one sentence."""

    plain = figures.find_saving("pss", redis=False).share
    with_redis = figures.find_saving("pss", redis=True).share
    return (
        f"One interpreter instead of three saves {percent(plain.value)} of the "
        f"memory (PSS, {interval(plain)}), and {percent(with_redis.value)} "
        "counting the Redis that it does not need."
    )


def describe_verdict(verdict: Verdict) -> str:
    """Return what was measured, what was wanted, and what could be done."""

    estimate = verdict.estimate
    if verdict.subject == "saving":
        measured = f"saved {percent(estimate.value)}, {interval(estimate)}"
        bar = f"at least {percent(verdict.bar)}"
    else:
        value, bounds = mib(estimate.value), ""
        if estimate.lower is not None and estimate.upper is not None:
            low, high = mib(estimate.lower), mib(estimate.upper)
            bounds = f", 95 % interval {low} to {high}"

        measured = f"PSS together {value} MiB{bounds}"
        bar = f"at most {mib(verdict.bar)} MiB"

    line = f"{measured}; wanted {bar}"
    if verdict.unsettled:
        numbers = ", ".join(map(str, verdict.unsettled))
        return f"{line}; unsettled launches: {numbers} (see --settle)"

    if verdict.outcome is Outcome.INCONCLUSIVE:
        return f"{line}; more launches would narrow the interval (see --repeats)"

    return line


def mib(size: float) -> str:
    """Return bytes as MiB."""

    return f"{size / _MIB:.1f}"


def percent(share: float) -> str:
    """Return a share as a percentage."""

    return f"{share * 100:.1f} %"


def interval(estimate: Estimate) -> str:
    """Return the interval of a share."""

    if estimate.lower is None or estimate.upper is None:
        return "one launch, no interval"

    return f"95 % interval {estimate.lower * 100:.1f} to {estimate.upper * 100:.1f} %"
