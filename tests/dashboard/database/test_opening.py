from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from dashboard.database import Database, DatabaseOpenError


async def make(path: Path, journal_mode: str | None = None) -> None:
    database = Database(path, journal_mode=journal_mode)
    await database.open()
    await database.close()


def read_mode(path: Path) -> str:
    connection = sqlite3.connect(path)
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    return str(mode)


def run_sql(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()


async def fail_to_open(path: Path, driver: str) -> DatabaseOpenError:
    database = Database(path, driver=driver)
    with pytest.raises(DatabaseOpenError) as caught:
        await database.open()

    await database.close()

    assert caught.value.path == str(path)
    assert str(caught.value).startswith(f"cannot open the database {str(path)!r}: ")
    return caught.value


async def test_a_new_file_is_made_with_its_folders(path: Path, driver: str):
    """Parents too; and a file of no bytes counts as new."""
    path.parent.mkdir()
    empty = path.with_name("empty.sqlite")
    empty.touch()
    for place in (path.parent / "a" / "b" / "db.sqlite", empty):
        database = Database(place, driver=driver)
        await database.open()
        rows = await database.all("PRAGMA integrity_check")
        await database.close()

        assert [tuple(row) for row in rows] == [("ok",)]


async def test_an_existing_file_is_opened_as_it_is(path: Path, driver: str):
    """Its rows are there, and it is not seeded again."""
    await make(path)
    run_sql(
        path, "DELETE FROM onboarding; INSERT INTO onboarding VALUES ('x','y',NULL)"
    )
    database = Database(path, driver=driver)
    rows = await database.all("SELECT id, step FROM onboarding")
    await database.close()

    assert [tuple(row) for row in rows] == [("x", "y")]


async def test_both_drivers_open_each_others_files(path: Path):
    """In turns."""
    for driver in ("aiosqlite", "sqlite3", "aiosqlite"):
        database = Database(path, driver=driver)
        async with database.write() as tx:
            await tx.execute("UPDATE onboarding SET step = ?", (driver,))

        row = await database.one("SELECT step FROM onboarding")
        await database.close()

        assert row is not None
        assert row["step"] == driver


async def test_several_that_open_a_new_file_at_once_make_it_once(path: Path):
    """Three processes start at one time; none fails."""
    databases = [Database(path) for _ in range(5)]
    async with anyio.create_task_group() as tasks:
        for database in databases:
            tasks.start_soon(database.open)

    rows = await databases[0].all("SELECT id FROM onboarding")
    for database in databases:
        await database.close()

    assert len(rows) == 1


def not_a_database(path: Path) -> None:
    path.write_bytes(b"a diary of some kind\n" * 100)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\x5a" * (4096 * 9)
    path.write_bytes(content)


def header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def of_another_program(path: Path) -> None:
    path.unlink()
    run_sql(path, "CREATE TABLE diary (day)")


def newer(path: Path) -> None:
    run_sql(path, "INSERT INTO __drizzle_migrations VALUES (NULL, 'h', 1883786658943)")


def older(path: Path) -> None:
    run_sql(path, "DELETE FROM __drizzle_migrations WHERE created_at > 1750014001941")


def between(path: Path) -> None:
    run_sql(
        path,
        "DELETE FROM __drizzle_migrations WHERE created_at > 1760968503571;"
        "INSERT INTO __drizzle_migrations VALUES (NULL, 'h', 1760968503572)",
    )


def of_no_time(path: Path) -> None:
    run_sql(path, "INSERT INTO __drizzle_migrations VALUES (NULL, 'h', 'soon')")


def without_a_column(path: Path) -> None:
    run_sql(path, "ALTER TABLE item_layout DROP COLUMN height")


def unmigrated(path: Path) -> None:
    run_sql(path, "DELETE FROM __drizzle_migrations")


def without_a_table(path: Path) -> None:
    run_sql(path, "DROP TABLE item_layout")


@pytest.mark.parametrize(
    ("harm", "cause"),
    [
        (not_a_database, "it is not an SQLite database"),
        (truncated, "it is damaged"),
        (scribbled, "it is damaged"),
        (header_only, "it is "),
        (of_another_program, "it is a database of another program"),
        (newer, "its schema is newer (1883786658943) than the one that this version"),
        (older, "its schema is at migration 0033_add_cron_job_configuration"),
        (between, "its schema is at migration unknown (1760968503572)"),
        (of_no_time, "its schema has no version ('soon')"),
        (without_a_column, "the column 'height' of its table 'item_layout' is missing"),
        (unmigrated, "its schema is at migration none"),
        (without_a_table, "its table 'item_layout' is missing"),
    ],
)
async def test_what_cannot_be_used_is_left_untouched(
    path: Path, driver: str, harm: Callable[[Path], None], cause: str
):
    """The error says which file and why; not a byte of it has changed."""
    await make(path)
    harm(path)
    before = path.read_bytes()
    for _ in range(2):
        error = await fail_to_open(path, driver)

        assert error.cause.startswith(cause)
        assert path.read_bytes() == before


async def test_an_older_file_is_told_what_it_needs(path: Path, driver: str):
    """Where it is, where it has to be, and what brings it there."""
    await make(path)
    older(path)
    error = await fail_to_open(path, driver)

    assert error.cause == (
        "its schema is at migration 0033_add_cron_job_configuration (1750014001941) and"
        " has to be at one from 0034_add_app_reference_to_integration to"
        " 0041_add_right_click_preference; let Homarr 1.43 to 1.74 migrate it first"
    )


async def test_a_folder_is_no_database(tmp_path: Path, driver: str):
    """DB_URL has to name a file."""
    error = await fail_to_open(tmp_path, driver)

    assert "not a file" in error.cause


async def test_a_parent_that_is_a_file_is_an_error(tmp_path: Path, driver: str):
    """The folders cannot be made."""
    (tmp_path / "file").touch()
    error = await fail_to_open(tmp_path / "file" / "db.sqlite", driver)

    assert "file" in error.cause


@pytest.mark.usefixtures("ordinary_user")
async def test_a_folder_without_access_is_an_error(tmp_path: Path, driver: str):
    """Neither the folders nor the file can be made."""
    error = await fail_to_open(tmp_path / "new" / "db.sqlite", driver)

    assert "denied" in error.cause

    error = await fail_to_open(tmp_path / "db.sqlite", driver)

    assert "no access" in error.cause


async def test_a_read_only_file_is_an_error(
    path: Path, driver: str, request: pytest.FixtureRequest
):
    """It is found out at the start, and not by the first user who writes."""
    await make(path)
    path.chmod(0o444)
    path.parent.chmod(0o777)
    before = path.read_bytes()
    request.getfixturevalue("ordinary_user")
    error = await fail_to_open(path, driver)

    assert "read-only" in error.cause
    assert path.read_bytes() == before


async def test_a_read_only_file_is_not_backed_up_first(
    path: Path, driver: str, request: pytest.FixtureRequest
):
    """One of Homarr's that lacks what is ours: it is told what is wrong, not more."""
    await make(path)
    run_sql(path, "DROP TABLE oneroof_migration")
    path.chmod(0o444)
    path.parent.chmod(0o777)
    request.getfixturevalue("ordinary_user")
    error = await fail_to_open(path, driver)

    assert error.cause == (
        "it is read-only; let this user write the file, those beside it (-wal, -shm)"
        " and their folder"
    )
    assert [one for one in path.parent.iterdir() if "before" in one.name] == []


async def test_what_is_made_is_for_its_owner_alone(path: Path, driver: str):
    """Session tokens are in it; the files beside it and the folders as well."""
    place = path.parent / "a" / "db.sqlite"
    database = Database(place, driver=driver)
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'x'")

    made = {one.name: one.stat().st_mode & 0o777 for one in place.parent.iterdir()}
    await database.close()

    assert made == dict.fromkeys(made, 0o600)
    assert {"db.sqlite", "db.sqlite-wal"} <= set(made)
    for folder in (place.parent, path.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o660])
