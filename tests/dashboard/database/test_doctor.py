"""The examination of a database, whatever state it is in."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dashboard.database import Database
from dashboard.database.doctor import Finding, Verdict, examine_database
from dashboard.database.doctor.faults import judge_library
from dashboard.database.doctor.inside import judge_guard
from dashboard.database.doctor.surroundings import look_at_processes
from dashboard.database.guard import Claimed, GuardState

MIB = 1024 * 1024
OK, WARNING, PROBLEM = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM


@pytest.fixture(name="made")
async def _made(path: Path) -> Path:
    """A new database, closed."""
    database = Database(path)
    await database.open()
    await database.close()
    return path


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection, which cares about nothing that we care about."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def examine(path: Path, driver: str = "aiosqlite") -> dict[str, Finding]:
    """The findings by name, on a disk with plenty of room."""
    findings = await examine_database(
        path, driver=driver, measure_room=lambda _: 1000 * MIB
    )
    names = [one.name for one in findings]
    assert len(names) == len(set(names))

    return {one.name: one for one in findings}


async def test_a_new_database_is_in_order(made: Path, driver: str):
    """Nothing but the missing backup is remarked on."""
    found = await examine(made, driver)

    verdicts = {name: one.verdict for name, one in found.items()}
    assert verdicts.pop("backups") is WARNING
    assert set(verdicts.values()) == {OK}
    assert set(verdicts) == {
        "file",
        "permissions",
        "guard",
        "journal",
        "schema",
        "migrations",
        "integrity",
        "references",
        "log",
        "room",
        "processes",
        "library",
    }
    assert found["schema"].found == "Homarr's migration 0041"
    assert sqlite3.sqlite_version in found["library"].found


async def test_whatever_is_not_in_order_has_a_remedy(made: Path):
    """And what is in order has none."""
    for one in (await examine(made)).values():
        assert (one.advice is None) == (one.verdict is OK)


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("3.6.23", OK),
        ("3.52.0", WARNING),
        ("3.52.1", OK),
        ("3.53.0", OK),
    ],
)
def test_the_faults_of_each_version_are_known(version: str, verdict: Verdict):
    """The release that was withdrawn is the one that is warned of."""
    found = judge_library(version, wal=True)

    assert found.verdict is verdict
    assert f"SQLite {version}" in found.found
    assert "WAL-reset" not in found.found


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.44.5", True),
        ("3.44.6", False),
        ("3.45.1", True),
        ("3.50.6", True),
        ("3.50.7", False),
        ("3.51.2", True),
        ("3.51.3", False),
    ],
)
def test_the_wal_reset_bug_is_told_with_why_it_does_no_harm(version: str, has: bool):
    """It is in the SQLite of many a system; two backports mend it."""
    found = judge_library(version, wal=True)

    assert found.verdict is OK
    assert ("WAL-reset" in found.found) is has
    assert ("one connection alone moves the log" in found.found) is has
    assert len(found.found) < 100


def test_a_fault_of_the_log_does_not_matter_without_one():
    """In rollback mode nothing is moved from a log."""
    assert "WAL-reset" not in judge_library("3.40.1", wal=False).found
    assert judge_library("3.52.0", wal=False).verdict is WARNING


@pytest.mark.parametrize(
    ("hooked", "detects", "held", "doubled", "verdict"),
    [
        (True, True, True, False, OK),
        (True, True, True, True, PROBLEM),
        (True, False, True, False, WARNING),
        (False, True, True, False, WARNING),
        (True, True, False, False, WARNING),
    ],
    ids=["holds", "doubled", "blind", "no hook", "no claim"],
)
def test_a_guard_that_does_not_hold_the_file_is_remarked_on(
    hooked: bool, detects: bool, held: bool, doubled: bool, verdict: Verdict
):
    """A second library is a problem; what would let one in is a warning."""
    claim = Claimed(
        path="/srv/db.sqlite" if held else "/srv/other.sqlite",
        library="sqlite3",
        version="3.51.3",
        connections=1,
        doubled=doubled,
    )
    state = GuardState(hooked=hooked, detects=detects, claimed=(claim,))

    assert judge_guard(state, Path("/srv/db.sqlite")).verdict is verdict


async def test_an_absent_file_is_a_problem_and_stays_absent(path: Path):
    """Neither the file nor its folder is made."""
    found = await examine(path)

    assert list(found) == ["file"]
    assert found["file"].verdict is PROBLEM
    assert not path.parent.exists()


async def test_a_folder_is_a_problem(tmp_path: Path):
    """It is no file, and nothing else is asked of it."""
    found = await examine(tmp_path)

    assert [one.verdict for one in found.values()] == [PROBLEM]
    assert "not a file" in found["file"].found


async def test_a_file_that_cannot_be_written_is_a_warning(
    made: Path, monkeypatch: pytest.MonkeyPatch
):
    """The doctor need not; the server has to. Whatever can be read is looked at."""
    monkeypatch.setattr("os.access", lambda *_: False)

    found = await examine(made)

    assert found["file"].verdict is WARNING
    assert found["integrity"].verdict is OK


async def test_a_text_file_is_a_problem(path: Path):
    """That is said once, and nothing else is asked of somebody's list."""
    path.parent.mkdir()
    path.write_text("this is a shopping list\n" * 100)

    found = await examine(path)

    assert list(found) == ["file", "contents"]
    assert found["contents"].verdict is PROBLEM
    assert found["contents"].found == "it is no SQLite database"


