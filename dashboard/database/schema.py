"""What a usable file holds: reads its state, and makes the tables of a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

from dashboard.database.drivers import Connection
from dashboard.database.seeds import insert_seeds

#: Files above this are trusted to be whole: reading them would take seconds.
QUICK_CHECK_BYTES = 64 * 1024 * 1024


class State(Enum):
    """What may be done with a file."""

    EMPTY = "empty"
    CURRENT = "current"


class SchemaError(Exception):
    """The file is a database, and not one that we can use; says why."""


async def read_state(connection: Connection) -> State:
    """Tell an empty file from a current one; changes nothing.

    Raises SchemaError for any other, and the driver's errors for a damaged file.
    """
    rows = await connection.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {row["name"] for row in rows}
    if not tables:
        return State.EMPTY

    if "__drizzle_migrations" not in tables:
        raise SchemaError("it is a database of another program; set DB_URL to another")

    await _check_version(connection)
    missing = sorted(set(_table_names()) - tables)
    if missing:
        raise SchemaError(f"its table {missing[0]!r} is missing; restore a backup")

    await _check_pages(connection)
    return State.CURRENT


async def create_schema(connection: Connection) -> None:
    """Make tables, migration rows and seeds, inside the caller's transaction."""
    for statement in _statements("schema.sql"):
        await connection.execute(statement)

    for statement in _statements("migrations.sql"):
        await connection.execute(statement)

    await insert_seeds(connection)


async def _check_version(connection: Connection) -> None:
    rows = await connection.fetch(
        'SELECT max(created_at) AS newest FROM "__drizzle_migrations"'
    )
    found = int(rows[0]["newest"] or 0)
    migrations = _migrations()
    needed = max(migrations)
    if found > needed:
        raise SchemaError(
            f"its schema is newer ({found}) than the one that this version knows, "
            f"migration {migrations[needed]} ({needed}); use a newer version"
        )

    if found < needed:
        at = migrations.get(found, "unknown" if found else "none")
        raise SchemaError(
            f"its schema is at migration {at} ({found}) and has to be at "
            f"{migrations[needed]} ({needed}); let Homarr 1.74 migrate it first"
        )


async def _check_pages(connection: Connection) -> None:
    rows = await connection.fetch(
        "SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size"
    )
    if rows[0]["size"] > QUICK_CHECK_BYTES:
        return

    rows = await connection.fetch("PRAGMA quick_check(1)")
    if rows[0][0] != "ok":
        raise SchemaError(f"it is damaged ({rows[0][0]}); restore a backup")


@cache
def _migrations() -> dict[int, str]:
    """The tag of each migration by its time in milliseconds."""
    found = re.findall(r"/\* (\S+) \*/ \('\w{64}', (\d+)\)", _read("migrations.sql"))
    return {int(when): tag for tag, when in found}


@cache
def _table_names() -> tuple[str, ...]:
    return tuple(re.findall(r'CREATE TABLE "(\w+)"', _read("schema.sql")))


def _statements(name: str) -> Iterator[str]:
    for statement in _read(name).split(";\n"):
        if statement.strip():
            yield statement


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
