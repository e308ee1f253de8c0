from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from dashboard.database import Database
from dashboard.database.commits import wait_for_commit
from dashboard.database.memo import Memo

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
#: Seconds; no test waits half as long.
PATIENCE = 60.0
COUNT = ("SELECT count(*) AS n FROM app", ())


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


@pytest.fixture(name="journal_mode", params=["wal", "delete"])
def _journal_mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="database")
async def _database(
    path: Path, driver: str, journal_mode: str
) -> AsyncIterator[Database]:
    database = Database(path, driver=driver, journal_mode=journal_mode)
    yield database
    await database.close()


async def insert(database: Database, name: str) -> None:
    async with database.write() as tx:
        await tx.execute(INSERT, (name,))


async def test_every_commit_makes_another_version(database: Database, path: Path):
    """Ours and another program's; without one it stays."""
    versions = [await database.data_version(), await database.data_version()]
    await insert(database, "ours")
    versions.append(await database.data_version())
    insert_elsewhere(path)
    versions += [await database.data_version(), await database.data_version()]

    assert versions[0] == versions[1]
    assert versions[1] != versions[2]
    assert versions[2] != versions[3]
    assert versions[3] == versions[4]


def insert_elsewhere(path: Path) -> None:
    """Write as another program does."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        f" c.execute({INSERT!r}, ('theirs',)); c.commit(); c.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


async def test_a_commit_by_anybody_ends_a_wait_for_it(database: Database, path: Path):
    """Ours and another program's."""
    version = await wait_for_commit(database, None, patience=0.0)
    for write in (partial(insert, database, "ours"), partial(_insert_elsewhere, path)):
        waiting = asyncio.create_task(
            wait_for_commit(database, version, patience=PATIENCE)
        )
        await write()
        moved = await asyncio.wait_for(waiting, PATIENCE / 2)

        assert moved != version

        version = moved


async def test_a_wait_for_a_commit_has_an_end(database: Database):
    """The version is then the one that was known."""
    await database.open()
    version = await wait_for_commit(database, None, patience=PATIENCE)

    assert await wait_for_commit(database, version, patience=0.01) == version


async def test_two_connections_versions_are_never_taken_for_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """Each counts for itself, from the same small numbers."""
    await database.open()
    monkeypatch.setattr(Memo, "read_version", lambda _self: 3)
    monkeypatch.setattr(Database, "data_version", AsyncMock(return_value=3))
    watched = await wait_for_commit(database, None, patience=0.0)
    monkeypatch.setattr(Memo, "read_version", lambda _self: None)

    assert await wait_for_commit(database, watched, patience=PATIENCE) != watched


async def _insert_elsewhere(path: Path) -> None:
    await asyncio.to_thread(insert_elsewhere, path)


async def test_a_write_that_is_taken_back_makes_no_version(database: Database):
    """Nothing that was read before it is out of date."""
    before = await database.data_version()

    async def fail() -> None:
        async with database.write() as tx:
            await tx.execute(INSERT, ("lost",))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    assert await database.data_version() == before


async def test_rows_come_with_the_version_that_they_are_of(database: Database):
    """In one go, also several queries; and `snapshot` gives the same numbers."""
    await insert(database, "a")
    version, (rows, named) = await database.versioned_read(
        COUNT, ("SELECT id FROM app WHERE id = :id", {"id": "a"})
    )
    async with database.snapshot() as snapshot:
        row = await snapshot.one(*COUNT)

    assert (rows, named) == ([(1,)], [("a",)])
    assert row is not None
    assert (snapshot.version, row["n"]) == (version, 1)
    assert await database.data_version() == version


async def test_a_snapshot_stays_what_it_was(path: Path, driver: str):
    """What is committed meanwhile belongs to the next version, with its rows."""
    database = Database(path, driver=driver, journal_mode="wal")
    async with database.snapshot() as snapshot:
        before = snapshot.version
        await insert(database, "a")
        row = await snapshot.one(*COUNT)

    after, (rows,) = await database.versioned_read(COUNT)
    await database.close()

    assert row is not None
    assert (row["n"], rows) == (0, [(1,)])
    assert after != before


async def test_a_query_that_fails_leaves_no_transaction_behind(database: Database):
    """The next one sees what was committed since."""
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await database.versioned_read(("SELECT * FROM absent", ()), COUNT)

    await insert(database, "a")
    _, (rows,) = await database.versioned_read(COUNT)

    assert rows == [(1,)]


async def test_versions_are_read_while_all_readers_are_busy(database: Database):
    """They have a connection of their own."""
    async with database.read(), database.read():
        first = await asyncio.wait_for(database.data_version(), 30)

    assert first == await database.data_version()


async def test_a_versioned_read_cannot_write(database: Database):
    """It goes through a reader."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.versioned_read((INSERT, ("a",)))
