"""The database of the process: one writer, a few readers, every transaction whole.

Nothing is opened before the first use. All of it belongs to the asyncio lane.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from dashboard.database.drivers import Connection, Parameters, run_to_end
from dashboard.database.opening import begin_immediate, open_reader, open_writer
from dashboard.database.transaction import Transaction

BUSY_TIMEOUT = 5.0
MAX_READERS = 2
#: How long `close` waits for transactions that are still open.
CLOSE_TIMEOUT = 5.0


class Database:
    """One SQLite file. Transactions are cancel-safe: none is ever left open."""

    def __init__(
        self,
        path: str | Path,
        *,
        driver: str = "aiosqlite",
        max_readers: int = MAX_READERS,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> None:
        self.path = Path(path).expanduser().absolute()
        self.driver = driver
        self._busy_timeout = busy_timeout
        self._max_readers = max_readers
        self._writer: Connection | None = None
        self._writing = asyncio.Lock()
        self._writing_task: asyncio.Task[object] | None = None
        self._opening = asyncio.Lock()
        self._idle_readers: list[Connection] = []
        self._reading = asyncio.Semaphore(max_readers)
        self._closed = False

    async def open(self) -> None:
        """Open the file, or make it; done by itself before the first transaction.

        Raises DatabaseOpenError, with the path and the cause.
        """
        await self._open_writer()

    async def close(self) -> None:
        """Move the log into the file and let go of it, once open transactions end."""
        if not self._closed:
            self._closed = True
            await run_to_end(self._close())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction that may write: all of it is kept, or nothing.

        Raises DatabaseBusyError when another process holds the lock for too long.
        """
        if self._writing_task is asyncio.current_task():
            raise RuntimeError("write() inside write(); pass the transaction on")

        writer = await self._open_writer()
        async with self._writing:
            self._check_open()
            self._writing_task = asyncio.current_task()
            try:
                async with self._transaction(writer, writes=True) as transaction:
                    yield transaction
            finally:
                self._writing_task = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """A transaction that sees one state of the file, whoever writes meanwhile."""
        async with (
            self._reader() as reader,
            self._transaction(reader, writes=False) as transaction,
        ):
            yield transaction

    async def one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a single query: cheaper than a transaction."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """The rows of a single query: cheaper than a transaction."""
        async with self._reader() as reader:
            return await reader.fetch(sql, parameters)

    async def check(self) -> float:
        """Read one row; returns the seconds that it took."""
        started = time.perf_counter()
        await self.all('SELECT setting_key FROM "serverSetting" LIMIT 1')
        return time.perf_counter() - started

    async def maintain(self) -> None:
        """Refresh the planner's figures and move the log into the file."""
        writer = await self._open_writer()
        async with self._writing:
            self._check_open()
            await writer.fetch("PRAGMA optimize")
            await writer.fetch("PRAGMA wal_checkpoint(TRUNCATE)")

    @asynccontextmanager
    async def _transaction(
        self, connection: Connection, *, writes: bool
    ) -> AsyncIterator[Transaction]:
        transaction = Transaction(connection)
        try:
            if writes:
                await begin_immediate(connection, busy_timeout=self._busy_timeout)
            else:
                await connection.fetch("BEGIN")

            yield transaction
            await connection.fetch("COMMIT")
        finally:
            transaction.end()
            # Wherever it was cancelled, BEGIN and COMMIT included.
            if connection.in_transaction:
                await connection.fetch("ROLLBACK")

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Connection]:
        await self._open_writer()
        async with self._reading:
            self._check_open()
            if self._idle_readers:
                reader = self._idle_readers.pop()
            else:
                reader = await open_reader(
                    self.path, driver=self.driver, busy_timeout=self._busy_timeout
                )

            try:
                yield reader
            finally:
                if self._writer is None:
                    # `close` did not wait any longer.
                    await reader.close()
                else:
                    self._idle_readers.append(reader)

    async def _open_writer(self) -> Connection:
        self._check_open()
        if self._writer is None:
            async with self._opening:
                if self._writer is None:
                    self._check_open()
                    self._writer = await open_writer(
                        self.path, driver=self.driver, busy_timeout=self._busy_timeout
                    )

        return self._writer

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the database is closed")

    async def _close(self) -> None:
        with anyio.move_on_after(CLOSE_TIMEOUT):
            async with self._opening:
                for _ in range(self._max_readers):
                    await self._reading.acquire()

                await self._writing.acquire()

        for reader in self._idle_readers:
            await reader.close()

        self._idle_readers.clear()
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                await writer.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await writer.close()
