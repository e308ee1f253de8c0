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

from dashboard.database.bounds import Bounds, roll_back, try_begin
from dashboard.database.checkpointer import Checkpointer
from dashboard.database.drivers import (
    Connection,
    Parameters,
    Query,
    Server,
    run_to_end,
)
from dashboard.database.fingerprint import Fingerprints
from dashboard.database.memo import Answer, Memo
from dashboard.database.opening import open_reader, open_writer
from dashboard.database.queries import Queries
from dashboard.database.readers import Readers
from dashboard.database.transaction import Snapshot, Transaction

BUSY_TIMEOUT = 5.0
MAX_READERS = 2
#: How long `close` waits for transactions that are still open.
CLOSE_TIMEOUT = 5.0


class Database:
    """One SQLite file. Transactions are cancel-safe: none is ever left open.

    `journal_mode` is "wal", "delete" (a rollback journal), or None for the one that
    the file has, where a new file gets "wal". All transactions raise DatabaseBusyError
    when another process holds the lock for longer than `busy_timeout` seconds.

    For a short-lived process beside a server: with `must_exist`, a file that is absent
    or empty is refused and stays as it is; and without `checkpoint_at_end`, the log is
    left to the server, and moved only where this one is the last to close the file.
    """

    def __init__(
        self,
        path: str | Path | Server,
        *,
        driver: str = "aiosqlite",
        journal_mode: str | None = None,
        max_readers: int = MAX_READERS,
        busy_timeout: float = BUSY_TIMEOUT,
        must_exist: bool = False,
        checkpoint_at_end: bool = True,
    ) -> None:
        self.path: Path | Server = (
            path if isinstance(path, Server) else Path(path).expanduser().absolute()
        )
        self.driver = driver
        self.journal_mode = journal_mode
        self._bounds = Bounds(path=str(self.path), busy_timeout=busy_timeout)
        self._must_exist = must_exist
        self._checkpoint_at_end = checkpoint_at_end
        self._checkpointer = Checkpointer(self.path, idle=not checkpoint_at_end)
        self._writer: Connection | None = None
        self._writing = asyncio.Lock()
        self._writing_task: asyncio.Task[object] | None = None
        self._opening = asyncio.Lock()
        self._readers = Readers(self._open_reader, size=max_readers)
        self._queries = Queries(self._readers, retry=self._bounds.retry)
        # One connection's versions compare with each other, and with no other's.
        self._versioned = Readers(self._open_reader, size=1)
        self._memo = Memo(self.path, driver=driver)
        self.fingerprints = Fingerprints(self.path)
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

        Raises DatabaseFullError where there is no room for it.
        """
        async with self._take_writer() as writer:
            transaction = Transaction(writer)
            async with self._bounds.write(transaction, writer):
                yield transaction

    async def write_whole(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """A transaction of statements that are known beforehand: the rows of each.

        As `write`, in one trip to the database's thread instead of one for each step.
        """
        async with self._take_writer() as writer:
            return await self._bounds.write_whole(writer, *queries)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """A transaction that sees one state of the file, whoever writes meanwhile."""
        async with self._reader(self._readers) as reader:
            transaction = Transaction(reader)
            async with self._bounds.read(transaction, reader):
                yield transaction

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """As `read`, with the `version` of what it sees; one at a time."""
        async with self._reader(self._versioned) as reader:
            snapshot = Snapshot(reader)
            async with self._bounds.read(snapshot, reader) as version:
                snapshot.version = version
                yield snapshot

    async def versioned_read(self, *queries: Query, remember: bool = False) -> Answer:
        """The version of the data and the rows of queries, all of one state.

        The rows are plain tuples: of as many as a board has, that is much cheaper.
        What `snapshot` would give, at the price of a single query; of none with
        `remember`, where nothing was committed since the same were asked.
        """
        if remember:
            return await self._memo.answer(
                queries, lambda: self._versioned_read(*queries)
            )

        return await self._versioned_read(*queries)

    async def _versioned_read(self, *queries: Query) -> Answer:
        async with self._reader(self._versioned) as reader:
            return await self._bounds.read_whole(reader, *queries)

    async def data_version(self) -> int:
        """A number that differs after every commit, ours or of another process."""
        return (await self.versioned_read())[0]

    def last_commit(self) -> int | None:
        """What differs after every commit, of whoever; None where it takes a wait."""
        return self._memo.read_version()

    def remember(self, *queries: Query, answer: Answer, since: int | None) -> None:
        """Note what is to be remembered while `since` is still the last commit.

        As if the queries had been asked alone, and not together with others.
        """
        if since is not None:
            self._memo.note(queries, answer, since=since)

    @asynccontextmanager
    async def standstill(self) -> AsyncIterator[bool]:
        """Nobody writes meanwhile; False, at once, where somebody does already."""
        writer = await self._open_writer()
        if self._writing.locked():
            yield False
            return

        async with self._writing:
            self._check_open()
            try:
                yield await try_begin(writer)
            finally:
                await roll_back(writer)

    async def one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a single query: cheaper than a transaction."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def all(
        self, sql: str, parameters: Parameters = (), *, remember: bool = False
    ) -> list[sqlite3.Row]:
        """The rows of a single query: cheaper than a transaction.

        With `remember`, they are kept for as long as nobody commits anything.
        """
        await self._open_writer()
        query = (sql, parameters)
        if not remember:
            return await self._queries.fetch(query)

        async def load() -> Answer:
            return 0, [await self._queries.fetch(query)]

        return (await self._memo.answer((query,), load, named=True))[1][0]

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
            await self._checkpointer.empty(writer)

    @asynccontextmanager
    async def _take_writer(self) -> AsyncIterator[Connection]:
        if self._writing_task is asyncio.current_task():
            raise RuntimeError("write() inside write(); pass the transaction on")

        writer = await self._open_writer()
        async with self._writing:
            self._check_open()
            self._writing_task = asyncio.current_task()
            try:
                await self._checkpointer.bound_log(writer)
                yield writer
            finally:
                self._writing_task = None

    @asynccontextmanager
    async def _reader(self, readers: Readers) -> AsyncIterator[Connection]:
        # The file has to be made and checked first.
        await self._open_writer()
        async with readers.take() as reader:
            self._check_open()
            yield reader

    async def _open_reader(self) -> Connection:
        return await self._bounds.retry(
            lambda: open_reader(self.path, driver=self.driver)
        )

    async def _open_writer(self) -> Connection:
        self._check_open()
        if self._writer is None:
            async with self._opening:
                if self._writer is None:
                    self._check_open()
                    self._writer = await open_writer(
                        self.path,
                        driver=self.driver,
                        busy_timeout=self._bounds.busy_timeout,
                        journal_mode=self.journal_mode,
                        checkpointer=self._checkpointer,
                        must_exist=self._must_exist,
                    )
                    self.fingerprints.note_opened()
                    await self._memo.open()

        return self._writer

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the database is closed")

    async def _close(self) -> None:
        with anyio.move_on_after(CLOSE_TIMEOUT):
            async with self._opening:
                await self._queries.wait_idle()
                await self._readers.wait_free()
                await self._versioned.wait_free()
                await self._writing.acquire()

        await self._memo.close()
        await self._readers.close()
        await self._versioned.close()
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                if self._checkpoint_at_end:
                    await self._checkpointer.empty(writer)
            finally:
                await writer.close()
