"""libSQL's own copy of SQLite, on a local file, through aiolibsql.

It runs in threads of its own that hold neither Python's lock nor a busy timeout:
while another process has the file locked, the wait is a sleep of the event loop.
"""

from __future__ import annotations

import asyncio
import atexit
import sqlite3
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import anyio

from dashboard.database.drivers.connection import Parameters, Query, run_to_end
from dashboard.database.drivers.statements import Statement, bind, read_statement
from dashboard.database.drivers.translation import make_error, make_rows, translate
from dashboard.database.guard import Hold, claim
from dashboard.errors import DatabaseOpenError

T = TypeVar("T")

LIBRARY = "libsql"
INSTALL = (
    "the libsql driver is not installed; install it with: "
    ".venv/bin/pip install 'aiolibsql>=0.3,<0.4'"
)
#: Seconds between two tries for a lock: the first, and the longest.
PAUSES = (0.001, 0.05)
#: aiolibsql's threads let go of a cursor some time after they have answered; the file
#: stays open as long, so the last ones are closed by name.
KEPT_CURSORS = 4
#: Seconds that the end of the program waits for threads that need microseconds.
END_TIMEOUT = 1.0


async def open_libsql(
    path: Path, *, mode: str, busy_timeout: float
) -> LibsqlConnection:
    """Open the file; raises sqlite3's errors, or DatabaseOpenError if not installed."""
    hold = claim(path, library=LIBRARY)
    try:
        raw = await connect_raw(f"{path.as_uri()}?mode={mode}", shown=str(path))
        connection = LibsqlConnection(raw, busy_timeout=busy_timeout, hold=hold)
        try:
            version = await connection.fetch("SELECT sqlite_version()")
        except BaseException:
            await connection.close()
            raise

        hold.opened(version=version[0][0])
    except BaseException:
        hold.release()
        raise

    return connection


def load(shown: str) -> Any:
    """The library; raises DatabaseOpenError, about this database, if not installed."""
    try:
        import aiolibsql
    except ImportError:
        raise DatabaseOpenError(shown, INSTALL) from None

    return aiolibsql


async def connect_raw(database: str, *, shown: str, auth_token: str = "") -> Any:
    """A connection of aiolibsql that never waits for a lock itself."""
    aiolibsql = load(shown)
    _end_in_order()
    opening = asyncio.ensure_future(
        aiolibsql.connect(
            database, timeout=0.0, isolation_level=None, auth_token=auth_token
        )
    )
    try:
        return await run_to_end(opening)
    except asyncio.CancelledError:
        if not opening.cancelled() and opening.exception() is None:
            await run_to_end(opening.result().close())

        raise
    except Exception as error:
        raise translate(error) from error


@cache
def _end_in_order() -> None:
    """Let aiolibsql's threads finish before Python does; registered once.

    One that hands over a result lets go of Python's lock while it wakes the loop.
    Where the program ends in that moment, taking the lock again ends the thread, which
    Rust answers by aborting the process.
    """

    def wait() -> None:
        deadline = time.monotonic() + END_TIMEOUT
        while time.monotonic() < deadline:
            ours = {thread.ident for thread in threading.enumerate()}
            if ours.issuperset(sys._current_frames()):
                return

            time.sleep(0.001)

    atexit.register(wait)


