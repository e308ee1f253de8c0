"""What is in the file, read through a connection that cannot write."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

from dashboard.database import guard
from dashboard.database.doctor.faults import judge_library
from dashboard.database.doctor.findings import Finding, Verdict, ok, problem, warning
from dashboard.database.drivers import Connection, connect
from dashboard.database.guard import GuardState
from dashboard.database.migrating import load_migrations, plan_migrations
from dashboard.database.schema import SchemaError, State, find_migration, read_state

#: For each look.
BUSY_TIMEOUT = 1.0
#: Lines of `PRAGMA integrity_check` that are told.
MOST_FAULTS = 5

RESTORE = (
    "stop the server and restore a backup: .venv/bin/python -m dashboard restore FILE"
)


async def look_inside(path: Path, *, driver: str, journal_mode: str) -> list[Finding]:
    """Judge the library and what it reads; a file that cannot be read is a problem.

    Of one that is foreign nothing else is said.
    """
    try:
        connection = await connect(
            path, driver=driver, mode="ro", busy_timeout=BUSY_TIMEOUT
        )
    except (sqlite3.Error, OSError) as error:
        return [_explain("contents", error)]

    try:
        # What fails here fails everywhere; it is told once.
        await connection.fetch("SELECT count(*) FROM sqlite_master")
        schema = await _look("schema", _look_at_schema(connection))
        if schema.verdict is Verdict.PROBLEM and not await _is_homarr_s(connection):
            return [replace(schema, foreign=True)]

        found = [
            await _look("library", _look_at_library(connection, wanted=journal_mode)),
            await _look("guard", _look_at_guard(path)),
            await _look("journal", _look_at_journal(connection, wanted=journal_mode)),
            schema,
        ]
        if schema.verdict is Verdict.OK:
            # The server refuses any other file, or makes all tables of an empty one.
            found.append(await _look("migrations", _look_at_migrations(connection)))

        return [
            *found,
            await _look("integrity", _look_at_integrity(connection)),
            await _look("references", _look_at_references(connection)),
        ]
    except sqlite3.Error as error:
        return [_explain("contents", error)]
    finally:
        await connection.close()


async def _look(name: str, look: Awaitable[Finding]) -> Finding:
    try:
        return await look
    except (sqlite3.Error, SchemaError) as error:
        return _explain(name, error)


async def _look_at_library(connection: Connection, *, wanted: str) -> Finding:
    version = await _fetch_text(connection, "SELECT sqlite_version()")
    mode = await _fetch_text(connection, "PRAGMA journal_mode")
    # The next start may bring the file to WAL, or fail to bring it out of it.
    return judge_library(version, wal="wal" in {mode, wanted})


def judge_guard(state: GuardState, path: Path) -> Finding:
    """What the guard says of a file that is open: it is held for one library then."""
    name = os.path.realpath(path)
    held = [one for one in state.claimed if one.path == name]
    if any(one.doubled for one in held):
        return problem(
            "guard",
            "this program has the file open in two SQLite libraries",
            "one of them is not ours: look what the program that asks has loaded",
        )

    if not (state.hooked and held):
        return warning(
            "guard",
            "nothing keeps a second SQLite library of this program from the file",
            "use one of our drivers",
        )

    if not state.detects:
        return warning(
            "guard",
            f"this program holds the file for {held[0].library}, and cannot see other"
            " libraries",
            "let processes read /proc/self/maps",
        )

    return ok(
        "guard",
        f"this program, the doctor, holds the file for {held[0].library} alone;"
        " of the others see the line processes",
    )


async def _look_at_guard(path: Path) -> Finding:
    return judge_guard(guard.state(), path)


async def _look_at_journal(connection: Connection, *, wanted: str) -> Finding:
    mode = await _fetch_text(connection, "PRAGMA journal_mode")
    if mode == wanted:
        return ok("journal", f"mode {mode}")

    if wanted == "wal":
        # So are all backups; it is safe, and the next start sees to it.
        return ok("journal", f"mode {mode}, until the server starts: it makes it wal")

    return warning(
        "journal",
        f"mode {mode}, where DB_JOURNAL_MODE is {wanted}",
        "the server changes it when it starts and nobody else has the file open",
    )


async def _look_at_schema(connection: Connection) -> Finding:
    if await read_state(connection) is State.EMPTY:
        return warning(
            "schema", "the file is empty", "start the server once: it makes the tables"
        )

    return ok("schema", f"Homarr's migration {await find_migration(connection):04}")


async def _is_homarr_s(connection: Connection) -> bool:
    """Whether it was Homarr's once, whatever has become of it."""
    rows = await connection.fetch(
        "SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'"
    )
    return bool(rows)


async def _look_at_migrations(connection: Connection) -> Finding:
    plan = await plan_migrations(connection)
    known = len(load_migrations())
    if not plan.missing:
        return ok("migrations", f"all {known} of ours are applied")

    names = ", ".join(migration.name for migration in plan.missing)
    return warning(
        "migrations",
        f"{len(plan.missing)} of our {known} are not applied: {names}",
        "start the server: it makes a backup and applies them",
    )


async def _look_at_integrity(connection: Connection) -> Finding:
    rows = await connection.fetch(f"PRAGMA integrity_check({MOST_FAULTS})")
    faults = [" ".join(str(row[0]).split()) for row in rows]
    if faults == ["ok"]:
        return ok("integrity", "every page and index is whole")

    return problem("integrity", f"it is damaged: {'; '.join(faults)}", RESTORE)


async def _look_at_references(connection: Connection) -> Finding:
    rows = await connection.fetch("PRAGMA foreign_key_check")
    if not rows:
        return ok("references", "every row that another one names is there")

    counts = Counter(str(row[0]) for row in rows)
    told = ", ".join(f"{count} in {table}" for table, count in sorted(counts.items()))
    return problem(
        "references",
        f"rows that name others which are gone: {told}",
        "make a backup, then delete the rows that PRAGMA foreign_key_check lists",
    )


async def _fetch_text(connection: Connection, sql: str) -> str:
    rows = await connection.fetch(sql)
    return str(rows[0][0])


def _explain(name: str, error: Exception) -> Finding:
    if isinstance(error, SchemaError):
        cause, _, advice = str(error).rpartition("; ")
        return problem(name, cause, advice)

    code = getattr(error, "sqlite_errorcode", -1) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        advice = f"set DB_URL to another path; if it was ours, {RESTORE}"
        found = problem(name, "it is no SQLite database", advice)
        return replace(found, foreign=True)

    if code == sqlite3.SQLITE_CORRUPT:
        return problem(name, f"it is damaged: {error}", RESTORE)

    if code == sqlite3.SQLITE_BUSY:
        return warning(
            name,
            f"another program kept it locked for {BUSY_TIMEOUT:g} s",
            "run the doctor again; if that lasts, look which program has it open",
        )

    if code == sqlite3.SQLITE_READONLY:
        return warning(
            name,
            "a program ended in the middle of a write",
            "start the server: it takes back what was not finished",
        )

    return problem(
        name, f"it cannot be read: {error}", "let this user read it and its folder"
    )
