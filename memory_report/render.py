"""The table and the sentence: the same report gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from textwrap import fill

from memory_report.arrangements import SEPARATE, TOGETHER
from memory_report.doctor import Finding
from memory_report.gates import Outcome, Verdict
from memory_report.ledger import count_work
from memory_report.records import REDIS, Launch, Report
from memory_report.statistics import (
    Estimate,
    Sizes,
    counted,
    estimate_saving,
    sizes_of,
    total_sizes,
)

_MIB = 1024 * 1024
_WIDTH = 62
_TEXT_WIDTH = 79
_RULE = "-" * _WIDTH


def render_report(report: Report) -> str:
    """Return the whole report as text that ends with a line end."""

    separate = counted(report.launches, SEPARATE.name)
    together = counted(report.launches, TOGETHER.name)
    plan = report.plan
    title = (
        f"Memory after load in MiB, mean of {plan.repeats} "
        f"{_plural('launch', plan.repeats)}, {plan.settle:g} s after the story"
    )
    blocks = [
        title,
        "\n".join(_table(separate, together)),
        "\n".join(_savings(separate, together)),
        render_sentence(separate, together),
        "\n".join(_notes(report)),
    ]
    return "\n\n".join(blocks) + "\n"


def render_sentence(separate: Sequence[Launch], together: Sequence[Launch]) -> str:
    """Return what the table means, in one sentence."""

    plain = _saving(separate, together, field="pss", redis=False)
    with_redis = _saving(separate, together, field="pss", redis=True)
    sentence = (
        f"One interpreter instead of three saves {_percent(plain.value)} of the "
        f"memory (PSS, {_interval(plain)}), and {_percent(with_redis.value)} "
        "counting the Redis that it does not need."
    )
    return fill(sentence, _TEXT_WIDTH, break_on_hyphens=False)


def render_verdict(verdict: Verdict) -> str:
    """Return one line that says how a gate was left, and why."""

    outcome, estimate = verdict.outcome.value, verdict.estimate
    if verdict.subject == "saving":
        measured = f"saved {_percent(estimate.value)}, {_interval(estimate)}"
        bar = f"at least {_percent(verdict.bar)}"
    else:
        value, interval = _mib(estimate.value), ""
        if estimate.lower is not None and estimate.upper is not None:
            low, high = _mib(estimate.lower), _mib(estimate.upper)
            interval = f", 95 % interval {low} to {high}"

        measured = f"PSS together {value} MiB{interval}"
        bar = f"at most {_mib(verdict.bar)} MiB"

    line = f"gate {outcome}: {measured}; wanted {bar}"
    if verdict.unsettled:
        numbers = ", ".join(map(str, verdict.unsettled))
        return f"{line}; unsettled launches: {numbers} (see --settle)"

    if verdict.outcome is Outcome.INCONCLUSIVE:
        return f"{line}; more launches would narrow the interval (see --repeats)"

    return line


def render_finding(finding: Finding) -> str:
    """Return one line of the doctor."""

    return f"{finding.mark.value:<8} {finding.subject:<13} {finding.text}"


def _table(separate: Sequence[Launch], together: Sequence[Launch]) -> Iterator[str]:
    yield _row("", "PSS", "USS", "RSS")
    for launches in (separate, together):
        yield _RULE
        yield launches[0].arrangement
        for name, sizes in _process_rows(launches):
            if name != REDIS:
                yield _sizes_row(f"  {name}", sizes)

        share = fmean(fmean(launch.observer_share) for launch in launches)
        yield _row("  shared with this report", _mib(share), "", "")
        yield _sizes_row("  total", _mean_total(launches, redis=False))
        for name, sizes in _process_rows(launches):
            if name == REDIS:
                yield _sizes_row(f"  {name}", sizes)
                with_redis = _mean_total(launches, redis=True)
                yield _sizes_row(f"  total with {name}", with_redis)


def _savings(separate: Sequence[Launch], together: Sequence[Launch]) -> Iterator[str]:
    yield f"{'saved':<26}{'MiB':>8}{'share':>10}"
    yield _RULE
    for redis, suffix in ((False, ""), (True, f", with {REDIS}")):
        for field in ("pss", "uss", "rss"):
            before = getattr(_mean_total(separate, redis=redis), field)
            after = getattr(_mean_total(together, redis=redis), field)
            estimate = _saving(separate, together, field=field, redis=redis)
            yield (
                f"{field.upper() + suffix:<26}{_mib(before - after):>8}"
                f"{_percent(estimate.value):>10}   {_interval(estimate)}"
            )


def _notes(report: Report) -> Iterator[str]:
    launches, environment = report.launches, report.environment
    yield _note("ledger", _describe_work(launches))

    for arrangement in (SEPARATE, TOGETHER):
        ready = [each.ready_seconds for each in counted(launches, arrangement.name)]
        yield _note("ready", f"{arrangement.name} after {fmean(ready):.2f} s")

    yield _note(
        "on",
        f"{environment.python}, {environment.kernel} {environment.machine}, "
        f"{environment.cpus} x {environment.cpu or 'unknown CPU'}, "
        f"{environment.redis}, bytecode {environment.bytecode}, "
        f"huge pages {environment.huge_pages or 'unknown'}",
    )
    yield _note(
        "PSS",
        "this report's share of common pages counts to what it measured, which "
        "would have it if nobody looked",
    )
    if environment.neighbours:
        yield _note(
            "note",
            f"{environment.neighbours} other "
            f"{_plural('process', environment.neighbours)} of the same interpreter "
            "shared pages with what was measured",
        )


def _note(name: str, text: str) -> str:
    return fill(
        f"{name + ':':<8}{text}",
        _TEXT_WIDTH,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
    )


def _describe_work(launches: Sequence[Launch]) -> str:
    client, rows = launches[0].ledger.client, launches[0].ledger.rows
    pushes = client.get("ws.status_pushes", 0) + client.get("ws.ping_pushes", 0)
    return (
        f"{client.get('web.requests', 0)} page requests, "
        f"{client.get('tasks.requests', 0)} API calls, "
        f"{client.get('ws.connections', 0)} WebSockets with {pushes} pushes of job "
        f"runs, {sum(rows.values())} rows; {len(count_work(launches[0].ledger))} "
        f"counts agree at both ends and in all {len(launches)} launches"
    )


def _process_rows(launches: Sequence[Launch]) -> list[tuple[str, Sizes]]:
    names = [process.name for process in launches[0].processes]
    columns = zip(*(launch.processes for launch in launches), strict=True)
    return [
        (name, _mean([sizes_of(process) for process in column]))
        for name, column in zip(names, columns, strict=True)
    ]


def _mean_total(launches: Sequence[Launch], *, redis: bool) -> Sizes:
    return _mean([total_sizes(launch, redis=redis) for launch in launches])


def _mean(sizes: Sequence[Sizes]) -> Sizes:
    return Sizes(
        pss=fmean(each.pss for each in sizes),
        uss=fmean(each.uss for each in sizes),
        rss=fmean(each.rss for each in sizes),
    )


def _saving(
    separate: Sequence[Launch], together: Sequence[Launch], *, field: str, redis: bool
) -> Estimate:
    return estimate_saving(
        [getattr(total_sizes(launch, redis=redis), field) for launch in separate],
        [getattr(total_sizes(launch, redis=redis), field) for launch in together],
    )


def _sizes_row(name: str, sizes: Sizes) -> str:
    return _row(name, _mib(sizes.pss), _mib(sizes.uss), _mib(sizes.rss))


def _row(name: str, pss: str, uss: str, rss: str) -> str:
    return f"{name:<32}{pss:>10}{uss:>10}{rss:>10}".rstrip()


def _mib(size: float) -> str:
    return f"{size / _MIB:.1f}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _interval(estimate: Estimate) -> str:
    if estimate.lower is None or estimate.upper is None:
        return "one launch, no interval"

    return f"95 % interval {estimate.lower * 100:.1f} to {estimate.upper * 100:.1f} %"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}es"
