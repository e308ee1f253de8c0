from __future__ import annotations

import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dashboard
from dashboard.database import guard, processes
from dashboard.database.drivers import Connection, connect
from dashboard.errors import DatabaseGuardError, DatabaseOpenError

from .homarr_file import wait_closed

LIBRARIES = {"aiosqlite": "sqlite3", "sqlite3": "sqlite3", "libsql": "libsql"}


def open_by_path(path: Path) -> None:
    path.read_bytes()


def open_low(path: Path) -> None:
    os.close(os.open(path, os.O_RDONLY))


def open_as_bytes(path: Path) -> None:
    open(os.fsencode(path), "rb").close()  # noqa: PTH123


def copy(path: Path) -> None:
    shutil.copyfile(path, path.with_name("copy"))


def open_by_link(path: Path) -> None:
    link = path.with_name("link")
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    link.read_bytes()


def open_by_relative_path(path: Path) -> None:
    Path(os.path.relpath(path)).read_bytes()


@pytest.mark.parametrize(
    "act",
    [
        open_by_path,
        open_low,
        open_as_bytes,
        copy,
        open_by_link,
        open_by_relative_path,
    ],
)
async def test_the_open_file_is_not_opened_by_path(
    connection: Connection, file: Path, act: Callable[[Path], None]
):
    """However it is named; the error says why, and what to do instead."""
    await connection.fetch("BEGIN IMMEDIATE")
    for suffix in ("", "-wal", "-shm", "-journal"):
        if suffix and act in (open_by_link, copy):
            continue

        with pytest.raises(DatabaseGuardError) as caught:
            act(Path(f"{file}{suffix}"))

        assert "locks" in caught.value.cause
        assert ".venv/bin/python -m dashboard backup" in caught.value.cause

    await connection.fetch("ROLLBACK")
    await connection.close()

    act(file)


async def test_what_is_beside_it_is_nobodys_business(
    connection: Connection, file: Path
):
    """Other files, folders, and names that are none."""
    other = file.with_name("other-wal")
    other.write_bytes(b"x")

    assert connection.in_transaction is False
    assert other.read_bytes() == b"x"
    assert [path.name for path in file.parent.iterdir()]
    with pytest.raises(FileNotFoundError):
        file.with_name("nothing").read_bytes()

    with pytest.raises(ValueError, match="null"):
        Path("a\0b").read_bytes()


async def test_one_library_may_have_it_open_many_times(
    connection: Connection, file: Path, any_driver: str
):
    """The claim lasts as long as its last connection."""
    second = await connect(file, driver=any_driver, mode="rw", busy_timeout=0)
    (claimed,) = guard.state().claimed

    assert claimed.library == LIBRARIES[any_driver]
    assert claimed.version.startswith("3.")
    assert claimed.connections == 2
    assert claimed.path == os.path.realpath(file)
    assert not claimed.doubled

    await connection.close()
    await connection.close()
    (claimed,) = guard.state().claimed

    assert claimed.connections == 1

    await second.close()
    wait_closed(file)

    assert guard.state().claimed == ()
    assert guard.state().hooked
    assert guard.state().detects


@pytest.mark.usefixtures("libsql")
@pytest.mark.parametrize("again", ["aiosqlite", "sqlite3", "libsql"])
async def test_a_second_library_is_refused(
    connection: Connection, file: Path, any_driver: str, again: str
):
    """By its real name or another one; the same library is welcome."""
    link = file.with_name("link.sqlite")
    link.symlink_to(file)
    for path in (file, link):
        if LIBRARIES[again] == LIBRARIES[any_driver]:
            other = await connect(path, driver=again, mode="rw", busy_timeout=0)
            await other.close()
        else:
            with pytest.raises(DatabaseOpenError, match="same DB_DRIVER"):
                await connect(path, driver=again, mode="rw", busy_timeout=0)

    assert guard.state().claimed[0].connections == 1
    await connection.close()
    wait_closed(file)

    other = await connect(file, driver=again, mode="rw", busy_timeout=0)
    await other.close()


@pytest.mark.parametrize("any_driver", ["libsql"], indirect=True)
async def test_the_standard_library_itself_is_refused_beside_libsql(
    connection: Connection, file: Path
):
    """Also where it is used without our drivers, by path or as a URI."""
    for name in (file, str(file), os.fsencode(file)):
        with pytest.raises(DatabaseGuardError, match="libsql"):
            sqlite3.connect(name)

    for uri in (file.as_uri(), f"{file.as_uri()}?mode=ro"):
        with pytest.raises(DatabaseGuardError, match="libsql"):
            sqlite3.connect(uri, uri=True)

    sqlite3.connect(":memory:").close()
    await connection.close()
    wait_closed(file)
    sqlite3.connect(file).close()


