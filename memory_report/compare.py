"""Two reports side by side: what grew, what shrank, and what nobody can tell.

They are of two commits, machines or interpreters; the work must have been the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from memory_report.changes import Change, list_changes
from memory_report.errors import NotComparableError
from memory_report.ledger import count_work
from memory_report.records import REDIS, TOGETHER, Environment, Procedure, Report
from memory_report.units import MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All of it."""

    changes: tuple[Change, ...]
    #: What of machine, interpreter and libraries was not the same: name, then, now.
    differences: tuple[tuple[str, str, str], ...]


def compare_reports(before: Report, after: Report) -> Comparison:
    """Compare all arrangements that both reports have.

    Each interval holds the truth in 95 of 100 cases by itself: of twenty figures that
    did not change one is likely to look as if it had.

    Raises:
        NotComparableError: they were made with other stories or other times, or
            counted other work, or have no arrangement in common.
    """

    check_same_work(before, after)
    return Comparison(
        changes=tuple(list_changes(before, after)),
        differences=tuple(list_differences(before.environment, after.environment)),
    )


def check_same_work(before: Report, after: Report) -> None:
    """Refuse reports that were not made in the same way.

    Raises:
        NotComparableError: with a line for each thing that differs.
    """

    check_same_subject(
        before.plan.own is not None,
        after.plan.own is not None,
        names=("the first", "the second"),
    )
    was, now = _describe_way(before), _describe_way(after)
    lines = [
        f"{name}: {was.get(name, 0)} in the first, {now.get(name, 0)} in the second"
        for name in was | now
        if was.get(name, 0) != now.get(name, 0)
    ]
    if lines:
        raise NotComparableError(
            lines, head="the two reports were not made in the same way"
        )


def check_same_subject(
    was_own: bool, is_own: bool, *, names: tuple[str, str], remedies: Sequence[str] = ()
) -> None:
    """Refuse to hold somebody's own services against the bundled ones.

    Raises:
        NotComparableError: with which of the two, instead of each count that differs.
    """

    if was_own is not is_own:
        own, bundled = names if was_own else names[::-1]
        raise NotComparableError(
            [
                f"{own} is of somebody's own story, {bundled} of the bundled one",
                *remedies,
            ],
            head="they are not of the same story",
        )


def check_same_services(report: Report, services: Sequence[str]) -> None:
    """Refuse to show a report beside an attribution of other services.

    Raises:
        NotComparableError: with the services of both.
    """

    (whole,) = {
        row.name
        for launch in report.launches
        if launch.arrangement == TOGETHER
        for row in launch.reading("settled").processes
        if row.name != REDIS
    }
    shared_out = "+".join(services)
    if whole != shared_out:
        raise NotComparableError(
            [f"{whole} in the report, {shared_out} in the attribution"],
            head="they are not of the same services",
        )


def list_differences(
    before: Environment, after: Environment
) -> Iterator[tuple[str, str, str]]:
    """Yield each fact of the environment that differs, libraries one by one.

    How large the observer was is left out: it moves every time, and is in no figure.
    """

    for name in [field.name for field in fields(Environment)]:
        was, now = getattr(before, name), getattr(after, name)
        if was == now or name == "observer":
            continue

        if name == "memory":
            yield name, f"{was / MIB:.1f} MiB", f"{now / MIB:.1f} MiB"
            continue

        if not isinstance(was, dict):
            yield name.replace("_", " "), str(was), str(now)
            continue

        for library in sorted(was | now):
            pair = was.get(library, "absent"), now.get(library, "absent")
            if pair[0] != pair[1]:
                yield library, *pair


def _describe_way(report: Report) -> dict[str, object]:
    procedure: Procedure = report.plan
    way: dict[str, object] = {
        "settle": procedure.settle,
        "samples": procedure.samples,
        "sample interval": procedure.sample_interval,
    }
    if procedure.own is not None:
        way["story"] = procedure.own.story.sha256

    return way | count_work(report.launches[0].ledger, own=procedure.own is not None)
