"""Opening the file: look at it without touching it, then make it ours or refuse."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboard.database.checkpointer import Checkpointer
from dashboard.database.copying import copy_database, make_folders
from dashboard.database.drivers import Connection, Server, check_installed, connect
from dashboard.database.failures import explain, is_code, retry_busy
from dashboard.database.migrating import Migration, apply_migrations, plan_migrations
from dashboard.database.schema import SchemaError, State, create_schema, read_state
from dashboard.errors import BackupError, DatabaseBusyError, DatabaseOpenError

#: Kept small: the operating system caches the file as well.
WRITER_CACHE_KIB = 2000
READER_CACHE_KIB = 1000
#: What SQLite itself waits for a lock; the event loop waits for the rest.
LIBRARY_TIMEOUT = 0.005
START = "set DB_URL, or start the server once to make it"

logger = logging.getLogger(__name__)


async def open_writer(
    path: Path | Server,
    *,
    driver: str,
    busy_timeout: float,
    journal_mode: str | None,
    checkpointer: Checkpointer,
    must_exist: bool = False,
) -> Connection:
    """Open the file for writing, and make it with its folders if it is absent.

    Raises DatabaseOpenError when it cannot be used, and has not changed it then; also
    for one that is absent or empty and `must_exist`.
    """

    async def attempt() -> Connection:
        # Before anything is made for it.
        check_installed(driver, path)
        if isinstance(path, Path) and _prepare_path(path, must_exist=must_exist):
            await _inspect(path, driver=driver)

        connection = await connect(
            path,
            driver=driver,
            mode="rw" if must_exist else "rwc",
            busy_timeout=LIBRARY_TIMEOUT,
        )
        try:
            await _set_up_writer(connection, checkpointer)
            new = await _bring_up_to_date(
                connection,
                path,
                driver=driver,
                busy_timeout=busy_timeout,
                must_exist=must_exist,
            )
            if isinstance(path, Path) and (journal_mode or new):
                await _set_journal_mode(connection, path, journal_mode or "wal")

        except BaseException:
            await connection.close()
            raise

        return connection

    with _refusing(path):
        # Processes that start together make the file together. SQLite answers some
        # of what happens then with "locked" at once, whatever its busy timeout is.
        return await retry_busy(attempt, busy_timeout=busy_timeout)


async def open_reader(path: Path | Server, *, driver: str) -> Connection:
    """Open a connection of a pool that only reads."""
    connection = await connect(
        path, driver=driver, mode="rw", busy_timeout=LIBRARY_TIMEOUT
    )
    try:
        await connection.fetch_each(
            ("PRAGMA foreign_keys = ON", ()),
            (f"PRAGMA cache_size = -{READER_CACHE_KIB}", ()),
            ("PRAGMA wal_autocheckpoint = 0", ()),
            ("PRAGMA query_only = ON", ()),
        )
    except BaseException:
        await connection.close()
        raise

    return connection


@contextmanager
def _refusing(path: Path | Server) -> Iterator[None]:
    """Raise as DatabaseOpenError whatever makes the file of no use."""
    try:
        yield
    except BackupError as error:
        cause = f"no backup of it can be made ({error}), and none of it was changed"
        raise DatabaseOpenError(str(path), cause) from error
    except (sqlite3.Error, SchemaError, OSError, DatabaseBusyError) as error:
        raise DatabaseOpenError(str(path), explain(error)) from error


def _prepare_path(path: Path, *, must_exist: bool) -> bool:
    """Make the file and its folders, empty; tells whether there is one to look at.

    They are for their owner alone: session tokens will be in it, and SQLite gives the
    files beside it the same permissions.
    """
    if not path.exists():
        if must_exist:
            raise SchemaError(f"it is not there; {START}")

        make_folders(path.parent)
        # Another process may be as far.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

        return False

    if not path.is_file():
        raise OSError("it is not a file; give the path of one in DB_URL")

    return path.stat().st_size > 0


async def _inspect(path: Path, *, driver: str) -> None:
    """Refuse what we cannot use, through a connection that cannot write."""
    try:
        await _inspect_as(path, "ro", driver=driver)
    except sqlite3.OperationalError as error:
        # The last program crashed: its journal has to be rolled back before anybody
        # can read, which SQLite does by itself where it may write.
        if not is_code(error, sqlite3.SQLITE_READONLY):
            raise

        await _inspect_as(path, "rw", driver=driver)


async def _inspect_as(path: Path, mode: str, *, driver: str) -> None:
    connection = await connect(path, driver=driver, mode=mode, busy_timeout=0)
    try:
        await connection.fetch("BEGIN")
        await read_state(connection)
    finally:
        await connection.close()


async def _set_up_writer(connection: Connection, checkpointer: Checkpointer) -> None:
    await connection.fetch("PRAGMA foreign_keys = ON")
    await connection.fetch(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    # Kept through a power cut as well: a revoked session must not come back.
    await connection.fetch("PRAGMA synchronous = FULL")
    await checkpointer.set_up(connection)


async def _bring_up_to_date(
    connection: Connection,
    path: Path | Server,
    *,
    driver: str,
    busy_timeout: float,
    must_exist: bool,
) -> bool:
    """Make what is missing of our own; tells whether the file was made just now."""
    await connection.fetch("BEGIN IMMEDIATE")
    try:
        # Its pages were looked at a moment ago.
        state = await read_state(connection, thorough=False)
        new = state is State.EMPTY
        if new and must_exist:
            raise SchemaError(f"it is empty; {START}")

        if new:
            await create_schema(connection)
        else:
            # BEGIN IMMEDIATE alone succeeds on a read-only file; and one that cannot be
            # changed needs no backup.
            await connection.fetch("UPDATE onboarding SET step = step WHERE FALSE")

        plan = await plan_migrations(connection)
        if plan.missing:
            if plan.first and not new and isinstance(path, Path):
                await _keep_as_it_was(path, plan.missing[0], driver=driver)

            await apply_migrations(connection, plan.missing)
            # Not all over again, with another backup, for one that reads just now.
            await retry_busy(
                lambda: connection.fetch("COMMIT"), busy_timeout=busy_timeout
            )

    finally:
        if connection.in_transaction:
            await connection.fetch("ROLLBACK")

    return new


async def _keep_as_it_was(path: Path, migration: Migration, *, driver: str) -> None:
    """Copy the file before the first change of ours, while we have the write lock."""
    number = 1
    ending = "sqlite"
    while True:
        name = f"{path.name}.before-oneroof-{migration.name}.{ending}"
        try:
            await copy_database(path, path.with_name(name), driver=driver)
        except BackupError:
            if not path.with_name(name).exists():
                raise

            # Of another file that had this name: never replaced.
            number += 1
            ending = f"{number}.sqlite"
        else:
            logger.info("the database as it was is kept as %r", name)
            return


async def _set_journal_mode(connection: Connection, path: Path, mode: str) -> None:
    """Bring the file to a journal mode: "wal", or "delete" for a rollback journal.

    Leaving WAL takes that nobody else has the file open: it stays in it otherwise,
    which is safe for all, and the log says so.
    """
    try:
        rows = await connection.fetch(f"PRAGMA journal_mode = {mode}")
    except sqlite3.OperationalError as error:
        if mode == "wal" or not is_code(error, sqlite3.SQLITE_BUSY):
            raise

        logger.warning(
            "DB_JOURNAL_MODE=delete: %r stays in WAL mode, since another program has"
            " it open; stop that and start again",
            str(path),
        )
    else:
        if rows[0][0] != mode:
            raise SchemaError(
                "its file system has no shared memory; use a local disk, or set"
                " DB_JOURNAL_MODE=delete"
            )