class LibsqlConnection:
    """A connection of libSQL's; each call makes one way to its threads and back."""

    def __init__(self, raw: Any, *, busy_timeout: float, hold: Hold | None) -> None:
        self._raw = raw
        self._busy_timeout = busy_timeout
        self._hold = hold
        self._cursors: deque[Any] = deque(maxlen=KEPT_CURSORS)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: an error may have ended it."""
        return bool(self._raw is not None and self._raw.in_transaction)

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement; every row that it gives."""
        statement = prepare(sql)
        values = self._bind(statement, parameters)
        return (await self._retry(lambda: self._run(statement, values)))[0]

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """Run statements in their order; the rows of each."""
        return [await self.fetch(*query) for query in queries]

    async def fetch_plain(self, *queries: Query) -> list[list[tuple[Any, ...]]]:
        """As `fetch_each`, each row a plain tuple."""
        each = await self.fetch_each(*queries)
        return [[tuple(row) for row in rows] for rows in each]

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; how many rows it changed, -1 if it is none that does."""
        statement = prepare(sql)
        values = self._bind(statement, parameters)
        return (await self._retry(lambda: self._run(statement, values)))[1]

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """All rows or none, in a transaction or out of one."""
        statement = prepare(sql)
        if not statement.changes:
            raise sqlite3.ProgrammingError(
                "executemany() can only execute DML statements."
            )

        values = [self._bind(statement, row) for row in rows]
        return await self._retry(lambda: self._run_many(statement, values))

    async def close(self) -> None:
        """Let go of the file; a transaction that is open is rolled back."""
        await run_to_end(self._close())

    async def _run(
        self, statement: Statement, values: list[Any]
    ) -> tuple[list[sqlite3.Row], int]:
        """The rows, and how many were changed: -1 where sqlite3 does not count."""
        if not statement.first:
            return [], -1

        raw = self._connected()
        cursor = None
        try:
            cursor = await raw.execute(statement.sql, values)
            description = cursor.description
            if description is None:
                return [], cursor.rowcount if statement.changes else -1

            self._cursors.append(cursor)
            found = await cursor.fetchall()
            names = [column[0] for column in description]
            if not statement.changes:
                return make_rows(names, found), -1

            # RETURNING: cursor.rowcount was taken before the first row.
            return make_rows(names, found), len(found)
        except (ValueError, OverflowError):
            # Of a parameter, as sqlite3 raises them.
            raise
        except Exception as error:
            if cursor is not None:
                # Or the statement would keep its lock as long as the traceback.
                await cursor.close()

            raise translate(error) from error

    async def _run_many(self, statement: Statement, values: list[list[Any]]) -> int:
        raw = self._connected()
        try:
            # Whether it is tried again or given up: no row has been written then.
            await raw.execute("SAVEPOINT many")
            try:
                count: int = (await raw.executemany(statement.sql, values)).rowcount
                await raw.execute("RELEASE many")
            except Exception:
                # The transaction may be gone already, as on a full disk.
                if raw.in_transaction:
                    await raw.execute("ROLLBACK TO many")
                    await raw.execute("RELEASE many")

                raise
        except (ValueError, OverflowError):
            raise
        except Exception as error:
            raise translate(error) from error

        return count

    async def _retry(self, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        deadline = time.monotonic() + self._busy_timeout
        pause, longest = PAUSES
        while True:
            try:
                return await run_to_end(attempt())
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() >= deadline:
                    raise

            await anyio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _close(self) -> None:
        raw, self._raw = self._raw, None
        try:
            if raw is not None:
                while self._cursors:
                    await self._cursors.pop().close()

                await raw.close()
        finally:
            if self._hold is not None:
                self._hold.release()

    def _connected(self) -> Any:
        if self._raw is None:
            # aiolibsql would do nothing, and say nothing.
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

        return self._raw

    def _bind(self, statement: Statement, parameters: Parameters) -> list[Any]:
        values = bind(statement, parameters)
        if statement.first == "SELECT":
            return values

        for value in values:
            if isinstance(value, str) and "\0" in value:
                # It would be stored whole, and be read back with libsql cut there.
                raise make_error(
                    sqlite3.SQLITE_TOOBIG,
                    "libsql cannot read text with a NUL back; use another DB_DRIVER",
                )

        return values


def prepare(sql: str) -> Statement:
    """Read the statement; raises sqlite3's error where there are several."""
    statement = read_statement(sql)
    if statement.several:
        raise sqlite3.ProgrammingError("You can only execute one statement at a time.")

    return statement
