"""What the library's errors mean, and how long one that will pass is waited for."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from dashboard.errors import DashboardError, DatabaseBusyError, DatabaseFullError

T = TypeVar("T")

LONGEST_PAUSE = 0.05
LET_WRITE = (
    "let this user write the file, those beside it (-wal, -shm) and their folder"
)
#: What the library says when a file cannot grow: ENOSPC is SQLITE_FULL, and a quota
#: or a limit of the file's size is one of these. libSQL tells no more than the first.
FULL_CODES = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


async def retry_busy(call: Callable[[], Awaitable[T]], *, busy_timeout: float) -> T:
    """Call again while somebody holds the lock; raises DatabaseBusyError.

    The event loop waits, not the library: that would hold up its thread, and with some
    drivers the whole process.
    """
    deadline = time.monotonic() + busy_timeout
    pause = 0.001
    while True:
        try:
            return await call()
        except sqlite3.OperationalError as error:
            if not is_code(error, sqlite3.SQLITE_BUSY):
                raise

            if time.monotonic() >= deadline:
                raise DatabaseBusyError(busy_timeout) from error

        await anyio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def is_code(error: BaseException, code: int) -> bool:
    """Whether the library's error is of this primary code."""
    # The low byte: the rest says more closely why.
    return getattr(error, "sqlite_errorcode", -1) & 0xFF == code


def is_full(error: BaseException) -> bool:
    """Whether a write failed for lack of room, as far as the library tells."""
    if is_code(error, sqlite3.SQLITE_FULL):
        return True

    return getattr(error, "sqlite_errorcode", -1) in FULL_CODES


def translate(
    error: sqlite3.Error, *, path: str, busy_timeout: float
) -> DashboardError | None:
    """Ours for an error that a caller can answer; None where it is a fault of ours."""
    if is_full(error):
        return DatabaseFullError(path)

    if is_code(error, sqlite3.SQLITE_BUSY):
        return DatabaseBusyError(busy_timeout)

    return None


def explain(error: Exception) -> str:
    """Why a file cannot be used, and what to do about it."""
    if isinstance(error, sqlite3.DatabaseError):
        if is_code(error, sqlite3.SQLITE_NOTADB):
            return "it is not an SQLite database; set DB_URL to another path"

        if is_code(error, sqlite3.SQLITE_CORRUPT):
            return f"it is damaged ({error}); restore a backup"

        if is_code(error, sqlite3.SQLITE_READONLY):
            return f"it is read-only; {LET_WRITE}"

        if is_code(error, sqlite3.SQLITE_CANTOPEN):
            return f"no access; {LET_WRITE}"

        if is_full(error):
            return "there is no room to write it; free some space on its disk"

    if isinstance(error, PermissionError):
        return f"no access ({error.strerror}: {error.filename}); {LET_WRITE}"

    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})"

    return str(error)
