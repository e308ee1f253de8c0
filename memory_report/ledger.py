"""The work of the launches, compared field by field: equal, or no comparison."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from memory_report.errors import NotComparableError
from memory_report.records import Launch, Ledger, Report

#: Counted at both ends of the wire, so both ends must have the same number.
BOTH_ENDS = (
    "web.requests",
    "web.responses_2xx",
    "web.responses_3xx",
    "web.responses_4xx",
    "web.responses_5xx",
    "tasks.requests",
    "tasks.responses_2xx",
    "tasks.responses_4xx",
    "tasks.responses_5xx",
    "ws.connections",
    "ws.subscriptions",
    "ws.pushes",
)
#: Counted by the services alone, and no part of the story: it went well or it did not.
TROUBLE = (
    "tasks.failures",
    "tasks.timeouts",
    "ws.refused",
    "ws.errors",
    "ws.dropped",
)
#: Grows with time and with the number of monitors: compared between the two ends
#: of one launch, but not between launches.
TIMED = frozenset({"ws.pushes"})
#: A tick that came before the schedules were stopped has its row here: the clock's.
CLOCKED = "oneroof_job_run"


def check_ledgers(launches: Sequence[Launch], *, own: bool = False) -> None:
    """Refuse launches whose two ends disagree, or whose work was not the first's.

    What `own` services count is not known here: the two ends agree on every name that
    both have, and there must be one.

    Raises:
        NotComparableError: with a line for each field that differs.
    """

    differences = [
        line
        for launch in launches
        for line in _compare_ends(launch, find_both_ends(launch.ledger, own=own))
    ]
    if own:
        differences += [line for each in launches for line in _find_one_sided(each)]
    else:
        differences += [line for each in launches for line in _find_trouble(each)]

    for launch in launches[1:]:
        differences.extend(_compare_launches(launches[0], launch, own=own))

    if differences:
        raise NotComparableError(differences)


def check_report(report: Report) -> None:
    """Refuse launches that do not come in rounds, or whose ledgers differ.

    Raises:
        NotComparableError: with how many there are of each arrangement, or with a
            line for each field that differs.
    """

    kept = Counter(each.arrangement for each in report.launches if not each.warm_up)
    counts = [kept[name] for name in report.plan.arrangements]
    if not all(counts) or len(set(counts)) > 1:
        told = ", ".join(
            f"{count} {name}"
            for count, name in zip(counts, report.plan.arrangements, strict=True)
        )
        raise NotComparableError([f"launches: {told}"])

    check_ledgers(report.launches, own=report.plan.own is not None)


def find_both_ends(ledger: Ledger, *, own: bool = False) -> tuple[str, ...]:
    """Return the fields that must have the same number at both ends."""

    return tuple(sorted(ledger.client.keys() & ledger.services)) if own else BOTH_ENDS


def count_work(ledger: Ledger, *, own: bool = False) -> dict[str, int]:
    """Return the fields that every launch must have alike."""

    timed = frozenset() if own else TIMED
    client = {key: n for key, n in ledger.client.items() if key not in timed}
    services = {
        f"{key} (services)": ledger.services[key]
        for key in find_both_ends(ledger, own=own)
        if key not in timed and key in ledger.services
    }
    rows = {f"rows in {table}": n for table, n in ledger.rows.items()}
    return client | services | rows


def count_rows(database: Path) -> dict[str, int]:
    """Count the rows of every table that has any; all processes must have ended."""

    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        counts = {
            table: _count(connection, table)
            for (table,) in tables
            if not table.startswith("sqlite_") and table != CLOCKED
        }

    return {table: rows for table, rows in counts.items() if rows}


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    (rows,) = connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608
    return int(rows)


def _compare_ends(launch: Launch, fields: Sequence[str]) -> Iterator[str]:
    ledger = launch.ledger
    for field in fields:
        asked = ledger.client.get(field, 0)
        answered = ledger.services.get(field, _absent(ledger, field))
        if asked != answered:
            yield (
                f"{field}: clients counted {asked}, services {answered} "
                f"in {_describe(launch)}"
            )


def _find_one_sided(launch: Launch) -> Iterator[str]:
    if not find_both_ends(launch.ledger, own=True):
        counted = ", ".join(sorted(launch.ledger.services)) or "nothing"
        yield (
            f"nothing was counted at both ends of {_describe(launch)}: the services "
            f"counted {counted}; count one of these in scene.counts"
        )


def _find_trouble(launch: Launch) -> Iterator[str]:
    for field in TROUBLE:
        count = launch.ledger.services.get(field, 0)
        if count:
            yield f"{field}: services counted {count} in {_describe(launch)}"


def _compare_launches(first: Launch, other: Launch, *, own: bool) -> Iterator[str]:
    expected, found = (count_work(each.ledger, own=own) for each in (first, other))
    for field in sorted(expected.keys() | found.keys()):
        if expected.get(field, 0) != found.get(field, 0):
            yield (
                f"{field}: {_describe(first)} counted {expected.get(field, 0)}, "
                f"{_describe(other)} {found.get(field, 0)}"
            )


def _describe(launch: Launch) -> str:
    return f"launch {launch.number} ({launch.arrangement})"


def _absent(ledger: Ledger, field: str) -> int | None:
    """A counter that never moved may be left out, but not all of a service's."""

    service = field.partition(".")[0]
    reported = any(key.startswith(f"{service}.") for key in ledger.services)
    return 0 if reported else None
