"""The drivers behind one interface: aiosqlite, sqlite3 and libsql.

location       whether it is a file or a server
connection     what each offers, and the wait that no cancellation cuts short
standard       the standard library's SQLite: aiosqlite's thread, or sqlite3 in place
libsql         libSQL's own copy of it, through aiolibsql: a local file
remote         the same library, talking to a libSQL server
statements     what libsql has to be told about a statement, and its parameters
translation    libsql's values and errors as sqlite3's
"""

from __future__ import annotations

from pathlib import Path

from dashboard.database.drivers.connection import (
    Connection,
    Parameters,
    Query,
    run_to_end,
)
from dashboard.database.drivers.location import Server, locate
from dashboard.database.drivers.standard import (
    AiosqliteConnection,
    SqliteConnection,
    open_aiosqlite,
    open_sqlite,
)

__all__ = [
    "AiosqliteConnection",
    "Connection",
    "Parameters",
    "Query",
    "Server",
    "SqliteConnection",
    "check_installed",
    "connect",
    "locate",
    "open_sqlite",
    "run_to_end",
]


def check_installed(driver: str, path: Path | Server) -> None:
    """Raise DatabaseOpenError where the driver's library is not installed."""
    if driver == "libsql":
        from dashboard.database.drivers.libsql import load

        load(str(path))


async def connect(
    path: Path | Server, *, driver: str, mode: str, busy_timeout: float
) -> Connection:
    """Open the file; `mode` is SQLite's: ro, rw, or rwc to make it if absent.

    Raises sqlite3's errors, and DatabaseOpenError where the driver is not installed
    or another SQLite library has the file open in this process.
    """
    if driver == "libsql":
        if isinstance(path, Server):
            from dashboard.database.drivers.remote import open_remote

            return await open_remote(path, mode=mode, busy_timeout=busy_timeout)

        from dashboard.database.drivers.libsql import open_libsql

        return await open_libsql(path, mode=mode, busy_timeout=busy_timeout)

    if isinstance(path, Server):
        raise ValueError(f"the driver {driver!r} opens files only; use libsql")

    if driver == "sqlite3":
        return await open_sqlite(path, mode=mode, busy_timeout=busy_timeout)

    return await open_aiosqlite(path, mode=mode, busy_timeout=busy_timeout)
