"""Copy the database every day, and keep the last few copies."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dashboard.resources import Resources

#: Of the copies that this job made; others' are left alone.
KEPT = 7

logger = logging.getLogger("services.tasks")


async def run(resources: Resources, *, clock: Callable[[], float] = time.time) -> None:
    """Make a copy, and then delete the oldest ones; raises BackupError.

    A server's database is backed up on the server: nothing is done then.
    """
    from dashboard.database.backup import backup
    from dashboard.database.copying import make_folders
    from dashboard.errors import BackupError

    source = resources.database.path
    if not isinstance(source, Path):
        logger.debug("no backup: the database is on a server")
        return

    folder = find_folder(source, resources.settings.backup_path)
    try:
        make_folders(folder)
    except OSError as error:
        cause = f"{error.strerror}; give a folder in BACKUP_PATH"
        raise BackupError(str(folder), cause) from error

    # To the millisecond: somebody may have the job run twice in one second.
    stamp = f"{datetime.fromtimestamp(clock(), UTC):%Y%m%dT%H%M%S.%f}"[:-3]
    target = folder / f"{source.name}.daily-{stamp}Z.sqlite"
    size = await backup(resources.database, target)
    logger.info("backup written to %s (%d bytes)", target, size)
    for old in find_copies(folder, source.name)[:-KEPT]:
        old.unlink(missing_ok=True)


def find_folder(source: Path, given: str) -> Path:
    """The folder of the copies: the given one, or one beside the database."""
    return Path(given).expanduser() if given else source.with_name("backups")


def find_copies(folder: Path, name: str) -> list[Path]:
    """The copies that this job made of a database of this name, oldest first.

    Those of earlier versions have whole seconds in their names.
    """
    made = re.compile(re.escape(name) + r"\.daily-\d{8}T\d{6}(\.\d{3})?Z\.sqlite")
    return sorted(path for path in folder.iterdir() if made.fullmatch(path.name))
