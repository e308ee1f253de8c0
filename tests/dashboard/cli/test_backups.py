"""`backup` and `restore`, as they are typed; what they do is tested with the data."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import ADMIN, Command, House


def names_in(copy: Path) -> list[str]:
    """Return the names of the users in a copy, read as any program would."""
    with closing(sqlite3.connect(copy)) as connection:
        return [row[0] for row in connection.execute('SELECT name FROM "user"')]


def test_a_backup_lies_beside_the_database_with_its_time(
    command: Command, house: House
):
    """Without a name; what is told is where it is and how large."""
    outcome = command("backup")

    assert outcome.code == 0
    found = re.fullmatch(r"Backup written to (.+) \((\d+\.\d) MiB\)\n", outcome.out)
    assert found
    copy = Path(found[1])
    assert copy.parent == house.path.parent
    assert re.fullmatch(r"db\.sqlite\.backup-\d{8}T\d{6}Z\.sqlite", copy.name)
    assert float(found[2]) == round(copy.stat().st_size / 1024 / 1024, 1)
    assert names_in(copy) == [ADMIN]


def test_a_backup_may_be_named(
    command: Command, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A relative name is one of the folder that the command is typed in."""
    monkeypatch.chdir(tmp_path)

    assert command("backup", "mine.sqlite").code == 0
    assert names_in(tmp_path / "mine.sqlite") == [ADMIN]


def test_a_backup_never_replaces_a_file(command: Command, house: House, tmp_path: Path):
    """Not even the last backup."""
    other = tmp_path / "other"
    other.write_text("mine")

    outcome = command("backup", str(other))

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: {str(other)!r}: it exists")
    assert other.read_text() == "mine"


@pytest.mark.parametrize("name", [".", "no/such/folder/copy.sqlite"])
def test_a_backup_needs_a_place(
    command: Command, house: House, tmp_path: Path, name: str
):
    """A folder is none, nor is one in a folder that is not there."""
    outcome = command("backup", str(tmp_path / name))

    assert (outcome.code, outcome.out) == (1, "")
    assert len(outcome.err.splitlines()) == 1


def test_a_backup_that_cannot_be_written_is_named(command: Command, house: House):
    """What was to be written and why not; a file for its making is not shown."""
    outcome = command("backup", "/proc/copy.sqlite")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(
        "error: cannot write the backup '/proc/copy.sqlite': No such file or directory"
    )
    assert ".part" not in outcome.err


def test_a_backup_of_a_newer_file_can_be_made(command: Command, house: House):
    """It is what whoever wants to go back needs."""
    house.change(
        'INSERT INTO "__drizzle_migrations" (hash, created_at)'
        " VALUES ('x', 9999999999999)"
    )

    assert command("backup").code == 0


def test_a_restore_brings_the_old_state_back(
    command: Command, house: House, tmp_path: Path
):
    """And keeps what it replaced."""
    copy = tmp_path / "copy.sqlite"
    command("backup", str(copy))
    house.change("UPDATE \"user\" SET name = 'eve'")

    outcome = command("restore", str(copy))

    assert outcome.code == 0
    assert outcome.lines[0] == f"Database {house.path} restored from {copy}"
    kept = outcome.lines[1].removeprefix("What it replaced is kept as ")
    assert names_in(Path(kept)) == ["eve"]
    assert house.rows('SELECT name FROM "user"') == [(ADMIN,)]


def test_a_restore_makes_a_database_where_there_is_none(
    command: Command, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On another machine, say."""
    copy = tmp_path / "copy.sqlite"
    command("backup", str(copy))
    place = tmp_path / "other" / "db.sqlite"
    monkeypatch.setenv("DB_URL", str(place))

    outcome = command("restore", str(copy))

    assert outcome.code == 0
    assert outcome.lines == [f"Database {place} restored from {copy}"]
    assert names_in(place) == [ADMIN]


def test_a_restore_is_refused_while_the_database_is_open(
    command: Command, house: House, tmp_path: Path
):
    """Its user is named; nothing is touched."""
    copy = tmp_path / "copy.sqlite"
    command("backup", str(copy))
    house.change("UPDATE \"user\" SET name = 'eve'")

    with closing(sqlite3.connect(house.path)) as other:
        other.execute('SELECT * FROM "user"').fetchall()
        outcome = command("restore", str(copy))

    assert (outcome.code, outcome.out) == (1, "")
    assert f"process {os.getpid()}" in outcome.err
    assert "stop that first" in outcome.err
    assert house.rows('SELECT name FROM "user"') == [("eve",)]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "there is no such file"),
        (b"", "it is empty"),
        (b"this is a shopping list\n" * 100, "not an SQLite database"),
    ],
    ids=["absent", "empty", "text"],
)
def test_only_a_backup_is_restored(
    command: Command, house: House, tmp_path: Path, content: bytes | None, cause: str
):
    """Anything else leaves the database as it is."""
    other = tmp_path / "other"
    if content is not None:
        other.write_bytes(content)

    outcome = command("restore", str(other))

    assert (outcome.code, outcome.out) == (1, "")
    assert cause in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert house.rows('SELECT name FROM "user"') == [(ADMIN,)]