async def test_another_program_s_database_is_a_problem(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It has not our tables; no advice would change or copy what is not ours."""
    path.parent.mkdir()
    with connected(path) as other:
        other.execute("CREATE TABLE song (title TEXT)")

    monkeypatch.setattr("os.access", lambda *_: False)
    found = await examine(path)

    assert list(found) == ["file", "schema"]
    assert found["file"].advice is None
    assert found["schema"].verdict is PROBLEM
    assert "another program" in found["schema"].found
    assert found["schema"].advice == "set DB_URL to another"


async def test_a_newer_schema_is_a_problem(made: Path):
    """A later Homarr has migrated the file."""
    with connected(made) as other:
        other.execute(
            "INSERT INTO \"__drizzle_migrations\" (hash, created_at) VALUES ('x', ?)",
            (9_999_999_999_999,),
        )

    found = await examine(made)

    assert found["schema"].verdict is PROBLEM
    assert "newer" in found["schema"].found
    assert "migrations" not in found
    assert found["integrity"].verdict is OK


async def test_an_empty_file_is_a_warning(path: Path):
    """The server makes the tables."""
    path.parent.mkdir()
    path.touch()

    found = await examine(path)

    assert found["schema"].verdict is WARNING
    assert path.stat().st_size == 0


async def test_a_damaged_page_is_a_problem(made: Path):
    """The check of every page finds what reading the schema does not."""
    with connected(made) as other:
        page = other.execute("PRAGMA page_size").fetchone()[0]
        root = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'serverSetting'"
        ).fetchone()[0]

    with made.open("r+b") as file:
        file.seek((root - 1) * page + 8)
        file.write(b"\xff" * (page // 2))

    found = await examine(made)

    assert found["integrity"].verdict is PROBLEM
    assert "restore" in str(found["integrity"].advice)
    assert found["backups"].advice == "look for copies kept elsewhere"


async def test_a_file_that_was_cut_short_is_a_problem(made: Path):
    """It was ours: its backups are looked for, and none is made of what is left."""
    with made.open("r+b") as file:
        file.truncate(5000)

    found = await examine(made)

    assert found["contents"].verdict is PROBLEM
    assert "restore" in str(found["contents"].advice)
    assert found["backups"].advice == "look for copies kept elsewhere"


async def test_a_row_without_its_parent_is_a_problem(made: Path):
    """Programs that leave foreign keys off leave such rows behind."""
    with connected(made) as other:
        other.execute(
            'INSERT INTO "session" (session_token, user_id, expires)'
            " VALUES ('t', 'nobody', 1), ('u', 'nobody', 1)"
        )

    found = await examine(made)

    assert found["references"].verdict is PROBLEM
    assert "2 in session" in found["references"].found


async def test_a_missing_index_of_ours_is_a_warning(made: Path):
    """Homarr drops the indexes of a table that it rebuilds."""
    with connected(made) as other:
        names = other.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index'"
            " AND name LIKE 'oneroof%' LIMIT 1"
        ).fetchall()
        assert names
        other.execute(f'DROP INDEX "{names[0][0]}"')

    found = await examine(made)

    assert found["migrations"].verdict is WARNING
    assert "0001_indexes" in found["migrations"].found


async def test_the_journal_mode_after_a_restore_is_no_warning(made: Path):
    """The next start makes it WAL; the doctor leaves it as it is."""
    with connected(made) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)

    found = await examine(made)

    assert found["journal"].verdict is OK
    assert "mode delete, until the server starts" in found["journal"].found
    with connected(made) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_a_log_that_the_settings_do_not_want_is_a_warning(made: Path):
    """Somebody else may have the file open, and then no start changes that."""
    findings = await examine_database(made, driver="sqlite3", journal_mode="delete")
    found = {one.name: one for one in findings}["journal"]

    assert found.verdict is WARNING
    assert "mode wal, where DB_JOURNAL_MODE is delete" in found.found


async def test_the_line_of_the_guard_speaks_of_this_program_only(made: Path):
    """The server is another one."""
    found = (await examine(made))["guard"]

    assert found.verdict is OK
    assert "this program" in found.found
    assert "processes" in found.found


@pytest.fixture(name="in_the_open")
async def _in_the_open() -> AsyncIterator[Path]:
    """A new database where every user may come to."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        database = Database(folder / "db.sqlite")
        await database.open()
        await database.close()
        yield folder / "db.sqlite"


@pytest.mark.parametrize(
    ("mode", "folder", "verdict"),
    [
        (0o600, 0o755, OK),
        (0o640, 0o755, OK),
        (0o644, 0o755, WARNING),
        (0o644, 0o700, OK),
    ],
)
async def test_a_file_that_others_may_read_is_a_warning(
    in_the_open: Path, mode: int, folder: int, verdict: Verdict
):
    """Session tokens are in it; the advice is the command that mends it."""
    in_the_open.chmod(mode)
    in_the_open.parent.chmod(folder)
    found = (await examine(in_the_open))["permissions"]

    assert found.verdict is verdict
    if verdict is WARNING:
        assert found.advice == f"chmod o= {in_the_open}*"
        subprocess.run(["sh", "-c", found.advice], check=True)

        assert (await examine(in_the_open))["permissions"].verdict is OK


async def test_a_log_that_cannot_be_written_is_a_warning(
    made: Path, monkeypatch: pytest.MonkeyPatch
):
    """A command of root's has left it, and the server fails on it."""
    Path(f"{made}-wal").touch()
    monkeypatch.setattr("os.access", lambda one, _: not str(one).endswith("-wal"))

    found = (await examine(made))["file"]

    assert found.verdict is WARNING
    assert "'db.sqlite-wal'" in found.found
    assert "'db.sqlite'" not in found.found


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_a_file_is_left_as_it_is(made: Path, driver: str, mode: str):
    """Not a byte of it changes, and nothing is left beside it that holds data."""
    with connected(made) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")

    before = made.read_bytes()

    await examine(made, driver)

    assert made.read_bytes() == before
    # In WAL mode whoever reads makes the log and its index, and both stay empty.
    assert {one.name for one in made.parent.iterdir() if one.stat().st_size} <= {
        made.name,
        f"{made.name}-shm",
    }


@pytest.mark.parametrize(
    ("free", "verdict"), [(1 * MIB, PROBLEM), (33 * MIB, OK), (1000 * MIB, OK)]
)
async def test_little_room_is_a_problem(made: Path, free: int, verdict: Verdict):
    """The next write needs some."""
    findings = await examine_database(
        made, driver="aiosqlite", measure_room=lambda _: free
    )

    assert {one.name: one.verdict for one in findings}["room"] is verdict


async def test_less_room_than_a_copy_is_a_warning(made: Path):
    """A backup would not fit."""
    with made.open("r+b") as file:
        # A hole: it takes no room, and the file is as long as if it did.
        file.truncate(100 * MIB)

    findings = await examine_database(
        made, driver="aiosqlite", measure_room=lambda _: 150 * MIB
    )

    assert {one.name: one.verdict for one in findings}["room"] is WARNING


async def test_a_log_that_nobody_moves_is_a_warning(made: Path):
    """It grows as long as somebody reads."""
    with connected(made) as reader, connected(made) as writer:
        reader.execute("BEGIN")
        reader.execute('SELECT * FROM "user"').fetchall()
        writer.execute('DELETE FROM "session"')
        log = Path(f"{made}-wal")
        assert (await examine(made))["log"].verdict is OK

        os.truncate(log, 65 * MIB)

        assert (await examine(made))["log"].verdict is WARNING


@pytest.mark.parametrize(
    ("name", "days", "verdict"),
    [
        ("db.sqlite.backup-20990101T000000Z.sqlite", 1, OK),
        ("db.sqlite.backup-20990101T000000Z.sqlite", 8, WARNING),
        ("backups/db.sqlite.daily-20990101T000000Z.sqlite", 1, OK),
        ("backups/other.sqlite.daily-20990101T000000Z.sqlite", 1, WARNING),
        ("db.sqlite.before-oneroof-0001_indexes.sqlite", 1, OK),
        ("db.sqlite.replaced-20990101", 1, WARNING),
        ("other.sqlite.backup-20990101T000000Z.sqlite", 1, WARNING),
    ],
)
async def test_an_old_backup_is_a_warning(
    made: Path, name: str, days: int, verdict: Verdict
):
    """Only backups of this database count."""
    copy = made.parent / name
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(made, copy)
    now = copy.stat().st_mtime + days * 86400.0

    findings = await examine_database(made, driver="aiosqlite", clock=lambda: now)

    assert {one.name: one.verdict for one in findings}["backups"] is verdict


async def test_processes_that_have_the_file_open_are_named(made: Path):
    """This one, while it has."""
    with connected(made) as other:
        other.execute('SELECT * FROM "user"').fetchall()
        found = look_at_processes(made)

    assert found.verdict is OK
    assert str(os.getpid()) in found.found
    assert "no process" in look_at_processes(made).found


async def test_two_libraries_in_one_process_are_a_problem(made: Path, tmp_path: Path):
    """Each maps the file's shared memory at the same place."""
    process = tmp_path / "proc" / "7"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to(made)
    line = f"7f00-7f01 rw-s 00000000 08:01 42   {made}-shm\n"
    (process / "maps").write_text(line + line.replace("00000000", "00008000"))

    assert look_at_processes(made, tmp_path / "proc").verdict is OK

    (process / "maps").write_text(line + line)
    found = look_at_processes(made, tmp_path / "proc")

    assert found.verdict is PROBLEM
    assert "process 7" in found.found


async def test_a_write_that_was_cut_off_is_a_warning(made: Path, tmp_path: Path):
    """Whoever opens the file to write takes it back; the doctor does not."""
    with connected(made) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE padding AS SELECT zeroblob(200000) AS bytes")
        # What a crash leaves behind: the file and its journal at this instant.
        copy = tmp_path / "crashed.sqlite"
        shutil.copyfile(made, copy)
        shutil.copyfile(f"{made}-journal", f"{copy}-journal")

    before = copy.read_bytes()
    found = await examine(copy)

    assert found["contents"].verdict is WARNING
    assert "middle of a write" in found["contents"].found
    assert copy.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_of_somebody_else_is_a_problem(made: Path):
    """It cannot be read, which is said once."""
    made.chmod(0)

    assert (await examine(made))["contents"].verdict is PROBLEM


async def test_a_locked_file_is_a_warning(made: Path):
    """Somebody writes in rollback mode; the doctor waits a little and says so."""
    with connected(made) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        found = await examine(made, "sqlite3")

    assert found["contents"].verdict is WARNING
    assert "locked" in found["contents"].found
