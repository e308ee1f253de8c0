"""The standard library's SQLite: aiosqlite's thread, or sqlite3 in place."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import CancelScope

from dashboard.database.drivers.connection import Parameters, Query, run_to_end
from dashboard.database.guard import Hold, claim

if TYPE_CHECKING:
    import aiosqlite

T = TypeVar("T")

#: A thread that has been told to stop takes microseconds.
STOP_TIMEOUT = 1.0
#: Prepared statements kept by each connection.
CACHED_STATEMENTS = 64
LIBRARY = "sqlite3"


async def open_sqlite(
    path: Path, *, mode: str, busy_timeout: float
) -> SqliteConnection:
    """Open the file with the synchronous driver; raises sqlite3's errors."""
    hold = claim(path, library=LIBRARY, version=sqlite3.sqlite_version)
    try:
        raw = sqlite3.connect(_uri(path, mode), **_options(busy_timeout))
        hold.opened()
    except BaseException:
        hold.release()
        raise

    return SqliteConnection(raw, hold)


async def open_aiosqlite(
    path: Path, *, mode: str, busy_timeout: float
) -> AiosqliteConnection:
    """Open the file in a thread of its own; raises sqlite3's errors."""
    import aiosqlite

    # Below that it writes two lines about every job of its thread into the log.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)

    async def open_connection() -> aiosqlite.Connection:
        connection = aiosqlite.connect(_uri(path, mode), **_options(busy_timeout))
        # A program that ends without closing would wait for this thread for ever.
        connection._thread.daemon = True
        try:
            return await connection
        except BaseException:
            # It has been told to stop and is about to: waiting here keeps it from
            # answering to a loop that is closed by then.
            connection._thread.join(STOP_TIMEOUT)
            raise

    hold = claim(path, library=LIBRARY, version=sqlite3.sqlite_version)
    try:
        opening = asyncio.ensure_future(open_connection())
        try:
            raw = await run_to_end(opening)
        except BaseException:
            # Cancelled, but the thread is there and would outlive the program.
            if opening.done() and not opening.cancelled() and not opening.exception():
                await run_to_end(opening.result().close())

            raise

        hold.opened()
    except BaseException:
        hold.release()
        raise

    return AiosqliteConnection(raw, hold)


class SqliteConnection:
    """The standard library's driver: blocks the loop, and needs no thread."""

    def __init__(self, raw: sqlite3.Connection, hold: Hold) -> None:
        raw.row_factory = sqlite3.Row
        self._raw = raw
        self._hold = hold

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: an error may have ended it."""
        return self._raw.in_transaction

    def fetch_now(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """As `fetch`, for callers that cannot await."""
        return self._raw.execute(sql, parameters).fetchall()

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement; every row that it gives."""
        return self.fetch_now(sql, parameters)

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """Run statements in their order; the rows of each."""
        return [await self.fetch(*query) for query in queries]

    async def fetch_plain(self, *queries: Query) -> list[list[tuple[Any, ...]]]:
        """As `fetch_each`, each row a plain tuple."""
        return _fetch_plain(self._raw, queries)

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; how many rows it changed, -1 if it is none that does."""
        return self._raw.execute(sql, parameters).rowcount

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one statement for each row of parameters; how many rows all changed."""
        return self._raw.executemany(sql, rows).rowcount

    async def close(self) -> None:
        """Let go of the file; a transaction that is open is rolled back."""
        self._raw.close()
        self._hold.release()


class AiosqliteConnection:
    """The same library in a thread of its own: the loop goes on meanwhile."""

    def __init__(self, raw: aiosqlite.Connection, hold: Hold) -> None:
        raw.row_factory = sqlite3.Row
        self._raw = raw
        self._hold = hold

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: an error may have ended it."""
        return self._raw.in_transaction

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement; every row that it gives."""
        return await self._run(lambda raw: raw.execute(sql, parameters).fetchall())

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """Run statements in their order; the rows of each."""
        return await self._run(
            lambda raw: [raw.execute(*query).fetchall() for query in queries]
        )

    async def fetch_plain(self, *queries: Query) -> list[list[tuple[Any, ...]]]:
        """As `fetch_each`, each row a plain tuple."""
        return await self._run(lambda raw: _fetch_plain(raw, queries))

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; how many rows it changed, -1 if it is none that does."""
        return await self._run(lambda raw: raw.execute(sql, parameters).rowcount)

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one statement for each row of parameters; how many rows all changed."""
        return await self._run(lambda raw: raw.executemany(sql, rows).rowcount)

    async def close(self) -> None:
        """Let go of the file; a transaction that is open is rolled back."""
        await run_to_end(self._close())

    async def _close(self) -> None:
        await self._raw.close()
        self._hold.release()

    async def _run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Give the thread one job, for which aiosqlite has no public way.

        Each of its own calls takes turns of the loop, and a board has many statements.
        """
        raw: Any = self._raw
        job: _Job[T] = _Job()
        raw._tx.put_nowait((job, partial(function, raw._conn)))
        # Else anyio would cancel again at every turn of the loop.
        with CancelScope(shield=True):
            await job

        return job.result()


class _Job(asyncio.Future[T]):
    """What a thread does to its end: who is cancelled meanwhile is told then.

    As `run_to_end`, without the turns of the loop that a task takes.
    """

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse: asyncio keeps the cancellation for when this is done."""
        return False


def _fetch_plain(
    raw: sqlite3.Connection, queries: Iterable[Query]
) -> list[list[tuple[Any, ...]]]:
    cursor = raw.cursor()
    cursor.row_factory = None
    return [cursor.execute(*query).fetchall() for query in queries]


def _uri(path: Path, mode: str) -> str:
    return f"{path.as_uri()}?mode={mode}"


def _options(busy_timeout: float) -> dict[str, Any]:
    return {
        "uri": True,
        "timeout": busy_timeout,
        "isolation_level": None,
        "cached_statements": CACHED_STATEMENTS,
    }
