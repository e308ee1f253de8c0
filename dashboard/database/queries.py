"""Single queries on the pool: those that have to wait go to a reader together.

A trip to a reader's thread costs many times what a quick query does. Where all readers
are busy, all quick queries that wait make the next trip as one; and slow ones, known
from their last runs, never have all readers at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

from dashboard.database.drivers import Connection, Query
from dashboard.database.readers import Readers

Rows = list[sqlite3.Row]
Answer = asyncio.Future[Rows]
Retry = Callable[[Callable[[], Awaitable[Rows]]], Awaitable[Rows]]

#: Queries that make one trip: at most so many wait for the slowest of them.
MAX_TOGETHER = 64
#: Seconds from which a query is slow: a quick one takes a hundredth of that.
SLOW = 0.004
#: Statements whose time is remembered.
MAX_KNOWN = 256
#: How fast a remembered time follows a longer one. A shorter one counts at once: what
#: else the machine does can only make a query look slower.
FOLLOW = 0.25


class Queries:
    """Queries outside of transactions, each on a state of its own."""

    def __init__(self, readers: Readers, *, retry: Retry) -> None:
        self._readers = readers
        self._retry = retry
        self._times: OrderedDict[str, float] = OrderedDict()
        #: One reader is left for the others, where there are several.
        self._slow_ones = asyncio.Semaphore(max(1, readers.size - 1))
        self._waiting: deque[tuple[Query, Answer]] = deque()
        self._trips: asyncio.Task[None] | None = None

    async def fetch(self, query: Query) -> Rows:
        """The rows of a query; raises sqlite3's errors."""
        seconds = self._times.get(query[0])
        if seconds is not None and seconds >= SLOW:
            async with self._slow_ones:
                return await self._fetch_alone(query)

        if seconds is None or (self._readers.free and not self._waiting):
            return await self._fetch_alone(query)

        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((query, answer))
        if self._trips is None:
            self._trips = asyncio.ensure_future(self._make_trips())

        return await answer

    async def wait_idle(self) -> None:
        """Wait until nothing waits any more; for when nobody asks any more."""
        if self._trips is not None:
            await asyncio.wait([self._trips])

    async def _fetch_alone(self, query: Query) -> Rows:
        async with self._readers.take() as reader:
            began = time.perf_counter()
            rows = await self._retry(lambda: reader.fetch(*query))
            self._remember(query[0], time.perf_counter() - began)
            return rows

    def _remember(self, sql: str, seconds: float) -> None:
        before = self._times.pop(sql, seconds)
        self._times[sql] = min(seconds, before + (seconds - before) * FOLLOW)
        if len(self._times) > MAX_KNOWN:
            self._times.popitem(last=False)

    async def _make_trips(self) -> None:
        """Take what waits to a reader, until nothing does."""
        try:
            while self._waiting:
                async with self._readers.take() as reader:
                    await self._make_trip(reader)
        except Exception as error:  # noqa: BLE001 - told to everybody who waits
            for _, answer in self._waiting:
                _fail(answer, error)

            self._waiting.clear()
        finally:
            self._trips = None

    async def _make_trip(self, reader: Connection) -> None:
        together: list[tuple[Query, Answer]] = []
        while self._waiting and len(together) < MAX_TOGETHER:
            query, answer = self._waiting.popleft()
            if not answer.done():  # else whoever asked was cancelled meanwhile
                together.append((query, answer))

        try:
            each = await reader.fetch_each(*(query for query, _ in together))
        except sqlite3.Error:
            # One of them fails or was in somebody's way: each gets its own answer.
            for query, answer in together:
                await self._answer(reader, query, answer)
        else:
            for (_, answer), rows in zip(together, each, strict=True):
                if not answer.done():
                    answer.set_result(rows)

    async def _answer(self, reader: Connection, query: Query, answer: Answer) -> None:
        try:
            rows = await self._retry(lambda: reader.fetch(*query))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            _fail(answer, error)
        else:
            if not answer.done():
                answer.set_result(rows)


def _fail(answer: Answer, error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
