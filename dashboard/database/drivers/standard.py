"""The standard library's SQLite: aiosqlite's thread, or sqlite3 in place."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.database.drivers.connection import Parameters, Query, run_to_end
from dashboard.database.guard import Hold, claim

if TYPE_CHECKING:
    import aiosqlite

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

    # Below that it writes every statement into the log, with session tokens and hashes.
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
        return self._raw.in_transaction

    def fetch_now(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return self._raw.execute(sql, parameters).fetchall()

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return self.fetch_now(sql, parameters)

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        return [await self.fetch(*query) for query in queries]

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return self._raw.execute(sql, parameters).rowcount

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        return self._raw.executemany(sql, rows).rowcount

    async def close(self) -> None:
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
        return self._raw.in_transaction

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return await run_to_end(self._fetch(sql, parameters))

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        # One job for the thread, which aiosqlite has no public way to give: each of
        # its own calls is a turn of the loop, and a board takes fourteen.
        raw: Any = self._raw
        return await run_to_end(raw._execute(self._fetch_all, queries))

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return await run_to_end(
            self._change(partial(self._raw.execute, sql, parameters))
        )

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        return await run_to_end(self._change(partial(self._raw.executemany, sql, rows)))

    async def close(self) -> None:
        await run_to_end(self._close())

    async def _close(self) -> None:
        await self._raw.close()
        self._hold.release()

    async def _fetch(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        return list(await self._raw.execute_fetchall(sql, parameters))

    def _fetch_all(self, queries: Iterable[Query]) -> list[list[sqlite3.Row]]:
        return [self._raw._conn.execute(*query).fetchall() for query in queries]

    async def _change(self, statement: Any) -> int:
        cursor = await statement()
        count: int = cursor.rowcount
        await cursor.close()
        return count


def _uri(path: Path, mode: str) -> str:
    return f"{path.as_uri()}?mode={mode}"


def _options(busy_timeout: float) -> dict[str, Any]:
    return {
        "uri": True,
        "timeout": busy_timeout,
        "isolation_level": None,
        "cached_statements": CACHED_STATEMENTS,
    }
