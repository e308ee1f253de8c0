"""The two ends of a transaction, and how long a lock is waited for at either."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from typing import Any, TypeVar

from dashboard.database.drivers import Connection, Query
from dashboard.database.failures import is_code, retry_busy, translate
from dashboard.database.memo import Answer
from dashboard.database.transaction import Transaction

T = TypeVar("T")
Begin = Callable[[Connection], Awaitable[int]]

_BEGIN: Query = ("BEGIN", ())
_BEGIN_WRITE: Query = ("BEGIN IMMEDIATE", ())
_COMMIT: Query = ("COMMIT", ())
#: Also what makes a transaction see one state from its beginning.
_VERSION: Query = ("PRAGMA data_version", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Begins and ends transactions on the connections to one file."""

    #: What errors call the file.
    path: str
    #: Seconds that a lock of another process is waited for.
    busy_timeout: float

    async def retry(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call until nobody holds the lock; raises DatabaseBusyError."""
        return await retry_busy(call, busy_timeout=self.busy_timeout)

    def write(
        self, transaction: Transaction, writer: Connection
    ) -> AbstractAsyncContextManager[int]:
        """Let a transaction be, with the write lock from its beginning.

        Raises DatabaseBusyError, DatabaseFullError, and sqlite3's for faults of ours.
        """
        return self._run(transaction, writer, begin=self._begin_write)

    def read(
        self, transaction: Transaction, reader: Connection
    ) -> AbstractAsyncContextManager[int]:
        """Let a transaction be that sees one state, of the version that is yielded.

        Raises what `write` does.
        """
        return self._run(transaction, reader, begin=self._begin_read)

    async def read_whole(self, reader: Connection, *queries: Query) -> Answer:
        """A whole transaction in one trip: its version, and the rows of each query."""
        _, version, *found, _ = await self.retry(
            lambda: _attempt(
                reader, reader.fetch_plain, _BEGIN, _VERSION, *queries, _COMMIT
            )
        )
        return version[0][0], found

    async def write_whole(
        self, writer: Connection, *queries: Query
    ) -> list[list[sqlite3.Row]]:
        """The same with the write lock: the rows of each. Raises what `write` does.

        Where somebody is in the way, it goes on step by step. To begin anew each time
        would let go of the lock that makes new readers of a rollback journal wait, and
        with enough of them COMMIT would never have its turn.
        """
        with self._translate():
            try:
                _, *found, _ = await _attempt(
                    writer, writer.fetch_each, _BEGIN_WRITE, *queries, _COMMIT
                )
            except sqlite3.OperationalError as error:
                if not is_code(error, sqlite3.SQLITE_BUSY):
                    raise
            else:
                return found

        async with self.write(Transaction(writer), writer):
            return await writer.fetch_each(*queries)

    async def _begin_write(self, writer: Connection) -> int:
        await self.retry(lambda: writer.fetch(*_BEGIN_WRITE))
        return 0

    async def _begin_read(self, reader: Connection) -> int:
        _, version = await self.retry(
            lambda: _attempt(reader, reader.fetch_plain, _BEGIN, _VERSION)
        )
        return int(version[0][0])

    @asynccontextmanager
    async def _run(
        self, transaction: Transaction, connection: Connection, *, begin: Begin
    ) -> AsyncIterator[int]:
        """One transaction, from `begin` to its end: yields what `begin` returned."""
        with self._translate():
            try:
                yield await begin(connection)
                # Where readers of a rollback journal are in the way, COMMIT can be
                # asked for again.
                await self.retry(lambda: connection.fetch(*_COMMIT))
            finally:
                transaction.end()
                # Wherever it was cancelled, BEGIN and COMMIT included.
                await roll_back(connection)

    @contextmanager
    def _translate(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            ours = translate(error, path=self.path, busy_timeout=self.busy_timeout)
            if ours is None:
                raise

            raise ours from error


async def try_begin(writer: Connection) -> bool:
    """Take the write lock if it can be had at once."""
    try:
        await writer.fetch("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False  # another process has the lock, or nobody can have it

    return True


async def roll_back(connection: Connection) -> None:
    """End a transaction, if there is one."""
    if connection.in_transaction:
        await connection.fetch("ROLLBACK")


async def _attempt(
    connection: Connection,
    fetch: Callable[..., Awaitable[list[list[Any]]]],
    *queries: Query,
) -> list[list[Any]]:
    """The rows of queries of which the first begins a transaction."""
    try:
        return await fetch(*queries)
    except BaseException:
        # The first of them was BEGIN: another attempt starts with it again.
        await roll_back(connection)
        raise
