from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from dashboard.database import Database, copying
from dashboard.database.backup import GIVE, backup, restore
from dashboard.errors import BackupError

from .homarr_file import dump, make_homarr_file, open_file

INSERT = "INSERT INTO app (id, name, icon_url) VALUES (?, '', '')"


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


@pytest.fixture(name="target")
def _target(tmp_path: Path) -> Path:
    return tmp_path / "copy.sqlite"


async def fill(path: Path, *names: str, **options: Any) -> None:
    database = Database(path, **options)
    async with database.write() as tx:
        await tx.insert_many(
            "app", [{"id": name, "name": "", "icon_url": ""} for name in names]
        )

    await database.close()


def read_apps(path: Path) -> list[str]:
    with open_file(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [row[0] for row in connection.execute("SELECT id FROM app ORDER BY id")]


def list_names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
async def test_a_backup_is_one_state_of_a_database_in_use(
    path: Path, target: Path, driver: str, journal_mode: str
):
    """Whole transactions, what is in the log included, in one file."""
    database = Database(path, driver=driver, journal_mode=journal_mode)
    begun, done = anyio.Event(), anyio.Event()

    async def keep_writing() -> None:
        number = 0
        while not done.is_set():
            async with database.write() as tx:
                await tx.execute(INSERT, (f"{number}a",))
                await tx.execute(INSERT, (f"{number}b",))

            number += 1
            begun.set()
            await checkpoint()

    async with anyio.create_task_group() as tasks:
        await database.open()
        tasks.start_soon(keep_writing)
        await begun.wait()
        size = await backup(database, target)
        done.set()

    await database.close()
    apps = read_apps(target)

    assert size == target.stat().st_size
    assert apps
    assert len(apps) == 2 * len({name[:-1] for name in apps})
    assert set(apps) <= set(read_apps(path))
    assert list_names(target.parent) == ["copy.sqlite", "data"]
    with open_file(target) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_a_backup_opens_as_the_database_did(
    path: Path, target: Path, driver: str
):
    """With all of Homarr's in it, the unknown things too, and its permissions."""
    make_homarr_file(path, 36)
    path.chmod(0o640)
    before = dump(path)
    await backup(path, target, driver=driver)
    after = dump(target)
    database = Database(target, driver=driver)
    await database.check()
    await database.close()

    assert before == after
    assert target.stat().st_mode & 0o777 == 0o640


async def test_a_backup_never_takes_the_place_of_anything(
    path: Path, target: Path, driver: str
):
    """Unless it is told to; and never that of the database itself."""
    await fill(path, "a", driver=driver)
    target.write_text("something else")
    with pytest.raises(BackupError, match="it exists; give the path of a new file"):
        await backup(path, target, driver=driver)

    assert target.read_text() == "something else"

    await backup(path, target, driver=driver, replace=True)
    link = target.with_name("link.sqlite")
    link.symlink_to(path)
    for itself in (path, link):
        with pytest.raises(BackupError, match="it is the database itself"):
            await backup(path, itself, driver=driver, replace=True)

    assert read_apps(target) == read_apps(path) == ["a"]


async def test_a_backup_that_fails_leaves_nothing(
    path: Path, target: Path, driver: str, monkeypatch: pytest.MonkeyPatch
):
    """No half of a file under the name, and none under another."""
    await fill(path, "a", driver=driver)

    def fail(new: Path, _: Path) -> int:
        raise OSError(28, "No space left on device", str(new))

    monkeypatch.setattr(copying, "finish_copy", fail)
    with pytest.raises(BackupError, match="No space left on device"):
        await backup(path, target, driver=driver)

    assert list_names(target.parent) == ["data"]

    missing = target.parent / "absent" / "copy.sqlite"
    with pytest.raises(BackupError, match="there is no such folder; make it first"):
        await backup(path, missing, driver=driver)

    with pytest.raises(BackupError, match="there is no such file"):
        await backup(missing, target, driver=driver)


async def test_what_is_restored_is_the_backup_and_the_old_file_is_kept(
    path: Path, target: Path
):
    """One in the place of the other, with the database's permissions."""
    await fill(path, "old")
    await backup(path, target)
    await fill(path, "newer")
    path.chmod(0o640)
    kept = await restore(target, path)

    assert kept is not None
    assert kept.name.startswith("db.sqlite.replaced-")
    assert (read_apps(path), read_apps(kept)) == (["old"], ["newer", "old"])
    assert path.stat().st_mode & 0o777 == 0o640
    assert list_names(path.parent) == sorted([path.name, kept.name])

    again = await restore(target, path)

    assert again is not None
    assert again != kept
    assert len(list_names(path.parent)) == 3


async def test_a_backup_is_restored_where_there_was_nothing(path: Path, target: Path):
    """In a new folder; what a lost file has left beside its name does no harm."""
    await fill(target, "a")
    path.parent.mkdir()
    path.with_name("db.sqlite-wal").write_bytes(os.urandom(5000))

    assert await restore(target, path) is None
    assert read_apps(path) == ["a"]
    assert list_names(path.parent) == [path.name]


async def test_a_log_that_a_crash_left_goes_with_the_file_that_it_belongs_to(
    path: Path, target: Path
):
    """What was in it is in what is kept, and not in what is restored."""
    await fill(target, "backup")
    script = (
        "import asyncio, os, sys\n"
        "from dashboard.database import Database\n"
        "async def main():\n"
        "    database = Database(sys.argv[1], driver='sqlite3')\n"
        "    async with database.write() as tx:\n"
        f"        await tx.execute({INSERT!r}, ('crashed',))\n"
        "    os._exit(3)\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)

    assert path.with_name("db.sqlite-wal").stat().st_size > 0

    kept = await restore(target, path)

    assert kept is not None
    assert (read_apps(path), read_apps(kept)) == (["backup"], ["crashed"])


async def test_a_damaged_database_is_replaced_and_kept_with_its_logs(
    path: Path, target: Path
):
    """That is what a backup is for."""
    await fill(target, "backup")
    path.parent.mkdir()
    path.write_bytes(b"scribble" * 1000)
    path.with_name("db.sqlite-wal").write_bytes(b"log")
    kept = await restore(target, path)

    assert kept is not None
    assert kept.read_bytes() == b"scribble" * 1000
    assert Path(f"{kept}-wal").read_bytes() == b"log"
    assert read_apps(path) == ["backup"]


async def test_the_log_of_a_damaged_database_is_not_taken_for_the_backup_s(
    path: Path, target: Path
):
    """It is a lawful log: SQLite would write what is in it over the new file."""
    await fill(target, "backup")
    await fill(path, "old")
    with open_file(path) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(INSERT, ("logged",))
        log = path.with_name("db.sqlite-wal").read_bytes()

    path.write_bytes(b"scribble" * 1000)
    path.with_name("db.sqlite-wal").write_bytes(log)
    kept = await restore(target, path)

    assert read_apps(path) == ["backup"]
    assert Path(f"{kept}-wal").read_bytes() == log


def test_a_file_that_comes_meanwhile_is_not_replaced(target: Path):
    """Between the look at the name and the end of the copy is time for another."""
    new = target.with_name("new")
    new.write_text("new")
    target.write_text("came meanwhile")
    with pytest.raises(FileExistsError):
        copying.put_in_place(new, target, replace=False)

    assert target.read_text() == "came meanwhile"
    copying.put_in_place(new, target, replace=True)

    assert target.read_text() == "new"
    assert not new.exists()


@pytest.fixture(name="linkless", params=[errno.EPERM, errno.EOPNOTSUPP])
def _linkless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without links, owners, modes, or folders that can be synced."""
    sync = os.fsync

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(request.param, os.strerror(request.param))

    def forbid(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def sync_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")

        sync(descriptor)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "chown", forbid)
    monkeypatch.setattr(os, "chmod", forbid)
    monkeypatch.setattr(os, "fsync", sync_files)


@pytest.mark.usefixtures("linkless")
async def test_a_disk_without_links_takes_backups(path: Path, target: Path):
    """FAT on a stick, or a share of a network; and nothing is replaced there either."""
    await fill(path, "a")
    await backup(path, target)
    with pytest.raises(BackupError, match="it exists"):
        await backup(path, target)

    with pytest.raises(FileExistsError):
        copying.give_name(path, target)

    assert read_apps(target) == read_apps(path) == ["a"]
    assert list_names(target.parent) == ["copy.sqlite", "data"]


@pytest.mark.usefixtures("linkless")
async def test_a_disk_without_links_takes_a_restored_backup(path: Path, target: Path):
    """What was there is kept, and comes back if the change of the two fails."""
    await fill(path, "old")
    await backup(path, target)
    await fill(path, "newer")
    kept = await restore(target, path)

    assert kept is not None
    assert (read_apps(path), read_apps(kept)) == (["old"], ["newer", "old"])
    assert list_names(path.parent) == sorted([path.name, kept.name])


@pytest.mark.parametrize("links", [True, False])
async def test_a_change_that_fails_leaves_the_database(
    path: Path,
    target: Path,
    links: bool,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
):
    """In its place and under its name alone, its log too."""
    await fill(target, "backup")
    path.parent.mkdir()
    path.write_bytes(b"scribble" * 1000)
    path.with_name("db.sqlite-wal").write_bytes(b"log")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("dashboard.database.backup.put_in_place", fail)
    if not links:
        monkeypatch.setattr(os, "link", refuse)

    with pytest.raises(BackupError, match="Input/output error"):
        await restore(target, path)

    assert path.read_bytes() == b"scribble" * 1000
    assert path.with_name("db.sqlite-wal").read_bytes() == b"log"
    assert list_names(path.parent) == ["db.sqlite", "db.sqlite-wal"]


async def test_an_ordinary_user_copies_what_is_write_protected(
    path: Path, target: Path, driver: str, request: pytest.FixtureRequest
):
    """A backup of a file that is, and the other way round; the copy is not then."""
    await fill(path, "a", driver=driver, journal_mode="delete")
    # Once before, since an ordinary user may not see what is to be imported.
    await backup(path, target, driver=driver)
    await restore(target, path)
    path.chmod(0o444)
    path.parent.chmod(0o777)
    request.getfixturevalue("ordinary_user")
    copy, restored = path.with_name("copy.sqlite"), path.with_name("restored.sqlite")
    await backup(path, copy, driver=driver)
    copy.chmod(0o444)
    await restore(copy, restored)

    assert read_apps(copy) == read_apps(restored) == ["a"]
    modes = [one.stat().st_mode & 0o777 for one in (path, copy, restored)]
    assert modes == [0o444, 0o444, 0o644]


async def test_a_copy_is_its_owner_s_alone_until_it_is_whole(
    path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whatever the database's permissions are, which it gets in the end."""
    await fill(path, "a")
    path.chmod(0o444)
    finish, seen = copying.finish_copy, []

    def look(new: Path, like: Path) -> int:
        seen.append(new.stat().st_mode & 0o777)
        return finish(new, like)

    monkeypatch.setattr(copying, "finish_copy", look)
    await backup(path, target)

    assert seen == [0o600]
    assert target.stat().st_mode & 0o777 == 0o644


async def test_a_folder_that_a_restore_makes_is_its_owner_s_alone(
    path: Path, target: Path
):
    """As are those that the server makes."""
    await fill(target, "a")
    await restore(target, path)

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("SELECT * FROM app").fetchall()
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("journal_mode", "seen"),
    # Who does nothing with a file in rollback mode holds no lock.
    [("wal", True), ("wal", False), ("delete", True)],
)
async def test_nothing_is_restored_while_somebody_has_the_database_open(
    path: Path,
    target: Path,
    journal_mode: str,
    seen: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    """Whether the system can tell who it is, or the file's locks alone."""
    await fill(target, "backup")
    await fill(path, "old", journal_mode=journal_mode)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    who = f"process {other.pid} "
    if not seen:
        monkeypatch.setattr("dashboard.database.backup.find_users", lambda _: iter(()))
        who = "another program has it open"

    with pytest.raises(BackupError, match=who):
        await restore(target, path)

    other.communicate("\n")

    assert read_apps(path) == ["old"]
    assert [one for one in list_names(path.parent) if "replaced" in one] == []

    await restore(target, path)

    assert read_apps(path) == ["backup"]


async def test_not_even_this_process_may_have_it_open(path: Path, target: Path):
    """Its connections would go on with the file that was replaced."""
    await fill(target, "backup")
    database = Database(path)
    await database.open()
    with pytest.raises(BackupError, match=f"process {os.getpid()} "):
        await restore(target, path)

    await database.close()
    await restore(target, path)

    assert read_apps(path) == ["backup"]


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\x5a" * (4096 * 9)
    path.write_bytes(content)


def of_another_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE diary (day)")
    connection.close()


def not_a_database(path: Path) -> None:
    path.write_text("Dear diary,\n" * 500)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "cause"),
    [
        (damaged, f"(?s)it is damaged.*; {GIVE}$"),
        (of_another_program, f"it is a database of another program; {GIVE}$"),
        (not_a_database, f"it is not an SQLite database; {GIVE}$"),
        (empty, f"it is empty; {GIVE}$"),
        (Path.unlink, "there is no such file"),
    ],
)
async def test_what_is_no_backup_is_not_restored(
    path: Path, target: Path, harm: Any, cause: str
):
    """The database stays, byte for byte."""
    await fill(path, "old")
    await fill(target, "backup")
    harm(target)
    before = path.read_bytes()
    with pytest.raises(BackupError, match=cause):
        await restore(target, path)

    assert path.read_bytes() == before
    assert list_names(path.parent) == [path.name]

    with pytest.raises(BackupError, match="it is the database itself"):
        await restore(path, path)
