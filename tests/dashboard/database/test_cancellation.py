from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from dashboard.database import Database
from dashboard.database.drivers import run_to_end

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
COUNT = "SELECT count(*) AS n FROM app"


def assert_no_worker_is_left(*, timeout: float = 10) -> None:
    """Fail if a thread of aiosqlite goes on; each ends just after it has answered."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout)

            assert not thread.is_alive()


def assert_nobody_writes(path: Path) -> None:
    """Fail if any connection holds the write lock."""
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
    finally:
        other.close()


async def insert_two(database: Database, number: int) -> None:
    async with database.write() as tx:
        await tx.execute(INSERT, (f"{number}a",))
        await tx.execute(INSERT, (f"{number}b",))


async def read_two(database: Database, number: int) -> None:
    async with database.read() as tx:
        await tx.all(COUNT)
        await tx.all(COUNT)


async def cancel_by_task(work: Awaitable[None], turns: int) -> None:
    """Cancel as web frameworks do, after some turns of the loop."""
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)

    task.cancel()
    await asyncio.wait([task])


async def cancel_twice(work: Awaitable[None], turns: int) -> None:
    """Cancel again while the first is being answered."""
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)

    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


async def cancel_by_scope(work: Awaitable[None], turns: int) -> None:
    """Cancel as anyio does."""

    async def run() -> None:
        await work

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        for _ in range(turns):
            await asyncio.sleep(0)

        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("cancel", [cancel_by_task, cancel_twice, cancel_by_scope])
@pytest.mark.parametrize("work", [insert_two, read_two])
async def test_cancellation_leaves_no_transaction_open(
    path: Path,
    cancel: Callable[[Awaitable[None], int], Awaitable[None]],
    work: Callable[[Database, int], Awaitable[None]],
):
    """Wherever it comes, the lock is free afterwards and nothing is half written."""
    database = Database(path, driver="aiosqlite")
    await database.open()
    for number in range(150):
        await cancel(work(database, number), number % 50)
        assert_nobody_writes(path)

    rows = await database.all("SELECT id FROM app")
    whole = {row["id"][:-1] for row in rows}
    await insert_two(database, 1000)
    after = await database.all("SELECT id FROM app")

    assert len(rows) == 2 * len(whole)
    assert len(after) == len(rows) + 2

    await database.close()


@pytest.mark.parametrize("cancel", [cancel_by_task, cancel_twice, cancel_by_scope])
async def test_a_cancelled_opening_leaves_no_thread(
    path: Path,
    cancel: Callable[[Awaitable[None], int], Awaitable[None]],
):
    """A thread of aiosqlite would keep the program from ending."""
    for number in range(60):
        database = Database(path.with_name(f"{number}.sqlite"), driver="aiosqlite")
        await cancel(database.open(), number)
        await database.close()

    assert_no_worker_is_left()


async def test_waiting_for_the_end_costs_nothing(monkeypatch: pytest.MonkeyPatch):
    """A cancelled scope does not make the loop spin until the statement is done."""
    waits = 0
    wait = asyncio.wait

    async def counted(tasks: list[asyncio.Task[bool]]) -> object:
        nonlocal waits
        waits += 1
        return await wait(tasks)

    monkeypatch.setattr(asyncio, "wait", counted)
    done = asyncio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_to_end, done.wait())
        await asyncio.sleep(0)
        tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            for _ in range(100):
                await asyncio.sleep(0)

        done.set()

    assert 1 <= waits <= 2
