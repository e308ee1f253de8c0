"""Equal work, or no comparison."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from memory_report.errors import NotComparableError
from memory_report.ledger import (
    BOTH_ENDS,
    TROUBLE,
    check_ledgers,
    check_pairs,
    count_rows,
)
from memory_report.records import Launch
from tests.memory_report.examples import CLIENT, SERVICES, make_launch, make_process


def launch(
    number: int = 1, arrangement: str = "separate", **ledger: dict[str, int]
) -> Launch:
    """Return a launch with this ledger."""

    return make_launch(number, arrangement, [make_process("web", 1)], **ledger)


def test_equal_ledgers_are_compared():
    """Launches that did the same work pass."""

    assert check_ledgers([launch(1), launch(2, "together")]) is None


@pytest.mark.parametrize("field", BOTH_ENDS)
def test_services_that_counted_otherwise_are_refused(field: str):
    """What a client sent and no service saw is no equal work."""

    services = {**SERVICES, field: SERVICES.get(field, 0) + 1}

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(services=services)])

    asked, answered = CLIENT.get(field, 0), services[field]
    assert caught.value.differences == (
        f"{field}: clients counted {asked}, services {answered} in launch 1 (separate)",
    )


def test_a_service_that_counted_nothing_at_all_is_refused():
    """A missing report of a service is a difference, not a zero."""

    silent = {key: n for key, n in SERVICES.items() if not key.startswith("tasks.")}

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(services=silent)])

    assert (
        "tasks.requests: clients counted 8, services None in launch 1 (separate)"
        in caught.value.differences
    )


def test_launches_with_unequal_work_are_refused():
    """Every field that differs between two launches is named, with both numbers."""

    other = launch(
        2,
        "together",
        client={**CLIENT, "ws.ping_pushes": 9},
        rows={"session": 4, "user": 1, "item": 1},
    )

    with pytest.raises(NotComparableError) as caught:
        check_ledgers([launch(1), other])

    assert caught.value.differences == (
        "rows in item: launch 1 (separate) counted 0, launch 2 (together) 1",
        "ws.ping_pushes: launch 1 (separate) counted 10, launch 2 (together) 9",
    )


@pytest.mark.parametrize("field", TROUBLE)
def test_a_launch_that_had_trouble_is_refused(field: str):
    """Failed jobs and dropped clients are no work, however equal they are."""

    troubled = [launch(n, services={**SERVICES, field: 1}) for n in (1, 2)]

    with pytest.raises(NotComparableError) as caught:
        check_ledgers(troubled)

    assert f"{field}: services counted 1 in launch 2 (separate)" in (
        caught.value.differences
    )


def test_launches_come_in_pairs():
    """One launch too few on a side leaves one that is compared with nothing."""

    pair = [launch(1), launch(2, "together")]

    assert check_pairs(pair) is None

    for odd in (pair[:1], pair[1:], [*pair, launch(3)], []):
        with pytest.raises(NotComparableError, match="launches: "):
            check_pairs(odd)


def test_pushes_that_come_with_time_may_differ_between_launches():
    """A slower launch sees one more memory sample; both its ends must agree on it."""

    more = {"ws.pushes": CLIENT["ws.pushes"] + 5}
    slower = launch(2, client=CLIENT | more, services=SERVICES | more)

    assert check_ledgers([launch(1), slower]) is None


def test_rows_are_counted_by_table(tmp_path: Path):
    """The file that a launch leaves behind bears witness; empty tables say nothing."""

    file = tmp_path / "db.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(
            'CREATE TABLE "group" (id); CREATE TABLE empty (id);'
            'INSERT INTO "group" VALUES (1), (2);'
        )

    assert count_rows(file) == {"group": 2}
