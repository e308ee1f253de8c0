from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from dashboard.database import Database, DatabaseBusyError
from dashboard.database.drivers import AiosqliteConnection

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
COUNT = "SELECT count(*) AS n FROM app"


async def count(database: Database) -> int:
    row = await database.one(COUNT)
    assert row is not None
    return int(row["n"])


async def insert_in_steps(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(INSERT, ("a",))


async def insert_at_once(database: Database) -> None:
    await database.write_whole((INSERT, ("a",)))


Insert = Callable[[Database], Awaitable[None]]
both_ways = pytest.mark.parametrize("insert", [insert_in_steps, insert_at_once])


async def test_nothing_is_opened_before_the_first_use(database: Database, path: Path):
    """Making the object touches no file and starts no thread."""
    threads = set(threading.enumerate())
    Database(path)

    assert not path.parent.exists()
    assert set(threading.enumerate()) <= threads


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database):
    """An exception takes back everything, and comes through as it is."""
    async with database.write() as tx:
        assert await tx.execute(INSERT, ("kept",)) == 1
        assert await tx.execute_many(INSERT, [("also",), ("this",)]) == 2

    async def fail() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("lost",))
            raise KeyError("lost")

    async def insert_again() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("lost",))
            await tx.execute(INSERT, ("kept",))

    with pytest.raises(KeyError):
        await fail()

    with pytest.raises(sqlite3.IntegrityError):
        await insert_again()

    rows = await database.all("SELECT id FROM app ORDER BY id")

    assert [row["id"] for row in rows] == ["also", "kept", "this"]
    assert await database.one("SELECT id FROM app WHERE id = 'lost'") is None


async def test_statements_known_beforehand_are_one_transaction(database: Database):
    """All of them or none; each sees what those before it have done."""
    await database.write_whole((INSERT, ("kept",)), (INSERT, ("also",)))
    with pytest.raises(sqlite3.IntegrityError):
        await database.write_whole((INSERT, ("lost",)), (INSERT, ("kept",)))

    [(deleted,), (row,)] = await database.write_whole(
        ("DELETE FROM app WHERE id = ? RETURNING id", ("also",)), (COUNT, ())
    )

    assert (deleted["id"], row["n"]) == ("also", 1)
    assert await count(database) == 1


