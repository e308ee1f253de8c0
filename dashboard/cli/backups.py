"""`backup` and `restore`."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

from dashboard.cli.answers import Answer, CommandError, show, show_bytes
from dashboard.cli.opened import find_file, make_path, name_file
from dashboard.database import backup as copies
from dashboard.errors import BackupError
from dashboard.settings import Settings


async def backup(arguments: Namespace, settings: Settings) -> Answer:
    """Copy the database, also while the server runs."""
    source = find_file(settings)
    target = (
        _name_backup(source) if arguments.file is None else make_path(arguments.file)
    )
    try:
        size = await copies.backup(source, target, driver=settings.db_driver)
    except BackupError as error:
        if not isinstance(error.__cause__, OSError):
            raise

        # It names the unfinished copy, which is nobody's but ours.
        raise CommandError(
            f"error: cannot write the backup {str(target)!r}: "
            f"{error.__cause__.strerror}; give a path where files can be made"
        ) from None

    return Answer(lines=[f"Backup written to {show(str(target))} ({show_bytes(size)})"])


async def restore(arguments: Namespace, settings: Settings) -> Answer:
    """Put a backup in the database's place, while nothing uses it."""
    source = make_path(arguments.file)
    target = name_file(settings)
    kept = await copies.restore(source, target)
    lines = [f"Database {show(str(target))} restored from {show(str(source))}"]
    if kept is not None:
        lines.append(f"What it replaced is kept as {show(str(kept))}")

    return Answer(lines=lines)


def _name_backup(source: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return source.with_name(f"{source.name}.backup-{stamp}.sqlite")
