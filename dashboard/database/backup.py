"""Copies of the database: made while it is in use, and put back in its place."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from dashboard.database.copying import (
    LOGS,
    copy_database,
    copy_pages,
    finish_copy,
    new_file,
    put_in_place,
    telling_of,
)
from dashboard.database.database import Database
from dashboard.database.drivers import connect
from dashboard.database.failures import explain, is_code
from dashboard.database.schema import SchemaError, State, read_state
from dashboard.errors import BackupError


async def backup(
    source: Database | str | Path,
    target: str | Path,
    *,
    driver: str = "aiosqlite",
    replace: bool = False,
) -> int:
    """Copy the database as it is now into a file of its own; returns its bytes.

    Runs beside readers and writers, also of other processes. `source` is a Database
    (whose driver is used), or a path with `driver`. The copy appears under its name
    when it is whole and on the disk, checked, and in rollback-journal mode: one file.
    Raises BackupError, with the path and the cause; an existing target is refused
    unless `replace`, and the database itself always is.
    """
    if isinstance(source, Database):
        driver, path = source.driver, source.path
    else:
        path = _locate(source)

    if not isinstance(path, Path):
        raise BackupError(str(path), "a server's database is backed up on the server")

    return await copy_database(path, _locate(target), driver=driver, replace=replace)


async def restore(source: str | Path, target: str | Path) -> Path | None:
    """Put a backup in the place of the database; returns where the old file is kept.

    None where there was no old file. To be called when nothing else uses the target:
    raises BackupError, with the path and the cause, while any process has it open, and
    where the source is damaged or no database of ours; nothing has changed then. The
    old file stays beside the new one (`<name>.replaced-<time>`), and the change of the
    two is atomic.
    """
    backup_file, place = _locate(source), _locate(target)
    _check_names(backup_file, place)
    await _check_backup(backup_file)
    return _replace(backup_file, place)


def _check_names(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupError(str(source), "there is no such file")

    if target.exists() and target.samefile(source):
        raise BackupError(str(target), "it is the database itself; give a backup of it")

    if target.exists() and not target.is_file():
        raise BackupError(str(target), "it is no file; give the database's path")


async def _check_backup(path: Path) -> None:
    try:
        connection = await connect(path, driver="sqlite3", mode="ro", busy_timeout=0)
        try:
            if await read_state(connection, thorough=False) is State.EMPTY:
                raise BackupError(str(path), "it is empty")

            rows = await connection.fetch("PRAGMA integrity_check(1)")
        finally:
            await connection.close()

    except (sqlite3.Error, SchemaError) as error:
        raise BackupError(str(path), explain(error)) from error

    if rows[0][0] != "ok":
        raise BackupError(str(path), f"it is damaged ({rows[0][0]})")


def _replace(source: Path, target: Path) -> Path | None:
    """Copy the source to the target's place, with nobody else at the target."""
    with telling_of(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        like = target if target.exists() else source
        with new_file(target, like=like) as new:
            copy_pages(source, new)
            finish_copy(new)
            if not target.exists():
                _remove_logs(target)
                put_in_place(new, target, replace=False)
                return None

            with _alone_with(target):
                kept = _keep(target)
                # Before the new file has the name: SQLite would take the old log for
                # the new file's. All of it is in what is kept.
                _remove_logs(target)
                put_in_place(new, target, replace=True)

    return kept


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Hold the file against everybody; raises BackupError where somebody has it open.

    A process that has a file in rollback mode open and does nothing holds no lock, so
    the system is asked as well; what it cannot see is another container's.
    """
    user = next(_find_users(path), None)
    if user is not None:
        raise BackupError(str(path), f"{user} has it open; stop that first")

    uri = f"{path.as_uri()}?mode=rw"
    with closing(
        sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
    ) as connection:
        try:
            # Of a file in WAL mode only its last user can change the mode; that also
            # moves the log into it, so that what is kept is one file.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if is_code(error, sqlite3.SQLITE_BUSY):
                raise BackupError(
                    str(path), "another program has it open; stop that first"
                ) from error

            damaged = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
            if not any(is_code(error, code) for code in damaged):
                raise

        yield


def _find_users(path: Path) -> Iterator[str]:
    """The processes that have a file open, as far as this one may know."""
    for process in Path("/proc").glob("[0-9]*"):
        # Those of other users cannot be looked at, and some end meanwhile.
        with suppress(OSError):
            if any(_is_same(one, path) for one in (process / "fd").iterdir()):
                name = (process / "comm").read_text("utf-8", "replace").strip()
                yield f"process {process.name} ({name})"


def _is_same(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.samefile(path)
    except OSError:
        # Closed meanwhile.
        return False


def _keep(path: Path) -> Path:
    """Give the file and its logs second names; returns the file's."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number = 1
    while True:
        ending = f"-{number}" if number > 1 else ""
        kept = path.with_name(f"{path.name}.replaced-{stamp}{ending}")
        try:
            kept.hardlink_to(path)
        except FileExistsError:
            number += 1
            continue

        for suffix in LOGS:
            if os.path.exists(f"{path}{suffix}"):  # noqa: PTH110
                Path(f"{kept}{suffix}").hardlink_to(f"{path}{suffix}")

        return kept


def _remove_logs(path: Path) -> None:
    for suffix in (*LOGS, "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _locate(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()
