"""The database of a command: the one of the settings, which has to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.cli.answers import CommandError, show
from dashboard.database import Database
from dashboard.database.drivers.location import Server, locate
from dashboard.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of the settings, and close it after the body.

    The journal mode of a file stays as it is, and so does its log beside a server:
    both are the server's part. An absent or empty file is refused.
    """
    location = _locate(settings)
    if isinstance(location, Path):
        _check_there(location)

    database = Database(
        location,
        driver=settings.db_driver,
        must_exist=True,
        checkpoint_at_end=False,
    )
    try:
        await database.open()
        yield database
    finally:
        await database.close()


def find_file(settings: Settings) -> Path:
    """The file of the database; raises CommandError where there is none."""
    path = name_file(settings)
    _check_there(path)
    return path


def name_file(settings: Settings) -> Path:
    """The file of the database, whether or not it is there.

    Raises CommandError where the database is on a server.
    """
    location = _locate(settings)
    if isinstance(location, Server):
        raise CommandError(
            f"error: the database is on the server {show(str(location))}; "
            "this command is for files, so use that server's own tools"
        )

    return location


def make_path(text: str) -> Path:
    """An absolute path; raises CommandError for the home of nobody."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise _refuse_home(text) from None


def _locate(settings: Settings) -> Path | Server:
    try:
        return locate(settings.db_url, auth_token=settings.db_auth_token)
    except RuntimeError:
        raise _refuse_home(settings.db_url) from None


def _refuse_home(text: str) -> CommandError:
    return CommandError(f"error: {show(text)}: there is no such home folder")


def _check_there(path: Path) -> None:
    # A command makes no database: DB_URL is mistyped more often than meant so.
    if not path.exists():
        raise CommandError(
            f"error: there is no database at {str(path)!r}; "
            "set DB_URL, or start the server once to make it"
        )
