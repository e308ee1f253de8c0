"""The price in two reports: percentiles say of what they are."""

from __future__ import annotations

import dataclasses

import pytest

from memory_report.changes import Change, Direction
from memory_report.compare import Comparison, compare_reports
from memory_report.figures import work_out
from memory_report.records import Report
from memory_report.statistics import percentile
from tests.memory_report.whole_report import make_whole_report

NAMES = ("separate", "together")
REPORT = make_whole_report(3, names=NAMES)


def find(comparison: Comparison, subject: str) -> Change:
    """Return the change of one figure."""

    return next(each for each in comparison.changes if each.subject == subject)


def with_pushes(*launches: tuple[float, ...]) -> Report:
    """Return a report whose launches waited so long for their pushes, in seconds."""

    report = make_whole_report(len(launches), names=NAMES)
    given = {name: iter(launches) for name in NAMES}
    made = []
    for launch in report.launches:
        pushes = next(given[launch.arrangement])
        own = percentile(pushes, 0.99)
        assert launch.price is not None
        price = dataclasses.replace(launch.price, pushes=pushes, push_p99=own)
        made.append(dataclasses.replace(launch, price=price))

    return dataclasses.replace(report, launches=tuple(made))


def test_percentiles_of_pushes_are_those_of_all_launches_together():
    """As in the report's own table; where their times are not kept the row says so."""

    quick, slow = (0.001,) * 99, (0.001,) * 98 + (0.2,)
    report = with_pushes(quick, slow, quick)
    pooled = find(compare_reports(report, report), "together, push p99")

    assert pooled.before == work_out(report).together.price.push_p99 == 0.001
    assert pooled.growth.value == 0
    kept = [each.subject for each in compare_reports(REPORT, REPORT).changes]
    assert "together, median push p99" in kept
    assert "together, push p99" not in kept


def test_percentiles_of_requests_are_the_median_of_the_launches_own():
    """No request's time is kept, and the row's name says what it is."""

    *others, last = REPORT.launches
    assert last.price is not None
    slow = dataclasses.replace(
        last, price=dataclasses.replace(last.price, request_p99=9)
    )
    after = dataclasses.replace(REPORT, launches=(*others, slow))
    subject = f"{last.arrangement}, median request p99"
    change = find(compare_reports(REPORT, after), subject)

    assert (change.before, change.after) == (0.0095, 0.0095)
    assert change.growth.value == 0
    assert change.direction is Direction.UNCLEAR


def test_a_push_that_is_slower_in_all_launches_is_found():
    """Whichever launches are drawn, the slowest hundredth is slower."""

    then = [(0.001 + place / 1000,) * 100 for place in range(3)]
    now = [(0.01 + place / 1000,) * 100 for place in range(3)]
    comparison = compare_reports(with_pushes(*then), with_pushes(*now))
    change = find(comparison, "separate, push p99")

    assert (change.before, change.after) == (0.003, pytest.approx(0.012))
    assert change.growth.value == pytest.approx(3)
    assert change.direction is Direction.MORE