async def test_what_is_there_keeps_its_permissions(path: Path, driver: str, mode: int):
    """Whoever gave them may have meant them; also to a file of no bytes."""
    path.parent.mkdir(mode=0o755)
    path.touch()
    path.chmod(mode)
    for _ in range(2):
        database = Database(path, driver=driver)
        await database.check()
        await database.close()

        assert path.stat().st_mode & 0o777 == mode
        assert path.parent.stat().st_mode & 0o777 == 0o755


async def test_a_file_that_must_be_there_is_not_made(path: Path, driver: str):
    """Neither it nor its folders, and an empty one stays empty."""
    for cause in ("it is not there; set DB_URL", "it is empty; set DB_URL"):
        database = Database(path, driver=driver, must_exist=True)
        with pytest.raises(DatabaseOpenError, match=cause):
            await database.open()

        await database.close()

        assert path.exists() is cause.startswith("it is empty")
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert path.read_bytes() == b""
    assert [one.name for one in path.parent.iterdir()] == [path.name]

    await make(path)
    database = Database(path, driver=driver, must_exist=True)
    row = await database.one("SELECT step FROM onboarding")
    await database.close()

    assert row is not None


async def test_a_file_that_a_crash_left_in_the_middle_is_recovered(path: Path):
    """Homarr's rollback journal: the unfinished transaction is taken back."""
    await make(path)
    run_sql(path, "PRAGMA journal_mode = DELETE")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_spill = ON")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE onboarding SET step = 'lost'")
    connection.executemany(
        "INSERT INTO media (id, name, content, content_type, size)"
        " VALUES (?, '', zeroblob(9000), '', 0)",
        [(str(number),) for number in range(50)],
    )
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    journal = path.with_name("db.sqlite-journal")
    copy.with_name("copy.sqlite-journal").write_bytes(journal.read_bytes())
    connection.close()

    assert copy.with_name("copy.sqlite-journal").stat().st_size > 0

    database = Database(copy)
    row = await database.one("SELECT step FROM onboarding")
    media = await database.all("SELECT id FROM media")
    await database.close()

    assert row is not None
    assert (row["step"], len(media)) == ("start", 0)


