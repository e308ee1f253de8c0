"""Our own migrations: indexes, and small tables named oneroof_*, in Homarr's file.

Plain SQL files, each of which may run again: what is missing is put back at the next
start, since Homarr drops the indexes of a table that it rebuilds. No triggers and no
views: one that names a table makes such a rebuild fail.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboard.database.drivers import Connection
from dashboard.database.schema import split_statements

FOLDER = Path(__file__).with_name("migrations")
TABLE = "oneroof_migration"

_MADE = re.compile(
    r'CREATE (?:TABLE|(?:UNIQUE )?INDEX) IF NOT EXISTS "?(\w+)"?', re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: its statements, and the tables and indexes that they make."""

    name: str
    statements: tuple[str, ...]
    makes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a file lacks of ours; `first` where it has never had any of it."""

    missing: tuple[Migration, ...]
    first: bool


@cache
def load_migrations() -> tuple[Migration, ...]:
    """All `NNNN_name.sql` of the folder, in order."""
    return tuple(
        _load(path) for path in sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    )


async def plan_migrations(connection: Connection) -> Plan:
    """Which of ours have to run, or to run again; changes nothing."""
    rows = await connection.fetch(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'index')"
    )
    there = {row["name"] for row in rows}
    applied: set[str] = set()
    if TABLE in there:
        rows = await connection.fetch(f"SELECT name FROM {TABLE}")  # noqa: S608
        applied = {row["name"] for row in rows}

    missing = tuple(
        migration
        for migration in load_migrations()
        if migration.name not in applied or not migration.makes <= there
    )
    return Plan(missing=missing, first=not applied)


async def apply_migrations(
    connection: Connection,
    migrations: Iterable[Migration],
    *,
    clock: Callable[[], float] = time.time,
) -> None:
    """Run these and note them, inside the caller's transaction; times in ms."""
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE}"
        " (name TEXT PRIMARY KEY NOT NULL, applied_at INTEGER NOT NULL)"
    )
    for migration in migrations:
        for statement in migration.statements:
            await connection.execute(statement)

        await connection.execute(
            f"INSERT INTO {TABLE} (name, applied_at) VALUES (?, ?)"  # noqa: S608
            " ON CONFLICT (name) DO NOTHING",
            (migration.name, round(clock() * 1000)),
        )


def _load(path: Path) -> Migration:
    script = path.read_text("utf-8")
    return Migration(
        name=path.stem,
        statements=tuple(split_statements(script)),
        makes=frozenset(_MADE.findall(script)),
    )