async def test_statements_known_beforehand_make_one_trip(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each trip to the thread wakes it, and then the loop."""
    database = Database(path, driver="aiosqlite")
    await insert_at_once(database)
    run, trips = AiosqliteConnection._run, 0

    async def counted(connection: AiosqliteConnection, function: Any) -> Any:
        nonlocal trips
        trips += 1
        return await run(connection, function)

    monkeypatch.setattr(AiosqliteConnection, "_run", counted)
    await database.write_whole((INSERT, ("b",)), (INSERT, ("c",)), (COUNT, ()))

    assert trips == 1

    await database.close()


async def test_a_reader_sees_one_state(database: Database):
    """What is committed meanwhile is not seen before the next transaction."""
    async with database.read() as tx:
        before = await tx.one(COUNT)
        async with database.write() as writing:
            await writing.execute(INSERT, ("a",))

        after = await tx.one(COUNT)

    assert before is not None
    assert after is not None
    assert (before["n"], after["n"], await count(database)) == (0, 0, 1)


async def test_a_reader_cannot_write(database: Database):
    """Writing goes through the one writer, or it is an error."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        async with database.read() as tx:
            await tx.execute(INSERT, ("a",))


async def test_foreign_keys_hold(database: Database):
    """SQLite would leave them unchecked; Homarr's cascades rely on them."""
    with pytest.raises(sqlite3.IntegrityError):
        async with database.write() as tx:
            await tx.execute("INSERT INTO session VALUES ('t', 'nobody', 0)")


async def test_a_transaction_is_of_no_use_after_its_end(database: Database):
    """A forgotten reference cannot write outside any transaction."""
    async with database.write() as tx:
        pass

    with pytest.raises(RuntimeError, match="has ended"):
        await tx.execute(INSERT, ("a",))


async def test_write_inside_write_is_an_error_and_no_deadlock(database: Database):
    """It would wait for itself."""
    async with database.write() as tx:
        await tx.execute(INSERT, ("a",))
        with pytest.raises(RuntimeError, match="inside"):
            async with database.write():
                pass

        with pytest.raises(RuntimeError, match="inside"):
            await database.write_whole((INSERT, ("b",)))

    assert await count(database) == 1


async def test_writers_of_one_process_take_turns(database: Database):
    """A hundred tasks at once all get through."""

    async def work(number: int) -> None:
        async with database.write() as tx:
            row = await tx.one(COUNT)
            assert row is not None
            await checkpoint()
            await tx.execute(INSERT, (f"{row['n']:03}",))

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(work, number)

    assert await count(database) == 100


async def test_many_readers_share_two_connections(path: Path):
    """However many tasks read, threads stay few."""
    database = Database(path, driver="aiosqlite", max_readers=2)
    threads = set(threading.enumerate())
    most = 0

    async def work() -> None:
        nonlocal most
        async with database.read() as tx:
            await tx.all(COUNT)
            most = max(most, len(set(threading.enumerate()) - threads))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(work)

    await database.close()

    assert 1 <= most <= 3
    assert_no_worker_is_left()


def assert_no_worker_is_left(*, timeout: float = 30) -> None:
    """Fail if a thread of aiosqlite goes on; each ends just after it has answered."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(timeout)

            assert not thread.is_alive()


@both_ways
async def test_a_lock_held_elsewhere_is_waited_for(
    path: Path, driver: str, insert: Insert
):
    """Another process may write for a while; the loop goes on meanwhile."""
    database = Database(path, driver=driver, busy_timeout=50)
    await database.open()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    turns = 0

    async def release() -> None:
        nonlocal turns
        for _ in range(20):
            await anyio.sleep(0.001)
            turns += 1

        other.execute("COMMIT")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(release)
        await insert(database)

    other.close()

    assert turns == 20
    assert await count(database) == 1

    await database.close()


@both_ways
async def test_a_lock_that_is_never_released_is_an_error(
    path: Path, driver: str, insert: Insert
):
    """Within the busy timeout, and the next write works again."""
    database = Database(path, driver=driver, busy_timeout=0.05)
    await database.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusyError, match=r"0\.05 s"):
        await insert(database)

    assert await count(database) == 0

    other.close()
    await insert(database)

    await database.close()


async def test_closing_moves_the_log_into_the_file(database: Database, path: Path):
    """One file is left, and it says everything."""
    async with database.write() as tx:
        await tx.execute(INSERT, ("a",))

    assert path.with_name("db.sqlite-wal").exists()

    await database.close()
    await database.close()

    assert [entry.name for entry in path.parent.iterdir()] == ["db.sqlite"]

    other = sqlite3.connect(path)

    assert other.execute(COUNT).fetchone() == (1,)

    other.close()


async def test_a_closed_database_stays_closed(database: Database):
    """A late request gets an error, and opens nothing."""
    await database.open()
    await database.close()
    for use in (database.check, database.open, database.maintain):
        with pytest.raises(RuntimeError, match="closed"):
            await use()

    with pytest.raises(RuntimeError, match="closed"):
        async with database.write():
            pass


async def test_closing_waits_for_the_open_transaction(database: Database):
    """What was begun is committed."""
    inside, leave = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with database.write() as tx:
            inside.set()
            await leave.wait()
            await tx.execute(INSERT, ("a",))

    working = asyncio.create_task(work())
    await inside.wait()
    closing = asyncio.create_task(database.close())
    await checkpoint()
    leave.set()
    await working
    await closing

    reopened = Database(database.path)

    assert await count(reopened) == 1

    await reopened.close()


async def test_maintenance_empties_the_log(database: Database, path: Path):
    """It runs beside everything else."""
    async with database.write() as tx:
        await tx.execute_many(INSERT, [(str(n),) for n in range(1000)])

    await database.maintain()

    assert path.with_name("db.sqlite-wal").stat().st_size == 0


async def test_the_check_tells_how_long_it_took(database: Database):
    """In seconds."""
    started = time.perf_counter()
    seconds = await database.check()

    assert 0 < seconds <= time.perf_counter() - started


async def test_a_transaction_that_sqlite_ended_takes_no_more(database: Database):
    """It does so for some errors: what came next would be kept alone."""

    async def go_on() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("first",))
            with pytest.raises(sqlite3.IntegrityError):
                await tx.execute(INSERT.replace("INTO", "OR ROLLBACK INTO"), ("first",))

            await tx.execute(INSERT, ("second",))

    with pytest.raises(RuntimeError, match="was rolled back by an error in it"):
        await go_on()

    assert await count(database) == 0


async def test_a_read_that_outlasts_the_end_closes_its_connection(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Closing waits for it a while only; then it is the last one to leave."""
    monkeypatch.setattr("dashboard.database.database.CLOSE_TIMEOUT", 0.01)
    database = Database(path)
    async with database.read() as tx, database.snapshot() as snapshot:
        await database.close()

        assert await tx.all(COUNT)
        assert await snapshot.all(COUNT)

    assert_no_worker_is_left()
