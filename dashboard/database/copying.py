"""Copying a database that is in use into a file of its own, whole or not at all.

Everything goes through SQLite, never through the file's bytes: closing the file once
takes away the locks that another connection of this process has on it.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from anyio import to_thread

from dashboard.database.drivers import connect
from dashboard.database.failures import explain
from dashboard.errors import BackupError

#: How long a copy waits for somebody who keeps the whole file locked.
LOCK_TIMEOUT = 30.0
#: The drivers on the standard library's SQLite: two libraries must not meet on a file.
STANDARD_DRIVERS = ("aiosqlite", "sqlite3")
#: What SQLite may keep beside a database, besides the shared memory that is rebuilt.
LOGS = ("-wal", "-journal")
#: How file systems without hard links say so: FAT, exFAT and many of a network.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP}
EXISTS = "it exists; give the path of a new file"


async def copy_database(
    source: Path, target: Path, *, driver: str, replace: bool = False
) -> int:
    """Copy a database beside its readers and writers; returns the copy's bytes.

    The copy is one state of the source, in rollback-journal mode. It appears under its
    name when it is checked and on the disk, with the source's owner and permissions.
    Raises BackupError.
    """
    check_names(source, target, replace=replace)
    if not target.parent.is_dir():
        raise BackupError(str(target), "there is no such folder; make it first")

    with telling_of(target), new_file(target, like=source) as new:
        if driver in STANDARD_DRIVERS:
            await to_thread.run_sync(copy_pages, source, new)
        else:
            await _copy_rows(source, new, driver=driver)

        size = await to_thread.run_sync(finish_copy, new, source)
        put_in_place(new, target, replace=replace)

    return size


@contextmanager
def telling_of(path: Path) -> Iterator[None]:
    """Raise what goes wrong as BackupError about this file."""
    try:
        yield
    except FileExistsError:
        raise BackupError(str(path), EXISTS) from None
    except (OSError, sqlite3.Error) as error:
        raise BackupError(str(path), explain(error)) from error


@contextmanager
def new_file(target: Path, *, like: Path) -> Iterator[Path]:
    """An empty file beside the target, which is gone at the end unless it was moved.

    For its owner alone, who is that of `like` where root asks; see `finish_copy`.
    """
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.close(descriptor)
        if os.geteuid() == 0:
            # A command of root's must not leave a file that the server cannot open.
            found = like.stat()
            with _tolerating(errno.EPERM):
                os.chown(new, found.st_uid, found.st_gid)

        yield new
    finally:
        for suffix in ("", "-shm", *LOGS):
            Path(f"{new}{suffix}").unlink(missing_ok=True)


def copy_pages(source: Path, new: Path) -> None:
    """Copy with the standard library's SQLite, page by page."""
    deadline = time.monotonic() + LOCK_TIMEOUT

    def check_time(status: int, _remaining: int, _total: int) -> None:
        # The library would go on for ever.
        if status == sqlite3.SQLITE_BUSY and time.monotonic() > deadline:
            raise BackupError(
                str(source), f"somebody kept it locked for {LOCK_TIMEOUT:g} s"
            )

    uri = f"{source.as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as reading,
        closing(sqlite3.connect(new)) as writing,
    ):
        # In one step: with several, each write of another process starts it over.
        reading.backup(writing, pages=-1, progress=check_time, sleep=0.02)


def finish_copy(new: Path, like: Path) -> int:
    """Check a copy, make it one file, bring it to the disk; returns its bytes.

    It gets the permissions of `like` only now: SQLite could not write to a copy of a
    write-protected file. Its owner may write to it in any case.
    """
    with closing(sqlite3.connect(new)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the database is damaged: {found}")

    with _tolerating(errno.EPERM):
        new.chmod(stat.S_IMODE(like.stat().st_mode) & 0o666 | 0o200)

    _sync(new)
    return new.stat().st_size


def put_in_place(new: Path, target: Path, *, replace: bool) -> None:
    """Give a finished file its name at one stroke, and keep that through a power cut.

    Raises FileExistsError where there is a file and it is not to be replaced.
    """
    if replace:
        new.replace(target)
    else:
        give_name(new, target)

    # Some file systems of networks and containers cannot.
    with _tolerating(errno.EINVAL):
        _sync(target.parent)


def give_name(file: Path, name: Path, *, keep: bool = False) -> None:
    """Rename a file without ever taking another's place; `keep` its old name as well.

    Where the file system has no links, the old name goes all the same. Raises
    FileExistsError.
    """
    try:
        # Unlike a rename, a link never takes the place of anything.
        name.hardlink_to(file)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    else:
        if not keep:
            file.unlink()

        return

    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        file.replace(name)
    except BaseException:
        name.unlink()
        raise


def make_folders(path: Path) -> None:
    """Make a folder and those above it that are missing, for their owner alone."""
    # Path.mkdir gives a mode to the last of them only.
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)

    path.mkdir(exist_ok=True)


async def _copy_rows(source: Path, new: Path, *, driver: str) -> None:
    reading = await connect(source, driver=driver, mode="ro", busy_timeout=LOCK_TIMEOUT)
    try:
        await reading.execute("VACUUM INTO ?", (str(new),))
    finally:
        await reading.close()


def check_names(source: Path, target: Path, *, replace: bool) -> None:
    """Raise BackupError where one cannot be copied to the other, by their names."""
    if not source.is_file():
        raise BackupError(str(source), "there is no such file")

    if target.exists() and target.samefile(source):
        raise BackupError(str(target), "it is the database itself; give another path")

    if target.exists() and not replace:
        raise BackupError(str(target), EXISTS)

    if target.exists() and not target.is_file():
        raise BackupError(str(target), "it is no file; give the path of one")


@contextmanager
def _tolerating(number: int) -> Iterator[None]:
    """Go on where the file system knows no owners, modes or folders on a disk."""
    try:
        yield
    except OSError as error:
        if error.errno != number:
            raise


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
