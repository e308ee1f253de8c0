from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.database.drivers import Connection, connect

INSERT = "INSERT INTO thing (name) VALUES (?)"
TABLE = "CREATE TABLE thing (name TEXT)"
#: Another process, which keeps the write lock until it is told a line, or ends.
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


@contextmanager
def locked(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the write lock meanwhile."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.communicate("\n", timeout=30)


async def names(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT name FROM thing ORDER BY name")
    return [row["name"] for row in rows]


async def test_a_reader_looks_at_a_file_without_touching_it(
    file: Path, any_driver: str
):
    """With mode ro nothing is made, written or left behind."""
    with pytest.raises(sqlite3.OperationalError) as caught:
        await connect(file, driver=any_driver, mode="ro", busy_timeout=0)

    assert caught.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN

    with pytest.raises(sqlite3.OperationalError):
        await connect(file, driver=any_driver, mode="rw", busy_timeout=0)

    assert not file.exists()

    connection = await connect(file, driver=any_driver, mode="rwc", busy_timeout=0)
    await connection.execute(TABLE)
    await connection.close()
    before = file.read_bytes(), file.stat().st_mtime_ns
    connection = await connect(file, driver=any_driver, mode="ro", busy_timeout=0)

    assert await names(connection) == []

    with pytest.raises(sqlite3.OperationalError) as caught:
        await connection.execute(INSERT, ("a",))

    await connection.close()

    assert caught.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_a_file_of_something_else_is_told_as_such(file: Path, any_driver: str):
    """Not as one that is damaged."""
    file.write_bytes(b"a diary of some kind\n" * 100)
    connection = await connect(file, driver=any_driver, mode="ro", busy_timeout=0)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        await connection.fetch("SELECT name FROM sqlite_master")

    await connection.close()

    assert type(caught.value) is sqlite3.DatabaseError
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_NOTADB


async def test_a_lock_that_stays_is_an_error(connection: Connection, file: Path):
    """After the busy timeout; reading goes on meanwhile, and writing after it."""
    with locked(file):
        with pytest.raises(sqlite3.OperationalError) as caught:
            await connection.execute(INSERT, ("a",))

        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
        assert not connection.in_transaction
        assert await names(connection) == []

    assert await connection.execute(INSERT, ("b",)) == 1


async def test_a_lock_that_is_given_back_is_waited_for(file: Path, any_driver: str):
    """The call goes on where the other process leaves off."""
    connection = await connect(file, driver=any_driver, mode="rwc", busy_timeout=30)
    await connection.execute(TABLE)
    with locked(file) as holder:
        assert holder.stdin is not None
        if any_driver == "sqlite3":
            # It holds up the loop while it waits: nobody else could let go.
            holder.stdin.write("\n")
            holder.stdin.flush()
            await connection.execute(INSERT, ("a",))
        else:
            writing = asyncio.create_task(connection.execute(INSERT, ("a",)))
            await asyncio.wait([writing], timeout=0.02)

            assert not writing.done()

            holder.stdin.write("\n")
            holder.stdin.flush()
            await writing

    assert await names(connection) == ["a"]

    await connection.close()


@pytest.mark.parametrize("sql", ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", INSERT])
async def test_a_cancelled_call_leaves_a_known_state(
    connection: Connection, file: Path, sql: str
):
    """What the connection says of itself is so, and it is of use at once."""
    for turns in range(30):
        if sql != "BEGIN IMMEDIATE":
            await connection.fetch("BEGIN IMMEDIATE")

        call = asyncio.ensure_future(
            connection.fetch(sql, (f"{turns}",) if sql == INSERT else ())
        )
        for _ in range(turns):
            await asyncio.sleep(0)

        call.cancel()
        await asyncio.wait([call])
        if connection.in_transaction:
            await connection.fetch("ROLLBACK")

        assert not connection.in_transaction
        assert await names(connection) == []

    with locked(file):
        pass


async def test_what_failed_holds_no_lock(connection: Connection, file: Path):
    """Not even while somebody keeps the error, and with it the frames it came by."""
    kept = []
    await connection.execute_many(INSERT, [("a",), ("b",)])
    for sql in ("SELECT abs(-1 << 63) FROM thing", "INSERT INTO thing VALUES (1, 1)"):
        with pytest.raises(sqlite3.Error) as caught:
            await connection.fetch(sql)

        kept.append(caught)

    with locked(file):
        pass

    rows = await connection.fetch("PRAGMA wal_checkpoint(TRUNCATE)")

    assert rows[0][0] == 0
