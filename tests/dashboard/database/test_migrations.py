from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from dashboard.database import Database, DatabaseOpenError, copying, migrating

from .homarr_file import (
    LEVELS,
    dump,
    make_homarr_file,
    migrate_as_homarr,
    open_file,
    read_bytes,
    when,
)

BACKUP = "db.sqlite.before-oneroof-0001_indexes.sqlite"


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


@pytest.fixture(name="own_migrations")
def _own_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in the place of our migrations'."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    monkeypatch.setattr(migrating, "FOLDER", folder)
    migrating.load_migrations.cache_clear()
    yield folder
    migrating.load_migrations.cache_clear()


async def use(path: Path, driver: str = "aiosqlite", **options: Any) -> None:
    """Open the file, read and write a little that changes nothing, close it."""
    database = Database(path, driver=driver, **options)
    try:
        async with database.write() as tx:
            await tx.execute("INSERT INTO app (id, name, icon_url) VALUES ('x','','')")
            await tx.execute("DELETE FROM app WHERE id = 'x'")

        await database.maintain()
    finally:
        await database.close()


def read_names(path: Path, pattern: str) -> set[str]:
    with open_file(path) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE ?", (pattern,)
        )
        return {name for (name,) in rows}


@pytest.mark.parametrize("level", LEVELS)
async def test_a_file_of_homarr_s_keeps_everything_it_had(
    path: Path, driver: str, level: int
):
    """Every table, column, row and index, also those that nobody knows."""
    make_homarr_file(path, level)
    before = dump(path)
    await use(path, driver)
    after = dump(path)
    if "sqlite_stat1" in after["rows"]:
        # What the planner counted: SQLite's own.
        after = without(after, "sqlite_stat1")

    assert before == after
    assert before["rows"]["future"] == [(1, b"\0\xff")]
    assert ("kept",) in [row[-1:] for row in before["rows"]["item"]]


def without(found: dict[str, Any], table: str) -> dict[str, Any]:
    """The dump less one table."""
    return {
        "schema": [row for row in found["schema"] if row[2] != table],
        "columns": {k: v for k, v in found["columns"].items() if k != table},
        "rows": {k: v for k, v in found["rows"].items() if k != table},
    }