async def test_libsql_is_refused_beside_anybody(file: Path, libsql: str):
    """Whoever has it open, our drivers or not."""
    raw = sqlite3.connect(file)
    raw.execute("CREATE TABLE thing (name)")
    with pytest.raises(DatabaseGuardError, match="something else"):
        await connect(file, driver=libsql, mode="rw", busy_timeout=0)

    raw.close()
    connection = await connect(file, driver=libsql, mode="rw", busy_timeout=0)
    await connection.close()


@pytest.mark.usefixtures("libsql")
async def test_a_file_is_known_by_every_name(connection: Connection, file: Path):
    """Another one of its own as well, whose path leads elsewhere."""
    other = file.with_name("other.sqlite")
    other.hardlink_to(file)
    again = {"sqlite3": "libsql", "libsql": "sqlite3"}
    with pytest.raises(DatabaseGuardError, match="same DB_DRIVER"):
        await connect(
            other,
            driver=again[guard.state().claimed[0].library],
            mode="rw",
            busy_timeout=0,
        )

    with pytest.raises(DatabaseGuardError, match="locks"):
        other.read_bytes()

    await connection.close()


async def test_a_failed_opening_claims_nothing(file: Path, any_driver: str):
    """The next one is free to use any driver."""
    with pytest.raises(sqlite3.OperationalError):
        await connect(file, driver=any_driver, mode="rw", busy_timeout=0)

    assert guard.state().claimed == ()


async def test_a_log_that_is_mapped_twice_is_found(
    connection: Connection, file: Path, any_driver: str
):
    """Which is what a library that our drivers know nothing of does."""
    await connection.fetch("SELECT * FROM thing")

    assert not processes.is_doubled(file)

    # Asked of the system by number: the hook would refuse it by name.
    shared = Path(f"{file}-shm")
    descriptor = next(
        int(entry.name)
        for entry in Path("/proc/self/fd").iterdir()
        if entry.resolve() == shared.resolve()
    )
    with mmap.mmap(descriptor, 32768, mmap.MAP_SHARED, mmap.PROT_READ):
        assert processes.is_doubled(file)
        assert guard.state().claimed[0].doubled
        with pytest.raises(DatabaseGuardError, match="doctor"):
            await connect(file, driver=any_driver, mode="rw", busy_timeout=0)

    assert not processes.is_doubled(file)


LOSS = """
import asyncio, pathlib, sqlite3, sys
import aiolibsql
from dashboard.database.drivers import connect

path, mode, guarded = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "on"

async def open_as(driver):
    if guarded:
        connection = await connect(path, driver=driver, mode="rw", busy_timeout=0)
        return connection.fetch
    if driver == "sqlite3":
        standard = sqlite3.connect(path, timeout=0, isolation_level=None)
        async def fetch(sql):
            return standard.execute(sql).fetchall()
    else:
        other = await aiolibsql.connect(str(path), timeout=0.0, isolation_level=None)
        async def fetch(sql):
            return await (await other.execute(sql)).fetchall()
    return fetch

async def main():
    one = await open_as("sqlite3")
    await one("CREATE TABLE thing (name TEXT)")
    two = await open_as("libsql")
    await two("SELECT * FROM thing")
    await one("BEGIN IMMEDIATE")
    await one("INSERT INTO thing VALUES ('one')")
    await two("BEGIN IMMEDIATE")
    await two("INSERT INTO thing VALUES ('two')")
    await one("COMMIT")
    print("acknowledged one", flush=True)
    await two("COMMIT")
    print("acknowledged two", flush=True)

asyncio.run(main())
"""


@pytest.mark.usefixtures("libsql")
@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("guarded", ["off", "on"])
def test_two_libraries_would_lose_what_was_acknowledged(
    file: Path, mode: str, guarded: str
):
    """Without the guard a committed row is gone; with it there is no second library."""
    raw = sqlite3.connect(file)
    raw.execute(f"PRAGMA journal_mode = {mode}")
    raw.close()
    ended = subprocess.run(
        [sys.executable, "-c", LOSS, str(file), mode, guarded],
        env={**os.environ, "PYTHONPATH": str(Path(dashboard.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    raw = sqlite3.connect(file)
    found = [name for (name,) in raw.execute("SELECT name FROM thing")]
    whole = raw.execute("PRAGMA integrity_check").fetchone()[0]
    raw.close()
    acknowledged = ended.stdout.split("acknowledged ")[1:]

    assert whole == "ok"
    if guarded == "on":
        assert "DatabaseGuardError" in ended.stderr
        assert (acknowledged, found) == ([], [])
    else:
        # The lock that both got is SQLite's own fault of being there twice.
        assert len(acknowledged) == (2 if mode == "wal" else 1), ended.stderr
        assert found == ["two"]