async def test_a_path_with_every_odd_character_works(tmp_path: Path, driver: str):
    """It becomes a URI on the way: nothing in it may be taken for one."""
    path = tmp_path / "a b%20?mode=memory#é;" / "db?x=1.sqlite"
    await make(path)
    database = Database(path, driver=driver)
    await database.check()
    await database.close()

    assert path.is_file()


@pytest.mark.parametrize(
    ("asked", "new", "wal", "delete"),
    [
        (None, "wal", "wal", "delete"),
        ("wal", "wal", "wal", "wal"),
        ("delete", "delete", "delete", "delete"),
    ],
)
async def test_the_journal_mode_is_the_one_that_was_asked_for(
    path: Path, driver: str, asked: str | None, new: str, wal: str, delete: str
):
    """For a new file and for one in either mode; nothing asked leaves it as it is."""
    found = []
    for there in (None, "wal", "delete"):
        place = path.with_name(f"{there}.sqlite")
        if there:
            await make(place, there)

        database = Database(place, driver=driver, journal_mode=asked)
        async with database.write() as tx:
            await tx.execute("UPDATE onboarding SET step = 'x'")

        await database.close()
        found.append(read_mode(place))

    assert found == [new, wal, delete]


async def test_a_file_that_others_have_open_in_wal_mode_stays_in_it(
    path: Path, driver: str, caplog: pytest.LogCaptureFixture
):
    """It is safe, and a line says what to do; the last one to open it changes it."""
    await make(path, "wal")
    other = sqlite3.connect(path)
    other.execute("SELECT * FROM app").fetchall()
    database = Database(path, driver=driver, journal_mode="delete", busy_timeout=0.1)
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'x'")

    await database.close()
    other.close()

    assert read_mode(path) == "wal"
    assert "DB_JOURNAL_MODE=delete" in caplog.text
    assert "stays in WAL mode" in caplog.text

    await make(path, "delete")

    assert read_mode(path) == "delete"


async def test_a_file_without_wal_never_gets_files_beside_it(path: Path, driver: str):
    """None that somebody who copies the one file could miss."""
    database = Database(path, driver=driver, journal_mode="delete")
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'x'")

    await database.check()
    names = [one.name for one in path.parent.iterdir()]
    await database.close()

    assert names == [path.name]
