from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

import dashboard
from dashboard.database import Database, DatabaseBusyError, DatabaseOpenError

from .homarr_file import open_file, read_bytes

HOME = str(Path(dashboard.__file__).parents[1])
INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, ?, '')"


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


FULL = """
import asyncio, json, pathlib, resource, sys
from dashboard.database import Database
from dashboard.errors import DatabaseFullError

folder, driver, mode, fault = sys.argv[1:]
path = pathlib.Path(folder, "db.sqlite")
filler = pathlib.Path(folder, "filler")
SQL = "INSERT INTO media (id, name, content, content_type, size)" \\
    " VALUES (?, '', zeroblob(50000), '', 0)"

def take_room():
    if fault == "disk":
        filler.write_bytes(bytes(4 * 1024 * 1024))
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

def give_room():
    if fault == "disk":
        filler.unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

async def main():
    database = Database(path, driver=driver, journal_mode=mode)
    await database.open()
    take_room()
    kept, refused = 0, []
    while len(refused) < 4 and kept < 1000:
        try:
            if (kept + len(refused)) % 2:
                await database.write_whole((SQL, (f"{kept}a",)), (SQL, (f"{kept}b",)))
            else:
                async with database.write() as tx:
                    await tx.execute(SQL, (f"{kept}a",))
                    await tx.execute(SQL, (f"{kept}b",))
            kept += 1
        except DatabaseFullError as error:
            refused.append([str(error), error.path])
            rows = await database.all("SELECT count(*) FROM media")
            assert rows[0][0] == 2 * kept, (rows[0][0], kept)
            await database.check()
            await database.versioned_read()

    give_room()
    async with database.write() as tx:
        await tx.execute(SQL, ("after",))

    rows = await database.all("SELECT count(*) FROM media")
    whole = await database.all("PRAGMA integrity_check")
    await database.close()
    print(json.dumps([kept, refused, rows[0][0], [row[0] for row in whole]]))

asyncio.run(main())
"""


def run_full(folder: Path, driver: str, mode: str, fault: str) -> list[object]:
    """Fill the file's disk in a process of its own, and tell what came of it."""
    command = [sys.executable, "-c", FULL, str(folder), driver, mode, fault]
    if fault == "disk":
        mount = f'mount -t tmpfs -o size=6m none {folder} && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", mount, "sh", *command]

    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": HOME},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    return list(json.loads(ended.stdout))


def may_mount() -> bool:
    """Whether this system lets a test have a small disk of its own."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("fault", ["disk", "limit"])
def test_a_full_disk_stops_writes_only(
    tmp_path: Path, driver: str, mode: str, fault: str
):
    """Each is refused whole, reads go on, and writes do when there is room again."""
    if fault == "disk" and not may_mount():
        pytest.skip("no right to mount a small disk; the limit is tested all the same")

    kept, refused, rows, whole = run_full(tmp_path, driver, mode, fault)
    path = str(tmp_path / "db.sqlite")

    assert isinstance(kept, int)
    assert (
        refused
        == [
            [
                f"no room to write the database {path!r}; free some space on its disk",
                path,
            ]
        ]
        * 4
    )
    assert (rows, whole) == (2 * kept + 1, ["ok"])


async def test_a_full_disk_at_the_start_is_told(tmp_path: Path):
    """Before anything is made of the file."""
    script = (
        "import resource, asyncio, sys\n"
        "from dashboard.database import Database, DatabaseOpenError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "async def main():\n"
        "    try:\n"
        "        await Database(sys.argv[1]).open()\n"
        "    except DatabaseOpenError as error:\n"
        "        sys.exit(error.cause)\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "db.sqlite")],
        env={**os.environ, "PYTHONPATH": HOME},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "there is no room to write it; free some space on its disk" in ended.stderr


async def test_a_text_file_is_no_database(path: Path, driver: str):
    """Whatever its name says; not a byte of it changes."""
    path.parent.mkdir()
    path.write_text("Dear diary,\n" * 1000)
    before = path.read_bytes()
    database = Database(path, driver=driver)
    with pytest.raises(DatabaseOpenError, match="it is not an SQLite database"):
        await database.open()

    await database.close()

    assert read_bytes(path) == before


async def test_a_directory_is_no_database(tmp_path: Path, driver: str):
    """The error says what DB_URL has to be."""
    with pytest.raises(DatabaseOpenError, match="not a file; give the path of one in"):
        await Database(tmp_path, driver=driver).open()


async def test_text_that_is_no_unicode_is_an_error(path: Path, driver: str):
    """Half a surrogate pair: nothing is written, and the next write works."""
    database = Database(path, driver=driver)

    async def insert(name: str) -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("first", "x"))
            await tx.execute(INSERT, ("second", name))

    with pytest.raises(ValueError, match="surrogates not allowed"):
        await insert("half \ud83d pair")

    await insert("whole \U0001f600 pair")
    rows = await database.all("SELECT name FROM app ORDER BY id")
    await database.close()

    assert [row["name"] for row in rows] == ["x", "whole \U0001f600 pair"]


async def test_a_nul_in_a_text_is_kept_or_refused_whole(path: Path, driver: str):
    """Never cut there: libSQL could not read it back, and says so."""
    database = Database(path, driver=driver)

    async def insert() -> list[str]:
        async with database.write() as tx:
            await tx.execute(INSERT, ("a", "before\0after"))

        return [row["name"] for row in await database.all("SELECT name FROM app")]

    if driver == "libsql":
        with pytest.raises(sqlite3.DataError, match="NUL"):
            await insert()
    else:
        assert await insert() == ["before\0after"]

    await database.check()
    await database.close()


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
connection.close()
"""


