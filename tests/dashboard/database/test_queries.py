"""Single queries: how they share the readers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from dashboard.database.drivers import Connection, Query
from dashboard.database.queries import MAX_TOGETHER, SLOW, Queries
from dashboard.database.readers import Readers

QUICK: Query = ("SELECT 1", ())
LONG: Query = ("SELECT 'long'", ())


class Reader:
    """A real connection whose calls wait at a gate, and are written down."""

    def __init__(self, trips: list[list[str]], gate: asyncio.Event) -> None:
        self._raw = sqlite3.connect(":memory:", isolation_level=None)
        self._trips = trips
        self._gate = gate

    async def fetch(self, sql: str, parameters: Any = ()) -> list[Any]:
        """Run one query."""
        return (await self.fetch_each((sql, parameters)))[0]

    async def fetch_each(self, *queries: Query) -> list[list[Any]]:
        """Run several in one trip."""
        self._trips.append([sql for sql, _ in queries])
        await self._gate.wait()
        return [self._raw.execute(*query).fetchall() for query in queries]

    async def close(self) -> None:
        """Close it."""
        self._raw.close()


class Pool:
    """Queries on readers of ours."""

    def __init__(self, size: int) -> None:
        self.trips: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.readers = Readers(self._open, size=size)
        self.queries = Queries(self.readers, retry=_call)

    async def _open(self) -> Connection:
        reader: Any = Reader(self.trips, self.gate)
        return reader

    async def learn(self, query: Query, *, seconds: float = 0.0) -> None:
        """Have a statement known, with the time that it takes."""
        self.queries._times[query[0]] = seconds

    async def begin(self, *queries: Query) -> list[asyncio.Task[Any]]:
        """Ask each and let them get as far as they can."""
        tasks = [asyncio.ensure_future(self.queries.fetch(query)) for query in queries]
        for _ in range(5):
            await asyncio.sleep(0)

        return tasks


async def _call(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


@pytest.fixture(name="pool", params=[1, 2])
async def _pool(request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    """A pool of one and of two readers."""
    pool = Pool(request.param)
    yield pool
    pool.gate.set()
    await pool.queries.wait_idle()
    await pool.readers.close()


async def test_quick_queries_that_wait_make_one_trip(pool: Pool) -> None:
    """However many they are, up to the limit."""
    await pool.learn(QUICK)
    pool.gate.clear()
    count = pool.readers.size + MAX_TOGETHER
    tasks = await pool.begin(*[QUICK] * count)
    pool.gate.set()

    rows = await asyncio.gather(*tasks)

    alone = [[QUICK[0]]] * pool.readers.size
    assert pool.trips == [*alone, [QUICK[0]] * MAX_TOGETHER]
    assert rows == [[(1,)]] * count


async def test_more_than_one_trip_holds_takes_several(pool: Pool) -> None:
    """Nobody is left behind."""
    await pool.learn(QUICK)
    pool.gate.clear()
    tasks = await pool.begin(*[QUICK] * (pool.readers.size + MAX_TOGETHER + 3))
    pool.gate.set()

    await asyncio.gather(*tasks)

    assert [len(trip) for trip in pool.trips[-2:]] == [MAX_TOGETHER, 3]


async def test_one_that_fails_is_the_only_one(pool: Pool) -> None:
    """Those who shared its trip have their rows."""
    wrong: Query = ("SELECT nothing", ())
    await pool.learn(QUICK)
    await pool.learn(wrong)
    pool.gate.clear()
    tasks = await pool.begin(*[QUICK] * pool.readers.size, QUICK, wrong, QUICK)
    pool.gate.set()

    *first, one, failed, other = await asyncio.gather(*tasks, return_exceptions=True)

    assert first == [[(1,)]] * pool.readers.size
    assert one == other == [(1,)]
    assert isinstance(failed, sqlite3.OperationalError)


async def test_who_was_cancelled_while_waiting_is_left_out(pool: Pool) -> None:
    """Its query is not run; the others are."""
    gone: Query = ("SELECT 'gone'", ())
    await pool.learn(QUICK)
    await pool.learn(gone)
    pool.gate.clear()
    tasks = await pool.begin(*[QUICK] * pool.readers.size, gone, QUICK)
    tasks[-2].cancel()
    await asyncio.sleep(0)
    pool.gate.set()

    *_, cancelled, last = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(cancelled, asyncio.CancelledError)
    assert last == [(1,)]
    assert all("SELECT 'gone'" not in trip for trip in pool.trips)


async def test_slow_queries_leave_a_reader_to_the_others() -> None:
    """Two slow ones, two readers: the second slow one waits, the quick one runs."""
    pool = Pool(2)
    await pool.learn(LONG, seconds=SLOW)
    await pool.learn(QUICK)
    pool.gate.clear()
    tasks = await pool.begin(LONG, LONG, QUICK)

    assert pool.trips == [[LONG[0]], [QUICK[0]]]
    pool.gate.set()
    await asyncio.gather(*tasks)
    await pool.readers.close()


async def test_one_reader_serves_slow_queries_too() -> None:
    """There is nothing to leave to the others."""
    pool = Pool(1)
    await pool.learn(LONG, seconds=SLOW)

    assert await pool.queries.fetch(LONG) == [("long",)]
    await pool.readers.close()


async def test_a_statement_that_is_not_known_shares_no_trip(pool: Pool) -> None:
    """It may be a slow one, which all others would have to wait for."""
    pool.gate.clear()
    tasks = await pool.begin(*[QUICK] * (pool.readers.size + 2))
    pool.gate.set()

    await asyncio.gather(*tasks)

    assert pool.trips == [[QUICK[0]]] * (pool.readers.size + 2)


async def test_a_quick_run_outweighs_slow_ones(pool: Pool) -> None:
    """Only a statement that is never quick is slow."""
    pool.queries._remember(QUICK[0], 10 * SLOW)
    assert pool.queries._times[QUICK[0]] == 10 * SLOW

    pool.queries._remember(QUICK[0], SLOW / 100)
    pool.queries._remember(QUICK[0], 2 * SLOW)

    assert pool.queries._times[QUICK[0]] < SLOW


async def test_what_is_remembered_is_bounded(pool: Pool) -> None:
    """Statements are text of ours, but nobody counts them."""
    for number in range(1000):
        pool.queries._remember(f"SELECT {number}", 0.0)

    assert len(pool.queries._times) == 256
    assert "SELECT 999" in pool.queries._times
