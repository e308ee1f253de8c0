"""What a usable file holds: reads its state, and makes the tables of a new one.

Homarr's own migrations are never applied, undone or marked here: a file is used at the
one that it is at, so that Homarr can go on from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

from dashboard.database.drivers import Connection
from dashboard.database.seeds import insert_seeds
from dashboard.database.transaction import Readable

#: Files above this are trusted to be whole: reading them would take seconds.
QUICK_CHECK_BYTES = 64 * 1024 * 1024
#: The oldest of Homarr's migrations that a file may be at.
OLDEST = 34
#: What schema.sql has since one of Homarr's migrations after that: tables and columns.
SINCE = {
    "user.ddg_bangs": 36,
    "user.completed_manage_tour": 37,
    "user.completed_board_tour": 37,
    "user.enable_right_click_on_widgets": 41,
    "custom_widget_definition": 38,
    "custom_widget_definition.url": 39,
    "custom_widget_definition.enabled": 39,
    "custom_widget_secret": 38,
    "widget_secret": 40,
}


class State(Enum):
    """What may be done with a file."""

    EMPTY = "empty"
    CURRENT = "current"


class SchemaError(Exception):
    """The file is a database, and not one that we can use; says why."""


async def read_state(connection: Connection, *, thorough: bool = True) -> State:
    """Tell an empty file from one that we can use; changes nothing.

    Raises SchemaError for any other, and the driver's errors for a damaged file, all
    of whose pages are looked at where this is `thorough`.
    """
    rows = await connection.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {row["name"] for row in rows}
    if not tables:
        return State.EMPTY

    if "__drizzle_migrations" not in tables:
        raise SchemaError("it is a database of another program; set DB_URL to another")

    await _check_columns(connection, await find_migration(connection))
    if thorough:
        await _check_pages(connection)

    return State.CURRENT


async def create_schema(connection: Connection) -> None:
    """Make tables, migration rows and seeds, inside the caller's transaction."""
    for name in ("schema.sql", "homarr_migrations.sql"):
        for statement in split_statements(_read(name)):
            await connection.execute(statement)

    await insert_seeds(connection)


async def has_column(source: Readable, table: str, column: str) -> bool:
    """Whether this file has a column that only some of Homarr's versions have.

    To be asked in the transaction that uses it: Homarr may migrate the file at any
    time.
    """
    row = await source.one(
        "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column)
    )
    return row is not None


def split_statements(script: str) -> Iterator[str]:
    """The statements of a script of ours, each of which ends with `;` and the line."""
    for statement in re.sub(r"^\s*--.*\n", "", script, flags=re.MULTILINE).split(";\n"):
        if statement.strip():
            yield statement.strip()


async def find_migration(connection: Connection) -> int:
    """The number of Homarr's migration that the file is at; raises SchemaError."""
    rows = await connection.fetch(
        'SELECT max(created_at) AS newest FROM "__drizzle_migrations"'
    )
    found = rows[0]["newest"] or 0
    migrations = _migrations()
    last = max(migrations)
    if not isinstance(found, int | float):
        raise SchemaError(f"its schema has no version ({found!r}); restore a backup")

    if found > last:
        raise SchemaError(
            f"its schema is newer ({found}) than the one that this version knows, "
            f"migration {migrations[last]} ({last}); use a newer version"
        )

    tag = migrations.get(int(found), "unknown" if found else "none")
    if not tag[:4].isdigit() or int(tag[:4]) < OLDEST:
        oldest = next(tag for tag in migrations.values() if int(tag[:4]) == OLDEST)
        raise SchemaError(
            f"its schema is at migration {tag} ({found}) and has to be at one from "
            f"{oldest} to {migrations[last]}; let Homarr 1.43 to 1.74 migrate it first"
        )

    return int(tag[:4])


async def _check_columns(connection: Connection, migration: int) -> None:
    """Miss no table and no column that the file's migration has; more are welcome."""
    needed = {
        (table, column)
        for table, column in _columns()
        if max(SINCE.get(table, 0), SINCE.get(f"{table}.{column}", 0)) <= migration
    }
    tables = ", ".join(sorted({f"'{table}'" for table, _ in needed}))
    rows = await connection.fetch(
        "SELECT m.name AS owner, c.name FROM sqlite_master AS m,"  # noqa: S608
        " pragma_table_info(m.name) AS c"
        f" WHERE m.type = 'table' AND m.name IN ({tables})"
    )
    found = {(row["owner"], row["name"]) for row in rows}
    for table, column in sorted(needed - found):
        if table not in {owner for owner, _ in found}:
            raise SchemaError(f"its table {table!r} is missing; restore a backup")

        raise SchemaError(
            f"the column {column!r} of its table {table!r} is missing; restore a backup"
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
    """The tag of each of Homarr's migrations by its time in milliseconds."""
    rows = r"/\* (\S+) \*/ \('\w{64}', (\d+)\)"
    found = re.findall(rows, _read("homarr_migrations.sql"))
    return {int(when): tag for tag, when in found}


@cache
def _columns() -> tuple[tuple[str, str], ...]:
    """The tables of schema.sql with their columns, which have a small first letter."""
    tables = re.findall(r'(?ms)^CREATE TABLE "(\w+)" \((.*?)^\);', _read("schema.sql"))
    return tuple(
        (table, column)
        for table, body in tables
        for column in re.findall(r"(?m)^  ([a-z]\w*) ", body)
    )


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
