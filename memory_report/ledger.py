"""The work of the launches, compared field by field: equal, or no comparison."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from memory_report.arrangements import SEPARATE, TOGETHER
from memory_report.errors import NotComparableError
from memory_report.records import Launch, Ledger

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


def check_ledgers(launches: Sequence[Launch]) -> None:
    """Refuse launches whose two ends disagree, or whose work was not the first's.

    Raises:
        NotComparableError: with a line for each field that differs.
    """

    differences = [line for launch in launches for line in _compare_ends(launch)]
    differences += [line for launch in launches for line in _find_trouble(launch)]
    for launch in launches[1:]:
        differences.extend(_compare_launches(launches[0], launch))

    if differences:
        raise NotComparableError(differences)


def check_pairs(launches: Sequence[Launch]) -> None:
    """Refuse launches that do not come in pairs: there is nothing to compare.

    Raises:
        NotComparableError: with how many there are of each arrangement.
    """

    kept = Counter(launch.arrangement for launch in launches if not launch.warm_up)
    separate, together = kept[SEPARATE.name], kept[TOGETHER.name]
    if separate != together or not separate:
        counts = f"{separate} {SEPARATE.name}, {together} {TOGETHER.name}"
        raise NotComparableError([f"launches: {counts}"])


def count_work(ledger: Ledger) -> dict[str, int]:
    """Return the fields that every launch must have alike."""

    client = {key: n for key, n in ledger.client.items() if key not in TIMED}
    services = {
        f"{key} (services)": ledger.services[key]
        for key in BOTH_ENDS
        if key not in TIMED and key in ledger.services
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


def _compare_ends(launch: Launch) -> Iterator[str]:
    ledger = launch.ledger
    for field in BOTH_ENDS:
        asked = ledger.client.get(field, 0)
        answered = ledger.services.get(field, _absent(ledger, field))
        if asked != answered:
            yield (
                f"{field}: clients counted {asked}, services {answered} "
                f"in {_describe(launch)}"
            )


def _find_trouble(launch: Launch) -> Iterator[str]:
    for field in TROUBLE:
        count = launch.ledger.services.get(field, 0)
        if count:
            yield f"{field}: services counted {count} in {_describe(launch)}"


def _compare_launches(first: Launch, other: Launch) -> Iterator[str]:
    expected, found = count_work(first.ledger), count_work(other.ledger)
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
