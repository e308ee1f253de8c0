"""The rows that a launch left behind in its database: how many, and what is in them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

#: The runs of all jobs, the clock's too: those before the schedules were stopped.
CLOCKED = "oneroof_job_run"

#: Columns that differ from launch to launch: identifiers, times, secrets.
_VARYING = re.compile(r"(^|_)(id|at|expires|token|password)$")
#: The same inside of texts: identifiers, and the port of the site that is pinged.
VARYING_TEXT = re.compile(r"\b[a-z][0-9a-z]{23}\b|(?<=127\.0\.0\.1:)\d+")


def count_rows(database: Path) -> dict[str, int]:
    """Count the rows of every table that has any; all processes must have ended."""

    with closing(_open(database)) as connection:
        return {table: len(rows) for table, _, rows in _read_tables(connection)}


def digest_rows(database: Path) -> dict[str, str]:
    """Return a digest of what is in each table, whenever and by whom it was written.

    The order of rows, identifiers, times and secrets make no difference.
    """

    with closing(_open(database)) as connection:
        return {
            table: _digest(columns, rows)
            for table, columns, rows in _read_tables(connection)
        }


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def _read_tables(
    connection: sqlite3.Connection,
) -> Iterator[tuple[str, list[str], list[tuple[object, ...]]]]:
    """Yield the name, the columns and the rows of each table that has any."""

    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ).fetchall()
    for (table,) in tables:
        if table.startswith("sqlite_") or table == CLOCKED:
            continue

        quoted = table.replace('"', '""')
        cursor = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608
        rows = cursor.fetchall()
        if rows:
            yield table, [column[0] for column in cursor.description], rows


def _digest(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    lines = sorted(
        "\t".join(
            f"{column}={VARYING_TEXT.sub('*', repr(value))}"
            for column, value in zip(columns, row, strict=True)
            if not _VARYING.search(column)
        )
        for row in rows
    )
    return sha256("\n".join(lines).encode()).hexdigest()[:16]
