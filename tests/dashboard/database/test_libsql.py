from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import dashboard
from dashboard.database import Database, DatabaseOpenError
from dashboard.database.drivers import Connection, connect

from .homarr_file import wait_closed

INSERT = "INSERT INTO thing (name) VALUES (?)"

pytestmark = pytest.mark.usefixtures("libsql")


@pytest.fixture(name="any_driver")
def _any_driver() -> str:
    return "libsql"


async def names(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT name FROM thing ORDER BY name")
    return [row["name"] for row in rows]


def find_open(file: Path) -> list[str]:
    """The descriptors that this process has of a file."""
    entries = Path("/proc/self/fd").iterdir()
    return [entry.name for entry in entries if entry.resolve() == file.resolve()]


async def test_without_the_extra_the_error_names_the_command(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whoever reads it can put it right."""
    monkeypatch.setitem(sys.modules, "aiolibsql", None)
    database = Database(file, driver="libsql")
    with pytest.raises(DatabaseOpenError) as caught:
        await database.open()

    await database.close()

    assert ".venv/bin/pip install 'aiolibsql>=0.3,<0.4'" in caught.value.cause
    assert not file.exists()


async def test_a_closed_connection_says_so(connection: Connection, file: Path):
    """aiolibsql would do nothing and say nothing; and the file is let go of."""
    await connection.fetch("BEGIN IMMEDIATE")
    await connection.execute(INSERT, ("a",))

    assert find_open(file)

    await connection.close()

    wait_closed(file)

    assert not connection.in_transaction
    assert find_open(file) == []

    for call in (connection.fetch, connection.execute):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            await call("SELECT 1")

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await connection.execute_many(INSERT, [("a",)])


async def test_text_that_could_not_be_read_back_is_not_stored(connection: Connection):
    """aiolibsql cuts it at a NUL; to ask for it does no harm."""
    with pytest.raises(sqlite3.DataError, match="NUL"):
        await connection.execute(INSERT, ("a\0b",))

    with pytest.raises(sqlite3.DataError, match="NUL"):
        await connection.execute_many(INSERT, [("a",), ("a\0b",)])

    rows = await connection.fetch("SELECT * FROM thing WHERE name = ?", ("a\0b",))

    assert rows == []
    assert await names(connection) == []


@pytest.mark.usefixtures("capfd")
async def test_text_that_is_none_is_an_error(connection: Connection):
    """Its threads give up over it, and the connection goes on."""
    await connection.execute(
        "INSERT INTO thing (name) VALUES (CAST(x'ff41' AS TEXT)), ('b')"
    )
    with pytest.raises(sqlite3.OperationalError, match="decode to UTF-8") as caught:
        await names(connection)

    # Half read, and holding no lock, while the error and its frames are kept.
    log = await connection.fetch("PRAGMA wal_checkpoint(TRUNCATE)")

    assert log[0]["busy"] == 0
    assert caught.tb is not None

    rows = await connection.fetch("SELECT name FROM thing WHERE id = 2")

    assert [row["name"] for row in rows] == ["b"]


@pytest.mark.parametrize("inside", [True, False])
async def test_many_rows_are_written_all_or_none(connection: Connection, inside: bool):
    """So that a lock in the middle can be tried again without writing rows twice."""
    if inside:
        await connection.fetch("BEGIN IMMEDIATE")

    await connection.execute_many(INSERT, [("a",), ("b",)])
    with pytest.raises(sqlite3.IntegrityError):
        await connection.execute_many(INSERT, [("c",), ("a",), ("d",)])

    assert connection.in_transaction is inside
    assert await names(connection) == ["a", "b"]

    with pytest.raises(sqlite3.ProgrammingError, match="DML"):
        await connection.execute_many("SELECT ?", [(1,)])


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("many", [True, False])
async def test_a_wait_for_a_lock_ends_when_it_is_cancelled(file: Path, many: bool):
    """Nothing of it is under way then."""
    connection = await connect(file, driver="libsql", mode="rwc", busy_timeout=600)
    await connection.execute("CREATE TABLE thing (name TEXT)")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting: asyncio.Task[object] = asyncio.ensure_future(
            connection.execute_many(INSERT, [("a",)])
            if many
            else connection.fetch("BEGIN IMMEDIATE")
        )
        await asyncio.wait([waiting], timeout=0.05)

        assert not waiting.done()

        waiting.cancel()
        await asyncio.wait([waiting])

        assert waiting.cancelled()
        assert not connection.in_transaction

        holder.communicate("\n", timeout=30)

    assert await connection.execute(INSERT, ("b",)) == 1
    assert await names(connection) == ["b"]

    await connection.close()


async def test_a_cancelled_opening_leaves_nothing_open(file: Path):
    """Wherever it comes: another library may have the file afterwards."""
    for turns in range(25):
        opening = asyncio.ensure_future(
            connect(file, driver="libsql", mode="rwc", busy_timeout=0)
        )
        for _ in range(turns):
            await asyncio.sleep(0)

        opening.cancel()
        await asyncio.wait([opening])
        if not opening.cancelled():
            await opening.result().close()

        if file.exists():
            wait_closed(file)

        assert not file.exists() or find_open(file) == []

        other = await connect(file, driver="sqlite3", mode="rwc", busy_timeout=0)
        await other.close()


ENDING = """
import asyncio, _thread, pathlib, sys, time
from dashboard.database.drivers import connect

async def main():
    path = pathlib.Path(sys.argv[1])
    connection = await connect(path, driver="libsql", mode="rwc", busy_timeout=0)
    await connection.close()

def work():
    begun.release()
    time.sleep(0.05)
    print("finished", flush=True)

asyncio.run(main())
begun = _thread.allocate_lock()
begun.acquire()
_thread.start_new_thread(work, ())
begun.acquire()
"""


def test_threads_that_are_not_pythons_finish_before_it_does(file: Path):
    """One that comes back to Python later would abort the whole process."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDING, str(file)],
        env={**os.environ, "PYTHONPATH": str(Path(dashboard.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, "finished\n"), ended.stderr


async def test_a_database_works_on_it(file: Path):
    """Made, written, read and opened again; the standard library finds it whole."""
    for number in range(2):
        database = Database(file, driver="libsql")
        async with database.write() as tx:
            await tx.execute(
                "INSERT INTO app (id, name, icon_url) VALUES (:id, '', '')",
                {"id": str(number)},
            )

        rows = await database.all("SELECT id FROM app ORDER BY id")
        await database.maintain()
        await database.close()

        assert [row["id"] for row in rows] == ["0", "1"][: number + 1]

    with sqlite3.connect(file) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert other.execute("SELECT count(*) FROM app").fetchone() == (2,)

    other.close()