@pytest.mark.parametrize("level", LEVELS)
async def test_homarr_migrates_a_file_that_we_have_used(path: Path, level: int):
    """It takes the steps that it would have taken, and keeps every row of a user."""
    make_homarr_file(path, level)
    await use(path)
    steps = migrate_as_homarr(path)

    assert steps == [one for one in LEVELS if one > level]

    plain = path.with_name("plain.sqlite")
    make_homarr_file(plain, level)
    migrate_as_homarr(plain)
    after, expected = dump(path), dump(plain)

    assert after["columns"] == {**expected["columns"], **columns_of_statistics(after)}
    assert {k: v for k, v in after["rows"].items() if k in expected["rows"]} == (
        expected["rows"]
    )
    with open_file(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    await use(path)

    assert read_names(path, "oneroof_item_board") == {"oneroof_item_board"}


def columns_of_statistics(found: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in found["columns"].items() if k.startswith("sqlite_stat")}


async def test_indexes_that_homarr_dropped_are_put_back(path: Path):
    """It makes a table anew to change it, and knows nothing of indexes of ours."""
    make_homarr_file(path, 41)
    await use(path)
    before = read_names(path, "oneroof_%")
    with open_file(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("CREATE TABLE new_item AS SELECT * FROM item")
        connection.execute("DROP TABLE item")
        connection.execute("ALTER TABLE new_item RENAME TO item")

    assert "oneroof_item_board" not in read_names(path, "oneroof_%")

    await use(path)

    assert "oneroof_item_board" in before
    assert read_names(path, "oneroof_%") == before
    # It had been ours before.
    assert [one.name for one in path.parent.iterdir() if "before" in one.name] == [
        BACKUP
    ]


async def test_a_backup_is_made_before_the_first_change_of_ours(
    path: Path, driver: str
):
    """It holds what Homarr left, in one file, and is not made again."""
    make_homarr_file(path, 36)
    path.chmod(0o640)
    before = dump(path)
    for _ in range(2):
        await use(path, driver)

    kept = path.with_name(BACKUP)

    assert sorted(one.name for one in path.parent.iterdir()) == [path.name, BACKUP]
    assert dump(kept) == before
    assert read_names(kept, "oneroof%") == set()
    assert kept.stat().st_mode & 0o777 == 0o640
    with open_file(kept) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_an_older_backup_is_never_replaced(path: Path):
    """Another file of Homarr's that takes the place has a backup of its own."""
    make_homarr_file(path, 34)
    await use(path)
    first = path.with_name(BACKUP).read_bytes()
    path.unlink()
    make_homarr_file(path, 35)
    await use(path)
    second = path.with_name(f"{BACKUP.removesuffix('sqlite')}2.sqlite")
    fresh = path.with_name("fresh.sqlite")
    make_homarr_file(fresh, 35)

    assert path.with_name(BACKUP).read_bytes() == first
    assert dump(second) == dump(fresh)


async def test_a_file_that_cannot_be_backed_up_is_not_changed(
    path: Path, driver: str, monkeypatch: pytest.MonkeyPatch
):
    """Without a way back nothing is begun, and nothing is left lying about."""
    make_homarr_file(path, 41)
    before = path.read_bytes()

    def fail(new: Path, _: Path) -> int:
        raise OSError(28, "No space left on device", str(new))

    monkeypatch.setattr(copying, "finish_copy", fail)
    with pytest.raises(DatabaseOpenError, match=r"no backup of it can be made .*space"):
        await use(path, driver)

    assert read_bytes(path) == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]

    monkeypatch.undo()
    await use(path, driver)

    assert path.with_name(BACKUP).exists()


async def test_several_that_open_a_file_of_homarr_s_at_once_change_it_once(path: Path):
    """One makes the backup; the others wait for it."""
    make_homarr_file(path, 34)
    databases = [Database(path) for _ in range(5)]
    async with anyio.create_task_group() as tasks:
        for database in databases:
            tasks.start_soon(database.open)

    for database in databases:
        await database.close()

    assert sorted(one.name for one in path.parent.iterdir()) == [path.name, BACKUP]


READ = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT * FROM app").fetchall()
print("reading", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


async def test_a_reader_that_is_in_the_way_is_waited_for(path: Path, driver: str):
    """Homarr may be reading: nothing is done all over again for that."""
    make_homarr_file(path, 34)
    other = subprocess.Popen(
        [sys.executable, "-c", READ, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()

    async def release() -> None:
        with anyio.fail_after(30):
            while not path.with_name(BACKUP).exists():  # noqa: ASYNC110
                await anyio.sleep(0.01)

        for _ in range(10):
            await anyio.sleep(0.01)

        await anyio.to_thread.run_sync(other.communicate, "\n")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(release)
        await use(path, driver, busy_timeout=50)

    assert sorted(one.name for one in path.parent.iterdir()) == [path.name, BACKUP]


async def test_a_new_file_has_nothing_to_be_backed_up(path: Path):
    """It is made with all of ours, each noted with its time in milliseconds."""
    database = Database(path)
    rows = await database.all("SELECT name, applied_at FROM oneroof_migration")
    await database.close()
    names = [migration.name for migration in migrating.load_migrations()]

    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert [row["name"] for row in rows] == names
    assert all(row["applied_at"] > 1_700_000_000_000 for row in rows)


async def test_whatever_is_in_the_folder_is_run_once_in_order(
    path: Path, own_migrations: Path
):
    """A file of ours is picked up by its name; others are not looked at."""
    (own_migrations / "0002_second.sql").write_text(
        "-- A note; it ends so;\n"
        "CREATE INDEX IF NOT EXISTS oneroof_b ON oneroof_a (x);\n"
    )
    (own_migrations / "0001_first.sql").write_text(
        "CREATE TABLE IF NOT EXISTS oneroof_a (x text);\n"
    )
    (own_migrations / "README").write_text("no SQL")
    await use(path)

    assert read_names(path, "oneroof%") == {
        "oneroof_a",
        "oneroof_b",
        "oneroof_migration",
    }

    with open_file(path) as connection:
        connection.execute("INSERT INTO oneroof_a VALUES ('kept')")
        connection.execute("UPDATE oneroof_migration SET applied_at = 7")

    (own_migrations / "0003_third.sql").write_text(
        "CREATE TABLE IF NOT EXISTS oneroof_c (x text);\n"
    )
    migrating.load_migrations.cache_clear()
    await use(path)
    with open_file(path) as connection:
        times = dict(
            connection.execute("SELECT name, applied_at FROM oneroof_migration")
        )
        kept = connection.execute("SELECT x FROM oneroof_a").fetchall()

    assert kept == [("kept",)]
    assert times.pop("0003_third") > 7
    assert times == {"0001_first": 7, "0002_second": 7}


async def test_a_migration_that_fails_is_taken_back_whole(
    path: Path, own_migrations: Path
):
    """With those that ran before it; the file is as it was."""
    make_homarr_file(path, 41)
    before = dump(path)
    (own_migrations / "0001_first.sql").write_text(
        "CREATE TABLE IF NOT EXISTS oneroof_a (x text);\nCREATE INDEX nonsense;\n"
    )
    with pytest.raises(DatabaseOpenError, match="incomplete input"):
        await use(path)

    assert dump(path) == before
    assert read_names(path, "oneroof%") == set()


def test_our_migrations_may_all_run_again():
    """And none makes a trigger or a view, which would break rebuilds of Homarr's."""
    statements = [
        statement
        for migration in migrating.load_migrations()
        for statement in migration.statements
    ]
    again = re.compile(
        r'CREATE (TABLE|INDEX|UNIQUE INDEX) IF NOT EXISTS "?oneroof_\w+"?\s'
    )

    assert len(statements) > 20
    assert [one for one in statements if not again.match(one)] == []


async def test_a_file_that_a_later_version_of_ours_has_used_opens(path: Path):
    """What is added only adds: going back one version is no trap."""
    await use(path)
    with open_file(path) as connection:
        connection.execute("INSERT INTO oneroof_migration VALUES ('9999_later', 1)")
        connection.execute("CREATE TABLE oneroof_later (x)")

    await use(path)

    assert "oneroof_later" in read_names(path, "oneroof%")


async def test_homarr_s_own_record_is_left_alone(path: Path):
    """We never apply, undo or mark a migration of Homarr's."""
    make_homarr_file(path, 35)
    await use(path)
    with open_file(path) as connection:
        (newest, count) = connection.execute(
            "SELECT max(created_at), count(*) FROM __drizzle_migrations"
        ).fetchone()

    assert (newest, count) == (when(35), 36)
