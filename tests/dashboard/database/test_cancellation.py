from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

import dashboard
from dashboard.database import Database
from dashboard.database.drivers import AiosqliteConnection, run_to_end
from dashboard.database.drivers.standard import open_aiosqlite

from .homarr_file import open_file

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
COUNT = "SELECT count(*) AS n FROM app"


def assert_no_worker_is_left(*, timeout: float = 30) -> None:
    """Fail if a thread of aiosqlite goes on; each ends just after it has answered."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout)

            assert not thread.is_alive()


def assert_nobody_writes(path: Path) -> None:
    """Fail if any connection holds the write lock."""
    with open_file(path) as other:
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")


async def insert_two(database: Database, number: int) -> None:
    async with database.write() as tx:
        await tx.execute(INSERT, (f"{number}a",))
        await tx.execute(INSERT, (f"{number}b",))


async def insert_two_at_once(database: Database, number: int) -> None:
    await database.write_whole((INSERT, (f"{number}a",)), (INSERT, (f"{number}b",)))


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


@pytest.fixture(name="connection")
async def _connection(path: Path) -> AsyncIterator[AiosqliteConnection]:
    path.parent.mkdir()
    connection = await open_aiosqlite(path, mode="rwc", busy_timeout=0)
    yield connection
    await connection.close()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_statement_runs_to_its_end(
    connection: AiosqliteConnection, times: int
):
    """Whoever cancels it is told when it has ended, and not before."""
    gate = threading.Event()
    task = asyncio.ensure_future(connection._run(lambda _: gate.wait(30)))
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()

    for _ in range(100):
        await asyncio.sleep(0)

    assert not task.done()

    gate.set()
    await asyncio.wait([task])

    assert task.cancelled()


async def test_waiting_for_a_thread_costs_nothing(
    connection: AiosqliteConnection, monkeypatch: pytest.MonkeyPatch
):
    """A cancelled scope does not make the loop spin until the statement is done."""
    calls = 0
    loop = asyncio.get_running_loop()
    call_soon = loop.call_soon

    def counted(*arguments: Any, **options: Any) -> asyncio.Handle:
        nonlocal calls
        calls += 1
        return call_soon(*arguments, **options)

    gate = threading.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connection._run, lambda _: gate.wait(30))
        await asyncio.sleep(0)
        monkeypatch.setattr(loop, "call_soon", counted)
        tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            for _ in range(100):
                await asyncio.sleep(0)

        gate.set()

    # One for each turn of this test itself.
    assert 100 <= calls < 150


ROWS = [{"id": f"many{number:04}", "name": "", "icon_url": ""} for number in range(700)]


async def write_many(database: Database, number: int) -> None:
    """All three operations, each of several statements, which leave nothing behind."""
    async with database.write() as tx:
        await tx.insert_many("app", ROWS)
        await tx.upsert_many("app", [{**row, "name": "x"} for row in ROWS], key=["id"])
        await tx.delete_many("app", "id", [row["id"] for row in ROWS])
        await tx.execute(INSERT, (f"{number}a",))
        await tx.execute(INSERT, (f"{number}b",))


async def read_versioned(database: Database, number: int) -> None:
    await database.versioned_read((COUNT, ()), (COUNT, ()))
    async with database.snapshot() as snapshot:
        await snapshot.all(COUNT)


async def read_one(database: Database, number: int) -> None:
    await database.all(COUNT)
    await database.check()


async def write_late(database: Database, number: int) -> None:
    """Waits for its turn first."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(insert_two(database, number))
        tasks.create_task(insert_two(database, -number - 1))


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
async def test_five_hundred_cancellations_leave_nothing_behind(
    path: Path, any_driver: str, journal_mode: str, monkeypatch: pytest.MonkeyPatch
):
    """Anywhere in reads, writes and collections: no lock, no thread, nothing half."""
    monkeypatch.setattr("dashboard.database.database.CLOSE_TIMEOUT", 30)
    chance = random.Random(any_driver + journal_mode)  # noqa: S311
    database = Database(path, driver=any_driver, journal_mode=journal_mode)
    await insert_two(database, 10_000)
    await read_two(database, 0)
    await read_versioned(database, 0)
    threads = set(threading.enumerate())
    works = (
        insert_two,
        insert_two_at_once,
        read_two,
        write_many,
        read_versioned,
        read_one,
        write_late,
    )
    for number in range(500):
        work = chance.choice(works)
        cancel = chance.choice((cancel_by_task, cancel_twice, cancel_by_scope))
        await cancel(work(database, number), chance.randrange(60))

    # Nobody has the lock, and nobody is in the way of the log.
    await insert_two(database, 20_000)
    await database.maintain()
    rows = await database.all("SELECT id FROM app")
    more = set(threading.enumerate()) - threads
    started = time.monotonic()
    await database.close()
    seconds = time.monotonic() - started
    assert_nobody_writes(path)
    halves = {row["id"][:-1] for row in rows}

    assert not [row["id"] for row in rows if row["id"].startswith("many")]
    assert len(rows) == 2 * len(halves)
    # Two readers and the one of versions may have been opened meanwhile.
    assert len(more) <= 3
    # Closing had to wait for nobody until it gave up.
    assert seconds < 30


CANCELLED = """
import asyncio, sys
from dashboard.database import Database

async def work(database):
    for number in range(10**9):
        async with database.write() as tx:
            await tx.execute("UPDATE onboarding SET step = 'x'")

        await database.check()
        # The synchronous driver never lets others have a turn by itself.
        await asyncio.sleep(0)

async def main():
    database = Database(sys.argv[1], driver=sys.argv[2])
    await database.open()
    tasks = [asyncio.create_task(work(database)) for _ in range(5)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()

    await asyncio.wait(tasks)
    print("cancelled", flush=True)

asyncio.run(main())
"""


def test_a_program_ends_at_once_after_cancellations(path: Path, any_driver: str):
    """Even one that did not close: nothing that was cancelled goes on."""
    home = str(Path(dashboard.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-c", CANCELLED, str(path), any_driver],
        env={**os.environ, "PYTHONPATH": home},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.stdout, ended.stderr, ended.returncode) == ("cancelled\n", "", 0)