async def test_a_lock_that_stays_is_one_answer_for_all(path: Path, driver: str):
    """Reads too, where another program has the whole file; then all goes on."""
    database = Database(path, driver=driver, journal_mode="delete", busy_timeout=0.1)
    await database.open()
    await database.check()
    other = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()

    async def write() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("a", ""))

    async def read() -> None:
        async with database.read() as tx:
            await tx.one("SELECT 1 FROM app")

    async def snapshot() -> None:
        async with database.snapshot() as tx:
            await tx.one("SELECT 1 FROM app")

    for use in (write, read, snapshot, database.check, database.data_version):
        with pytest.raises(DatabaseBusyError, match=r"locked for 0\.1 s"):
            await use()

    other.communicate("\n")
    for use in (write, read, snapshot, database.check, database.data_version):
        await use()

    await database.close()


async def test_a_wait_for_a_lock_leaves_the_loop_alone(path: Path, driver: str):
    """Whichever driver: the event loop turns while somebody else writes."""
    database = Database(path, driver=driver, busy_timeout=50)
    await database.open()
    other = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    turns = 0

    async def release() -> None:
        nonlocal turns
        for _ in range(50):
            await anyio.sleep(0.001)
            turns += 1

        await anyio.to_thread.run_sync(other.communicate, "\n")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(release)
        async with database.write() as tx:
            await tx.execute(INSERT, ("a", ""))

    await database.close()

    assert turns == 50


TAKE_TURNS = """
import asyncio, sys
from dashboard.database import Database

async def main():
    path, driver, name = sys.argv[1:]
    database = Database(path, driver=driver, journal_mode="delete", busy_timeout=40)
    for number in range(100):
        async with database.write() as tx:
            row = await tx.one("SELECT count(*) FROM app")
            await tx.execute(
                "INSERT INTO app (id, name, icon_url) VALUES (?, ?, '')",
                (f"{name}{number}", str(row[0])),
            )

        await database.check()
        await database.data_version()

    await database.close()

asyncio.run(main())
"""


def test_two_runners_share_a_file_in_rollback_mode(path: Path, driver: str):
    """They take turns; nothing is lost, and none sees the other's half."""
    runners = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE_TURNS, str(path), driver, name],
            env={**os.environ, "PYTHONPATH": HOME},
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for runner in runners:
        _, errors = runner.communicate(timeout=50)

        assert (runner.returncode, errors) == (0, "")

    with open_file(path) as connection:
        rows = connection.execute("SELECT CAST(name AS integer) FROM app").fetchall()
        mode = connection.execute("PRAGMA journal_mode").fetchone()

    assert sorted(number for (number,) in rows) == list(range(200))
    assert mode == ("delete",)


@pytest.mark.parametrize("library", ["aiosqlite", "sqlite3"])
async def test_a_commit_that_waits_lets_no_new_reader_of_a_rollback_journal_pass(
    path: Path, library: str
):
    """Else there would always be one, and the commit never had its turn."""
    database = Database(path, driver=library, journal_mode="delete", busy_timeout=50)
    await database.open()
    with open_file(path) as early, open_file(path) as late:
        late.execute("PRAGMA busy_timeout = 0")
        early.execute("BEGIN")
        early.execute("SELECT * FROM app").fetchall()
        refused = 0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(database.write_whole, (INSERT, ("a", "")))
            with anyio.fail_after(30):
                while refused < 20:
                    await anyio.sleep(0.001)
                    try:
                        late.execute("SELECT * FROM app").fetchall()
                    except sqlite3.OperationalError:
                        refused += 1
                    else:
                        refused = 0

            early.execute("COMMIT")

    rows = await database.all("SELECT id FROM app")
    await database.close()

    assert len(rows) == 1


async def test_readers_and_the_writer_of_one_process_share_a_rollback_journal(
    path: Path, driver: str
):
    """A commit waits for reads that are under way, and new reads for the commit."""
    database = Database(path, driver=driver, journal_mode="delete", busy_timeout=50)
    await database.open()
    reading, leave = anyio.Event(), anyio.Event()

    async def read_long() -> None:
        async with database.read() as tx:
            await tx.all("SELECT * FROM app")
            reading.set()
            await leave.wait()
            assert await tx.all("SELECT * FROM app") == []

    async def write() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("a", ""))

    async def read_later() -> None:
        await reading.wait()
        for _ in range(20):
            await anyio.sleep(0.001)

        leave.set()
        await database.check()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read_long)
        await reading.wait()
        tasks.start_soon(write)
        tasks.start_soon(read_later)

    rows = await database.all("SELECT id FROM app")
    await database.close()

    assert len(rows) == 1
