"""What the reviewed file keeps of a report, and whether another one is like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memory_report.compare import check_same_subject
from memory_report.errors import NotComparableError
from memory_report.ledger import count_work
from memory_report.records import (
    QUICK_STORY,
    TOGETHER,
    Environment,
    Procedure,
    Report,
)
from memory_report.statistics import counted, estimate_mean, list_totals
from memory_report.units import MIB

#: Of a size in MiB: to the byte, so that what is rounded to be read is rounded once.
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was measured at a time, and in which way."""

    name: str
    #: What has to be alike before sizes may be compared.
    way: dict[str, str]
    #: The same of the work: each count of the ledger.
    work: dict[str, int]
    #: PSS of everything together in MiB: its mean, and each launch.
    pss: float
    launches: tuple[float, ...]


def make_mark(report: Report, name: str) -> Mark:
    """Return what is kept of a report."""

    sizes = list_sizes(report)
    work = count_work(report.launches[0].ledger, own=report.plan.own is not None)
    return Mark(
        name=name,
        way=describe_way(report.plan, report.environment),
        work=dict(sorted(work.items())),
        pss=round(estimate_mean(sizes).value / MIB, _DIGITS),
        launches=tuple(round(size / MIB, _DIGITS) for size in sizes),
    )


def list_sizes(report: Report) -> list[float]:
    """Return PSS of everything together in bytes, launch by launch."""

    return list_totals(counted(report.launches, TOGETHER))


def describe_way(procedure: Procedure, environment: Environment) -> dict[str, str]:
    """Return what has to be alike before sizes may be compared, by its name."""

    # The third number of a version mends faults; sizes rarely move with it.
    python = ".".join(environment.python.split(".")[:2])
    way = {
        "python": python,
        "machine": environment.machine,
        "huge_pages": environment.huge_pages,
        "bytecode": environment.bytecode,
        "settle": f"{procedure.settle:g} s",
    }
    return way if procedure.own is None else way | {"story": procedure.own.story.sha256}


def check_same_way(
    then: Mark, now: Mark, *, remedy: str, measured_otherwise: str
) -> None:
    """Refuse marks that differ; counts that follow from the way are left out.

    Raises:
        NotComparableError: with a line for each difference, and what helps:
            `measured_otherwise` where the story or the time to settle was another one,
            else `remedy`.
    """

    check_same_subject(
        "story" in then.way,
        "story" in now.way,
        names=(f"baseline {then.name!r}", "the report"),
        remedies=["each story has a file of its own (see --baseline)"],
    )
    where = "in the report"
    lines = list_differences(then, then.way, now.way, where=where)
    was_quick, is_quick = _name_quick(then), _name_quick(now)
    if was_quick != is_quick or then.way.get("settle") != now.way.get("settle"):
        raise NotComparableError(
            [*lines, measured_otherwise],
            head=f"the report{is_quick} was measured in another way than baseline "
            f"{then.name!r}{was_quick}",
        )

    lines += list_differences(then, then.work, now.work, where=where)
    if lines:
        raise NotComparableError(
            [*lines, remedy],
            head=f"the report was not made as baseline {then.name!r} was",
        )


def _name_quick(mark: Mark) -> str:
    """Return the flag of the bundled story's short form, known by what clients did."""

    sizes = QUICK_STORY.sockets, QUICK_STORY.triggers
    done = mark.work.get("ws.connections"), mark.work.get("tasks.triggered")
    return " (--quick)" if done == sizes and "story" not in mark.way else ""


def check_launches(mark: Mark) -> None:
    """Refuse one launch, after all else: who wants more of another story is misled.

    Raises:
        NotComparableError: there is one, so that nobody knows how sure it is.
    """

    if len(mark.launches) < 2:
        raise NotComparableError(
            ["launches: 1 together, a baseline needs 2 or more (see --repeats)"],
            head="nobody knows how sure the report is",
        )


def list_differences(
    mark: Mark, was: Mapping[str, object], now: Mapping[str, object], *, where: str
) -> list[str]:
    """Return a line for each name whose two values differ."""

    return [
        f"{name}: {was.get(name, 'none')} in baseline {mark.name!r}, "
        f"{now.get(name, 'none')} {where}"
        for name in {**was, **now}
        if was.get(name) != now.get(name)
    ]
