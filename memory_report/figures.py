"""What a report says, as numbers: every way of showing it starts from these.

Sizes are bytes, shares are fractions (0.5 is 50 %).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from memory_report.arrangements import SEPARATE, TOGETHER
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

Field = Literal["pss", "uss", "rss"]
FIELDS: tuple[Field, ...] = ("pss", "uss", "rss")
_SHARED = (
    "this report's share of common pages counts to what it measured, which would have "
    "it if nobody looked"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One arrangement: its processes, and what they take together."""

    arrangement: str
    #: By the name of the process; Redis is apart.
    processes: dict[str, Sizes]
    #: PSS of pages that the observer shares with them, part of the total.
    shared: float
    total: Sizes
    redis: Sizes | None
    total_with_redis: Sizes
    #: From the first process's start to the last service's readiness, in seconds.
    ready: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What `together` saves of one size, with or without the Redis of the others."""

    field: Field
    redis: bool
    size: float
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it."""

    separate: Column
    together: Column
    #: PSS, USS and RSS without Redis, then with it.
    savings: tuple[Saving, ...]
    #: Named sentences that say how and where it was measured.
    notes: tuple[tuple[str, str], ...]

    def find_saving(self, field: Field, *, redis: bool) -> Saving:
        """Return the saving of one size."""

        return next(
            each for each in self.savings if each.field == field and each.redis is redis
        )


def work_out(report: Report) -> Figures:
    """Work the figures out: of the same report always the same."""

    separate = counted(report.launches, SEPARATE.name)
    together = counted(report.launches, TOGETHER.name)
    before, after = _make_column(separate), _make_column(together)
    return Figures(
        separate=before,
        together=after,
        savings=tuple(_list_savings(separate, together)),
        notes=tuple(_list_notes(report, (before, after))),
    )


def _make_column(launches: Sequence[Launch]) -> Column:
    processes = dict(_list_processes(launches))
    redis = processes.pop(REDIS, None)
    return Column(
        arrangement=launches[0].arrangement,
        processes=processes,
        shared=fmean(fmean(launch.observer_share) for launch in launches),
        total=_mean([total_sizes(launch, redis=False) for launch in launches]),
        redis=redis,
        total_with_redis=_mean([total_sizes(each, redis=True) for each in launches]),
        ready=fmean(launch.ready_seconds for launch in launches),
    )


def _list_processes(launches: Sequence[Launch]) -> Iterator[tuple[str, Sizes]]:
    names = [process.name for process in launches[0].processes]
    columns = zip(*(launch.processes for launch in launches), strict=True)
    for name, column in zip(names, columns, strict=True):
        yield name, _mean([sizes_of(process) for process in column])


def _list_savings(
    separate: Sequence[Launch], together: Sequence[Launch]
) -> Iterator[Saving]:
    for redis in (False, True):
        for field in FIELDS:
            before = [
                getattr(total_sizes(each, redis=redis), field) for each in separate
            ]
            after = [
                getattr(total_sizes(each, redis=redis), field) for each in together
            ]
            yield Saving(
                field=field,
                redis=redis,
                size=fmean(before) - fmean(after),
                share=estimate_saving(before, after),
            )


def _list_notes(report: Report, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    environment = report.environment
    yield "ledger", _describe_work(report.launches)
    for column in columns:
        yield "ready", f"{column.arrangement} after {column.ready:.2f} s"

    where = (
        f"{environment.python}, {environment.kernel} {environment.machine}, "
        f"{environment.cpus} x {environment.cpu or 'unknown CPU'}, "
        f"{environment.redis}, bytecode {environment.bytecode}, "
        f"huge pages {environment.huge_pages or 'unknown'}"
    )
    yield "on", where
    yield "PSS", _SHARED
    if environment.neighbours:
        others = "process" if environment.neighbours == 1 else "processes"
        text = f"{environment.neighbours} other {others} of the same interpreter "
        yield "note", text + "shared pages with what was measured"


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


def _mean(sizes: Sequence[Sizes]) -> Sizes:
    return Sizes(
        pss=fmean(each.pss for each in sizes),
        uss=fmean(each.uss for each in sizes),
        rss=fmean(each.rss for each in sizes),
    )
