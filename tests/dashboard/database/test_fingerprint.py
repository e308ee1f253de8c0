from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dashboard.database import Database
from dashboard.database.drivers import Server
from dashboard.database.fingerprint import MARGIN, Fingerprints

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
COUNT = "SELECT count(*) AS n FROM app"
#: Another process of ours, which says the fingerprint that it sees, and then crashes.
OTHER = """
import asyncio, os, sys, time
from dashboard.database import Database

async def main(path, mode):
    database = Database(path, journal_mode=mode)
    await database.data_version()
    database.fingerprints.clock = lambda: time.time() + 99
    print(database.fingerprints.read(), flush=True)
    if sys.argv[3:]:
        async with database.write() as tx:
            await tx.execute("INSERT INTO app (id, name, icon_url) VALUES (1, '', '')")
        print(database.fingerprints.read(), flush=True)
    os._exit(9)

asyncio.run(main(*sys.argv[1:3]))
"""


#: For what depends on the library, and not on the files alone.
EACH_DRIVER = pytest.mark.usefixtures("any_driver")


@pytest.fixture(name="driver")
def _driver(request: pytest.FixtureRequest) -> str:
    if "any_driver" in request.fixturenames:
        return str(request.getfixturevalue("any_driver"))

    return "aiosqlite"


@pytest.fixture(name="journal_mode", params=["wal", "delete"])
def _journal_mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="database")
async def _database(
    path: Path, driver: str, journal_mode: str
) -> AsyncIterator[Database]:
    """Open, and by its clock not written to for a while."""
    database = Database(path, driver=driver, journal_mode=journal_mode, busy_timeout=50)
    await database.data_version()
    put_clock(database, time.time() + 99)
    yield database
    await database.close()


def put_clock(database: Database, moment: float) -> None:
    database.fingerprints.clock = lambda: moment


async def wait_for_disk(path: Path) -> None:
    """Wait until what is written has another time: disks count in milliseconds."""
    probe = path.parent.with_name("clock")
    probe.touch()
    now = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == now:
        await asyncio.sleep(0.001)
        probe.touch()


async def insert(database: Database, name: str) -> None:
    async with database.write() as tx:
        await tx.execute(INSERT, (name,))


async def ask_other(path: Path, *words: str) -> list[str]:
    command = [sys.executable, "-c", OTHER, str(path), *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode().split()


async def test_there_is_none_of_what_was_just_written(database: Database, path: Path):
    """Nor of what was written in the future, by a clock that has been set back."""
    found = []
    for later in (0, MARGIN / 2, MARGIN + 1, -3600):
        await insert(database, str(later))
        files = [Path(f"{path}{end}") for end in ("", "-wal")]
        written = max(file.stat().st_mtime for file in files if file.exists())
        put_clock(database, written + later)
        found.append(database.fingerprints.read() is not None)

    assert found == [False, False, True, False]


@pytest.mark.parametrize("latest", ["", "-wal"])
async def test_the_latest_change_of_either_file_counts(
    database: Database, path: Path, journal_mode: str, latest: str
):
    """A commit is in the log, and its move into the database is a write as well."""
    if latest and journal_mode == "delete":
        pytest.skip("there is no log")

    await insert(database, "a")
    now = time.time()
    put_clock(database, now)
    files = [file for file in ("", "-wal") if Path(f"{path}{file}").exists()]
    found = []
    for recent in (latest, None):
        for file in files:
            moment = now - (3600 if file != recent else 0)
            os.utime(f"{path}{file}", (moment, moment))

        found.append(database.fingerprints.read() is not None)

    assert found == [False, True]


@EACH_DRIVER
async def test_it_stays_while_nobody_writes(database: Database):
    """Whoever reads, or holds everybody up."""
    fingerprint = database.fingerprints.read()
    await database.one(COUNT)
    async with database.standstill() as still:
        assert still

    assert fingerprint is not None
    assert database.fingerprints.read() == fingerprint


async def test_another_process_sees_the_same(
    database: Database, path: Path, journal_mode: str
):
    """Under whatever name it has opened the file."""
    link = path.with_name("link.sqlite")
    link.symlink_to(path)
    for name in (path, link):
        fingerprint = database.fingerprints.read()

        assert await ask_other(name, journal_mode) == [fingerprint]


async def test_no_two_states_have_the_same(
    database: Database, path: Path, journal_mode: str
):
    """Whoever commits, wherever the log is moved to and started over."""
    chance = random.Random(7)  # noqa: S311
    other = sqlite3.connect(path, isolation_level=None)
    known: dict[str, int] = {}
    for number in range(90):
        what = chance.choice(["ours", "theirs", "delete", "PASSIVE", "RESTART"])
        if what == "ours":
            await insert(database, str(number))
        elif what == "theirs":
            other.execute(INSERT, (str(number),))
        elif what == "delete":
            other.execute("DELETE FROM app")
        elif journal_mode == "wal":
            other.execute(f"PRAGMA wal_checkpoint({what})")

        # A disk whose clock stands still for longer would need the margin.
        await wait_for_disk(path)
        row = await database.one("SELECT json_group_array(id) AS ids FROM app")
        fingerprint = database.fingerprints.read()
        assert row is not None
        assert fingerprint is not None
        assert known.setdefault(fingerprint, row["ids"]) == row["ids"]

    other.close()
    assert len(known) > 30


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        ("", "st_dev"),
        ("", "st_ino"),
        ("", "st_size"),
        ("", "st_mtime_ns"),
        ("", "st_ctime_ns"),
        ("-wal", "st_ino"),
        ("-wal", "st_size"),
        ("-wal", "st_mtime_ns"),
        ("-shm", "st_ino"),
        ("-shm", "st_mtime_ns"),
    ],
)
def test_each_part_of_what_a_file_is_counts(path: Path, suffix: str, part: str):
    """Nothing else may have changed, on a disk with a coarse clock."""
    parts = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    files = {
        name: SimpleNamespace(**dict.fromkeys(parts, 7))
        for name in ("", "-wal", "-shm")
    }
    fingerprints = Fingerprints(path)
    fingerprints._stat = files.get  # type: ignore[method-assign,assignment]
    found = set()
    for value in (7, 8, 9):
        setattr(files[suffix], part, value)
        fingerprints.note_opened()
        found.add(fingerprints.read())

    assert len(found - {None}) == 3


