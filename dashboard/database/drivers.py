"""The two drivers behind one interface: aiosqlite's thread, or sqlite3 in place."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anyio import CancelScope

if TYPE_CHECKING:
    import aiosqlite

Parameters = Sequence[Any] | Mapping[str, Any]
Query = tuple[str, Parameters]
T = TypeVar("T")

#: A thread that has been told to stop takes microseconds.
STOP_TIMEOUT = 1.0
#: Prepared statements kept by each connection.
CACHED_STATEMENTS = 64


class Connection(Protocol):
    """A connection in autocommit mode; one caller at a time.

    A call that is cancelled has run to its end by the time it raises, so that the
    state of the connection is known.
    """

    @property
    def in_transaction(self) -> bool: ...

    async def fetch(
        self, sql: str, parameters: Parameters = ()
    ) -> list[sqlite3.Row]: ...

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]: ...

    async def execute(self, sql: str, parameters: Parameters = ()) -> int: ...

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int: ...

    async def close(self) -> None: ...


async def connect(
    path: Path, *, driver: str, mode: str, busy_timeout: float
) -> Connection:
    """Open the file; `mode` is SQLite's: ro, rw, or rwc to make it if absent."""
    options: dict[str, Any] = {
        "uri": True,
        "timeout": busy_timeout,
        "isolation_level": None,
        "cached_statements": CACHED_STATEMENTS,
    }
    uri = f"{path.as_uri()}?mode={mode}"
    if driver == "sqlite3":
        return SqliteConnection(sqlite3.connect(uri, **options))

    import aiosqlite

    async def open_connection() -> aiosqlite.Connection:
        connection = aiosqlite.connect(uri, **options)
        # A program that ends without closing would wait for this thread for ever.
        connection._thread.daemon = True
        try:
            return await connection
        except BaseException:
            # It has been told to stop and is about to: waiting here keeps it from
            # answering to a loop that is closed by then.
            connection._thread.join(STOP_TIMEOUT)
            raise

    opening = asyncio.ensure_future(open_connection())
    try:
        return AiosqliteConnection(await run_to_end(opening))
    except BaseException:
        # Cancelled, but the thread is there and would outlive the program.
        if opening.done() and not opening.cancelled() and not opening.exception():
            await run_to_end(opening.result().close())

        raise


async def run_to_end(work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
    """Wait until `work` is done even if cancelled meanwhile, then raise that.

    anyio's shield alone is not enough, since web frameworks call Task.cancel()
    themselves; and without it anyio would cancel again at every turn of the loop.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error

    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen: the cancellation is told instead

        raise cancelled

    return task.result()


class SqliteConnection:
    """The standard library's driver: blocks the loop, and needs no thread."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        raw.row_factory = sqlite3.Row
        self._raw = raw

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return self._raw.execute(sql, parameters).fetchall()

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        return [await self.fetch(*query) for query in queries]

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return self._raw.execute(sql, parameters).rowcount

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        return self._raw.executemany(sql, rows).rowcount

    async def close(self) -> None:
        self._raw.close()


class AiosqliteConnection:
    """The same library in a thread of its own: the loop goes on meanwhile."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        raw.row_factory = sqlite3.Row
        self._raw = raw

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return await run_to_end(self._fetch(sql, parameters))

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        # All are in the thread's queue before the first is done: it runs them in
        # one go, and does not wait for the loop between two.
        fetches = [self._fetch(*query) for query in queries]
        return await run_to_end(asyncio.gather(*fetches))

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        return await run_to_end(
            self._change(partial(self._raw.execute, sql, parameters))
        )

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        return await run_to_end(self._change(partial(self._raw.executemany, sql, rows)))

    async def close(self) -> None:
        await run_to_end(self._raw.close())

    async def _fetch(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        return list(await self._raw.execute_fetchall(sql, parameters))

    async def _change(self, statement: Any) -> int:
        cursor = await statement()
        count: int = cursor.rowcount
        await cursor.close()
        return count
