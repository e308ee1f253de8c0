from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.database.memo import MAX_ANSWERS, MAX_ROWS

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"
NAMES = "SELECT id FROM app WHERE id >= :least ORDER BY id"


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


@pytest.fixture(name="trips")
def _trips(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The queries that were really asked."""
    trips: list[Any] = []
    read = Database._versioned_read

    async def counted(self: Database, *queries: Any) -> Any:
        trips.append(queries)
        return await read(self, *queries)

    monkeypatch.setattr(Database, "_versioned_read", counted)
    return trips


async def insert(database: Database, *names: str) -> None:
    async with database.write() as tx:
        await tx.execute_many(INSERT, [(name,) for name in names])


async def names_from(database: Database, least: str = "") -> list[str]:
    """The apps from a name on, remembered, by both ways of asking."""
    _, (rows,) = await database.versioned_read((NAMES, {"least": least}), remember=True)
    again = await database.all(NAMES, {"least": least}, remember=True)
    assert [row["id"] for row in again] == [name for (name,) in rows]
    return [name for (name,) in rows]


async def test_an_answer_is_remembered_until_somebody_commits(
    database: Database, driver: str, path: Path, trips: list[Any]
):
    """We, or another program; libSQL's are asked for each time."""
    await insert(database, "a")
    found = [await names_from(database) for _ in range(3)]
    asked = len(trips)
    await insert(database, "b")
    found += [await names_from(database) for _ in range(2)]
    insert_elsewhere(path, "c")
    found += [await names_from(database) for _ in range(2)]

    assert found == [["a"]] * 3 + [["a", "b"]] * 2 + [["a", "b", "c"]] * 2
    remembers = driver != "libsql"
    assert asked == (1 if remembers else 3)
    assert len(trips) == (3 if remembers else 7)


async def test_parameters_are_part_of_the_question(database: Database):
    """As a mapping or as a sequence."""
    await insert(database, "a", "b")
    positional = "SELECT id FROM app WHERE id = ?"
    for _ in range(2):
        assert await names_from(database, "a") == ["a", "b"]
        assert await names_from(database, "b") == ["b"]
        for name in ("a", "b"):
            rows = await database.all(positional, (name,), remember=True)
            assert [row["id"] for row in rows] == [name]


async def test_named_and_plain_rows_are_remembered_apart(database: Database):
    """Whoever asked first for the same, each gets what is theirs."""
    await insert(database, "a")
    question = (NAMES, {"least": ""})
    for _ in range(2):
        named = await database.all(*question, remember=True)
        version, (plain,) = await database.versioned_read(question, remember=True)

        assert (named[0]["id"], plain) == ("a", [("a",)])
        assert version == await database.data_version()


async def test_an_answer_that_a_commit_overtook_is_not_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """It may be of before or of after it."""
    await insert(database, "a")
    await names_from(database)
    read = Database._versioned_read

    async def overtaken(self: Database, *queries: Any) -> Any:
        answer = await read(self, *queries)
        await insert(self, "b")
        return answer

    await insert(database, "a2")
    with monkeypatch.context() as patch:
        patch.setattr(Database, "_versioned_read", overtaken)
        _, (rows,) = await database.versioned_read(
            (NAMES, {"least": ""}), remember=True
        )

    assert rows == [("a",), ("a2",)]
    assert await names_from(database) == ["a", "a2", "b"]


async def test_an_answer_is_noted_unless_a_commit_overtook_it(
    database: Database, driver: str, trips: list[Any]
):
    """What was read together with more is not asked for again, and never too old."""
    question = (NAMES, {"least": ""})
    for name, overtaken in (("a", False), ("b", True)):
        await insert(database, name)
        commit = database.last_commit()
        answer = await database.versioned_read(question)
        if overtaken:
            await insert(database, "c")
            await names_from(database, "c")

        database.remember(question, answer=answer, since=commit)
        trips.clear()
        _, (rows,) = await database.versioned_read(question, remember=True)

        assert rows == ([("a",), ("b",), ("c",)] if overtaken else [("a",)])
        assert len(trips) == (overtaken or driver == "libsql")


async def test_what_is_remembered_is_bounded(database: Database, driver: str):
    """In answers, and each of them in rows."""
    await insert(database, *(f"{i:04}" for i in range(MAX_ROWS + 1)))
    await names_from(database)
    answers = database._memo._answers
    assert len(answers) == 0
    for i in range(MAX_ANSWERS + 9):
        await database.all("SELECT ? AS n", (i,), remember=True)

    assert len(answers) == (0 if driver == "libsql" else MAX_ANSWERS)
    if answers:
        assert next(reversed(answers))[1][1] == (MAX_ANSWERS + 8,)


async def test_a_locked_file_is_asked_and_not_waited_for(
    database: Database, path: Path, driver: str, journal_mode: str
):
    """The loop stands still for nobody; the query itself waits as it always does."""
    await insert(database, "a")
    await names_from(database)
    if driver == "libsql" or journal_mode == "wal":
        pytest.skip("nobody can lock readers out of this one")

    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert database._memo.read_version() is None
    asking = asyncio.ensure_future(names_from(database))
    await asyncio.sleep(0)
    other.execute("COMMIT")
    other.close()

    assert await asking == ["a"]


async def test_nothing_is_remembered_after_the_end(database: Database):
    """A closed database says so, as it does to everybody."""
    await names_from(database)
    await database.close()

    with pytest.raises(RuntimeError, match="closed"):
        await names_from(database)


def insert_elsewhere(path: Path, name: str) -> None:
    """Write as another program does."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        f" c.execute({INSERT!r}, (sys.argv[2],)); c.commit(); c.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path), name], check=True)
