"""Copies of the database: made while it is in use, and put back in its place."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dashboard.database.copying import (
    LOGS,
    check_names,
    copy_database,
    copy_pages,
    finish_copy,
    give_name,
    make_folders,
    new_file,
    put_in_place,
    telling_of,
)
from dashboard.database.database import Database
from dashboard.database.drivers import connect
from dashboard.database.failures import explain, is_code
from dashboard.database.processes import find_users, name_process
from dashboard.database.schema import SchemaError, State, read_state
from dashboard.errors import BackupError

GIVE = "give a backup of the database"


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
    check_names(backup_file, place, replace=True)
    await _check_backup(backup_file)
    return _replace(backup_file, place)


async def _check_backup(path: Path) -> None:
    try:
        connection = await connect(path, driver="sqlite3", mode="ro", busy_timeout=0)
        try:
            if await read_state(connection, thorough=False) is State.EMPTY:
                raise BackupError(str(path), f"it is empty; {GIVE}")

            rows = await connection.fetch("PRAGMA integrity_check(1)")
        finally:
            await connection.close()

    except (sqlite3.Error, SchemaError) as error:
        cause, _, advice = explain(error).partition("; ")
        # Those are for the file that the server is to open.
        if not advice or advice.startswith(("set DB_URL", "restore a backup")):
            advice = GIVE

        raise BackupError(str(path), f"{cause}; {advice}") from error

    if rows[0][0] != "ok":
        raise BackupError(str(path), f"it is damaged ({rows[0][0]}); {GIVE}")


def _replace(source: Path, target: Path) -> Path | None:
    """Copy the source to the target's place, with nobody else at the target."""
    with telling_of(target):
        make_folders(target.parent)
        like = target if target.exists() else source
        with new_file(target, like=like) as new:
            copy_pages(source, new)
            finish_copy(new, like)
            if not target.exists():
                _remove_logs(target)
                put_in_place(new, target, replace=False)
                return None

            kept = None
            try:
                with _alone_with(target):
                    kept = _keep(target)
                    # Before the new file has the name: SQLite would take the old log
                    # for the new file's. All of it is in what is kept.
                    _remove_logs(target)
                    put_in_place(new, target, replace=True)
            except BaseException:
                # Not before SQLite has closed the file, and thrown the log away.
                if kept is not None:
                    _bring_back(kept, target)

                raise

    return kept


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Hold the file against everybody; raises BackupError where somebody has it open.

    A process that has a file in rollback mode open and does nothing holds no lock, so
    the system is asked as well; what it cannot see is another container's.
    """
    user = next(find_users(path), None)
    if user is not None:
        name = name_process(user)
        raise BackupError(str(path), f"{name} has it open; stop that first")

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


def _keep(path: Path) -> Path:
    """Give the file and its logs second names; returns the file's.

    Where the file system has no links, these are their only names from then on.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number = 1
    while True:
        ending = f"-{number}" if number > 1 else ""
        kept = path.with_name(f"{path.name}.replaced-{stamp}{ending}")
        try:
            give_name(path, kept, keep=True)
        except FileExistsError:
            number += 1
            continue

        for suffix in LOGS:
            if os.path.exists(f"{path}{suffix}"):  # noqa: PTH110
                log = Path(f"{path}{suffix}")
                give_name(log, Path(f"{kept}{suffix}"), keep=True)

        return kept


def _bring_back(kept: Path, path: Path) -> None:
    """Undo `_keep`, whatever has become of the old names."""
    for suffix in (*LOGS, ""):
        second, first = Path(f"{kept}{suffix}"), Path(f"{path}{suffix}")
        if second.exists():
            # Two names of one file: renaming leaves both.
            second.replace(first)
            second.unlink(missing_ok=True)


def _remove_logs(path: Path) -> None:
    for suffix in (*LOGS, "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _locate(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()