async def test_there_is_none_while_a_journal_is_there(path: Path, driver: str):
    """Its writer is at work, has crashed, or is a program that leaves it there."""
    database = Database(path, driver=driver, journal_mode="delete")
    await database.data_version()
    put_clock(database, time.time() + 99)
    found = [database.fingerprints.read() is not None]
    async with database.write() as tx:
        await tx.execute(INSERT, ("a",))
        found.append(database.fingerprints.read() is not None)

    found.append(database.fingerprints.read() is not None)
    await database.close()

    assert found == [True, False, True]


async def test_a_file_that_was_put_in_its_place_has_none(
    database: Database, path: Path
):
    """What is open is the other one; that has its own again when it is back."""
    fingerprint = database.fingerprints.read()
    moved = path.with_name("moved.sqlite")
    path.rename(moved)
    assert database.fingerprints.read() is None

    path.write_bytes(b"")
    assert database.fingerprints.read() is None

    path.unlink()
    moved.rename(path)
    again = database.fingerprints.read()

    assert again is not None
    # It was renamed, which is a change of it too.
    assert again != fingerprint


async def test_a_time_that_was_set_back_by_hand_is_no_way_round(
    database: Database, path: Path
):
    """As tools do that copy a file with its times."""
    fingerprint = database.fingerprints.read()
    was = path.stat()
    await wait_for_disk(path)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert path.stat().st_mtime_ns == was.st_mtime_ns
    assert database.fingerprints.read() not in (None, fingerprint)


async def test_whoever_opens_it_after_a_crash_has_another(path: Path):
    """The log may hold a commit that nobody was told of, and has it from then on."""
    first = await ask_other(path, "wal")
    log = Path(f"{path}-wal").stat()
    await wait_for_disk(path)
    second = await ask_other(path, "wal", "write")

    assert Path(f"{path}-wal").stat().st_ino == log.st_ino
    assert first != second[:1]
    assert second[0] != second[1]


async def test_there_is_none_before_the_file_is_open(path: Path):
    """And never of a database that a server keeps."""
    path.parent.mkdir()
    path.touch()
    server = Fingerprints(Server(url="http://127.0.0.1:1"))
    server.note_opened()

    assert Fingerprints(path, clock=lambda: time.time() + 9).read() is None
    assert server.read() is None


@EACH_DRIVER
async def test_nobody_writes_during_a_standstill(database: Database, path: Path):
    """Neither we nor others; and all can afterwards."""
    async with database.standstill() as still:
        ours = asyncio.ensure_future(insert(database, "ours"))
        theirs = await try_elsewhere(path)
        waiting = not ours.done()

    await ours

    assert (still, waiting, theirs) == (True, True, "locked")
    assert await try_elsewhere(path) == "written"


@EACH_DRIVER
async def test_there_is_no_standstill_while_somebody_writes(
    database: Database, path: Path
):
    """It is told at once, and not waited for."""
    async with database.write() as tx:
        await tx.execute(INSERT, ("ours",))
        async with database.standstill() as still:
            assert not still

    command = [sys.executable, "-c", WRITER, str(path)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"writing\n"
    async with database.standstill() as still:
        assert not still

    await process.communicate(b"\n")
    async with database.standstill() as still:
        assert still


@EACH_DRIVER
async def test_a_cancelled_standstill_leaves_nothing_locked(
    database: Database, path: Path
):
    """At whatever point it was cancelled."""

    async def stand() -> None:
        async with database.standstill():
            await database.data_version()

    for number in range(40):
        standing = asyncio.ensure_future(stand())
        for _ in range(number % 8):
            await asyncio.sleep(0)

        standing.cancel()
        await asyncio.wait([standing])

    assert await try_elsewhere(path) == "written"


#: Holds the lock until it is told a line.
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
sys.stdin.readline()
"""
TRY = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
try:
    connection.execute("INSERT INTO app (id, name, icon_url) VALUES (1, '', '')")
    connection.commit()
    print("written")
except sqlite3.OperationalError as error:
    print("locked" if "locked" in str(error) else error)
"""


async def try_elsewhere(path: Path) -> str:
    command = [sys.executable, "-c", TRY, str(path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode().strip()
