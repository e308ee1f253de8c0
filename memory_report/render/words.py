"""Figures in words, alike in every format."""

from __future__ import annotations

from collections.abc import Sequence

from memory_report.figures import Column, Figures
from memory_report.gates import Outcome, Verdict
from memory_report.records import Crash, Report
from memory_report.statistics import Estimate
from memory_report.units import MIB
from memory_report.validity import Doubt

#: What everything costs, with its unit.
PRICE_HEAD = (
    ("ready", "ms"),
    ("req p50", "ms"),
    ("req p99", "ms"),
    ("push p50", "ms"),
    ("push p99", "ms"),
    ("req/s", ""),
    ("loop lag", "ms"),
    ("dying", ""),
)
#: Less than `settled` where memory grew after the story, but never than `loaded`.
STORY_PEAK = "story peak"
_PEAK = (
    "the story peak is the most PSS of any look while the story was played, loaded "
    "included; what came later, as settled, may be more"
)


def describe_plan(report: Report) -> str:
    """Return the title of the table."""

    plan, whole = report.plan, len(report.launches)
    launches = "launch" if plan.repeats == 1 else "launches"
    title = (
        f"Memory after load in MiB, mean of {plan.repeats} {launches}, "
        f"{plan.settle:g} s after the story"
    )
    warm_ups = sum(launch.warm_up for launch in report.launches)
    if not warm_ups:
        return title

    return f"{title}; {whole} launches in all, of which {warm_ups} to warm up"


def list_words(figures: Figures) -> list[tuple[str, str]]:
    """Return the named notes, with what the column of peaks means."""

    peaks = any(column.peak is not None for column in figures.columns)
    return [*figures.notes, *([("peak", _PEAK)] if peaks else [])]


def conclude(figures: Figures) -> str:
    """Return what the table means, in one sentence."""

    together = figures.together
    parts = [
        _conclude_one(figures, reference, first=number == 0)
        for number, reference in enumerate(figures.references)
    ]
    if not parts:
        return f"Everything together takes {mib(together.total.pss)} MiB of PSS."

    return f"{_count(together.count)} instead of {'; instead of '.join(parts)}."


def _conclude_one(figures: Figures, reference: Column, *, first: bool) -> str:
    name = reference.arrangement
    plain = figures.find_saving(name, "pss", redis=False)
    with_redis = figures.find_saving(name, "pss", redis=True)
    assert plain is not None  # noqa: S101 -- a reference is what has one
    share = percent(plain.share.value)
    if not first:
        return f"{reference.count} ({name}) {share} ({interval(plain.share)})"

    saved = f"saves {share} of the memory (PSS, {interval(plain.share)})"
    if with_redis is not None:
        saved += (
            f", and {percent(with_redis.share.value)} counting the Redis that it does "
            "not need"
        )

    return f"{reference.count} ({name}) {saved}"


def _count(processes: int) -> str:
    return "One process" if processes == 1 else f"{processes} processes"


def describe_crash(crash: Crash) -> str:
    """Return what became of the others when a process was killed."""

    died = ", ".join(crash.died) or "nothing"
    back = "for good" if crash.back is None else f"for {crash.back:.1f} s"
    return f"{crash.arrangement}, {crash.service} killed: {died} down {back}"


def list_prices(column: Column) -> tuple[str, ...]:
    """Return the cells that belong under `PRICE_HEAD`."""

    price = column.price
    late = max(price.lag.values(), default=None)
    return (
        _number(column.ready, factor=1000, digits=0),
        *(
            _number(seconds, factor=1000)
            for seconds in (
                price.request_p50,
                price.request_p99,
                price.push_p50,
                price.push_p99,
            )
        ),
        _number(price.requests_per_second, digits=0),
        _number(late, factor=1000),
        _number(column.dying, digits=0),
    )


def _number(value: float | None, *, factor: float = 1, digits: int = 1) -> str:
    return "-" if value is None else f"{value * factor:.{digits}f}"


def describe_verdict(verdict: Verdict) -> str:
    """Return what was measured, what was wanted, and what could be done."""

    estimate = verdict.estimate
    if estimate is None:
        return (
            f"saved of {verdict.reference}: not measured; wanted at least "
            f"{percent(verdict.bar)} (see --arrangements of measure)"
        )

    if verdict.subject == "saving":
        share = percent(estimate.value)
        measured = f"saved of {verdict.reference} {share}, {interval(estimate)}"
        bar = f"at least {percent(verdict.bar)}"
    elif verdict.subject in ("regress", "drift"):
        known = estimate.lower is not None
        within = f", 95 % interval {bounds(estimate)}" if known else ""
        grown = f"{signed(estimate.value * 100)} %"
        measured = f"PSS together {grown} since {verdict.reference}{within}"
        bar = f"at most {percent(verdict.bar)} more"
    else:
        known = estimate.lower is not None
        within = f", 95 % interval {mib_bounds(estimate)}" if known else ""
        measured = f"PSS together {mib(estimate.value)} MiB{within}"
        bar = f"at most {mib(verdict.bar)} MiB"

    line = f"{measured}; wanted {bar}"
    if verdict.doubts:
        return f"{line}; {describe_doubts(verdict.doubts)}"

    if verdict.outcome is Outcome.INCONCLUSIVE:
        return f"{line}; more launches would narrow the interval (see --repeats)"

    return line


def describe_doubts(doubts: Sequence[Doubt]) -> str:
    """Return the words that say why nothing can be concluded, and what could help."""

    remedies = {"unsettled": "--settle", "multimodal": "--repeats"}
    parts = []
    for word, remedy in remedies.items():
        found = {n for doubt in doubts if doubt.word == word for n in doubt.launches}
        if found:
            numbers = ", ".join(map(str, sorted(found)))
            parts.append(f"{word} launches: {numbers} (see {remedy})")

    return "; ".join(parts)


def mib(size: float) -> str:
    """Return bytes as MiB."""

    return f"{size / MIB:z.1f}"


def percent(share: float) -> str:
    """Return a share as a percentage."""

    return f"{share * 100:z.1f} %"


def signed(value: float) -> str:
    """Return a change: a small one has more digits, and nothing has no sign."""

    texts = (f"{value:+.{digits}f}" for digits in (1, 2, 3))
    return next((text for text in texts if float(text)), "0.0")


def interval(estimate: Estimate) -> str:
    """Return the interval of a share."""

    if estimate.lower is None or estimate.upper is None:
        return "one launch, no interval"

    return f"95 % interval {bounds(estimate)}"


def bounds(estimate: Estimate) -> str:
    """Return where the interval of a share begins and ends."""

    if estimate.lower is None or estimate.upper is None:
        return "-"

    return f"{estimate.lower * 100:z.1f} to {estimate.upper * 100:z.1f} %"


def mib_bounds(estimate: Estimate) -> str:
    """Return where the interval of a size begins and ends."""

    if estimate.lower is None or estimate.upper is None:
        return "-"

    return f"{mib(estimate.lower)} to {mib(estimate.upper)}"
