"""Opening the file: look at it without touching it, then make it ours or refuse."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import anyio

from dashboard.database.drivers import Connection, connect
from dashboard.database.schema import SchemaError, State, create_schema, read_state
from dashboard.errors import DatabaseBusyError, DatabaseOpenError

T = TypeVar("T")

#: Kept small: the operating system caches the file as well.
WRITER_CACHE_KIB = 2000
READER_CACHE_KIB = 1000
JOURNAL_LIMIT_BYTES = 4 * 1024 * 1024
LONGEST_PAUSE = 0.05


async def open_writer(path: Path, *, driver: str, busy_timeout: float) -> Connection:
    """Open the file for writing, and make it with its folders if it is absent.

    Raises DatabaseOpenError when it cannot be used, and has not changed it then.
    """

    async def attempt() -> Connection:
        if _prepare_path(path):
            await _inspect(path, driver=driver)

        return await _open_and_set_up(path, driver=driver)

    try:
        # Processes that start together make the file together. SQLite answers some
        # of what happens then with "locked" at once, whatever its busy timeout is.
        return await retry_busy(attempt, busy_timeout=busy_timeout)
    except (sqlite3.Error, SchemaError, OSError, DatabaseBusyError) as error:
        raise DatabaseOpenError(str(path), _explain(error)) from error


async def open_reader(path: Path, *, driver: str, busy_timeout: float) -> Connection:
    """Open a connection of a pool that only reads."""
    connection = await connect(
        path, driver=driver, mode="rw", busy_timeout=busy_timeout
    )
    try:
        await connection.fetch(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        await connection.fetch("PRAGMA query_only = ON")
    except BaseException:
        await connection.close()
        raise

    return connection


async def begin_immediate(connection: Connection, *, busy_timeout: float) -> None:
    """Take the write lock, waiting for other processes without blocking the loop."""
    await retry_busy(
        lambda: connection.fetch("BEGIN IMMEDIATE"), busy_timeout=busy_timeout
    )


async def retry_busy(call: Callable[[], Awaitable[T]], *, busy_timeout: float) -> T:
    """Call again while another process holds the lock; raises DatabaseBusyError."""
    deadline = time.monotonic() + busy_timeout
    pause = 0.001
    while True:
        try:
            return await call()
        except sqlite3.OperationalError as error:
            if not _is_code(error, sqlite3.SQLITE_BUSY):
                raise

            if time.monotonic() >= deadline:
                raise DatabaseBusyError(busy_timeout) from error

        await anyio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _prepare_path(path: Path) -> bool:
    """Make the parent folders; tells whether there is a file to look at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return False

    if not path.is_file():
        raise OSError("it is not a file; give the path of one in DB_URL")

    return path.stat().st_size > 0


async def _open_and_set_up(path: Path, *, driver: str) -> Connection:
    connection = await connect(path, driver=driver, mode="rwc", busy_timeout=0)
    try:
        await _set_up_writer(connection)
    except BaseException:
        await connection.close()
        raise

    return connection


async def _inspect(path: Path, *, driver: str) -> None:
    """Refuse what we cannot use, through a connection that cannot write."""
    try:
        await _inspect_as(path, "ro", driver=driver)
    except sqlite3.OperationalError as error:
        # The last program crashed: its journal has to be rolled back before anybody
        # can read, which SQLite does by itself where it may write.
        if not _is_code(error, sqlite3.SQLITE_READONLY):
            raise

        await _inspect_as(path, "rw", driver=driver)


async def _inspect_as(path: Path, mode: str, *, driver: str) -> None:
    connection = await connect(path, driver=driver, mode=mode, busy_timeout=0)
    try:
        await connection.fetch("BEGIN")
        await read_state(connection)
    finally:
        await connection.close()


async def _set_up_writer(connection: Connection) -> None:
    await connection.fetch("PRAGMA foreign_keys = ON")
    await connection.fetch(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    # Kept through a power cut as well: a revoked session must not come back.
    await connection.fetch("PRAGMA synchronous = FULL")
    await connection.fetch(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
    rows = await connection.fetch("PRAGMA journal_mode = WAL")
    if rows[0][0] != "wal":
        raise SchemaError("its file system has no shared memory; use a local disk")

    await connection.fetch("BEGIN IMMEDIATE")
    try:
        if await read_state(connection) is State.EMPTY:
            await create_schema(connection)
            await connection.fetch("COMMIT")
        else:
            # BEGIN IMMEDIATE alone succeeds on a read-only file.
            await connection.fetch("UPDATE onboarding SET step = step WHERE FALSE")

    finally:
        if connection.in_transaction:
            await connection.fetch("ROLLBACK")


def _is_code(error: sqlite3.Error, code: int) -> bool:
    # The low byte: the rest says more closely why.
    return getattr(error, "sqlite_errorcode", -1) & 0xFF == code


def _explain(error: Exception) -> str:
    if isinstance(error, sqlite3.DatabaseError):
        if _is_code(error, sqlite3.SQLITE_NOTADB):
            return "it is not an SQLite database; set DB_URL to another path"

        if _is_code(error, sqlite3.SQLITE_CORRUPT):
            return f"it is damaged ({error}); restore a backup"

        if _is_code(error, sqlite3.SQLITE_READONLY):
            return "it is read-only; let this user write the file and its folder"

        if _is_code(error, sqlite3.SQLITE_CANTOPEN):
            return "no access; let this user write the file and its folder"

    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})"

    return str(error)
