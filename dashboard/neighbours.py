"""Who else runs services on the same database, and whether each hears the others.

A lock beside the file tells, in other containers too: processes without Redis hold it
alone, those with Redis share it. Command lines do not take it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboard.errors import UnheardNeighbourError

logger = logging.getLogger(__name__)

SUFFIX = "-runner"


@contextmanager
def keep_company(database: object, *, hears_others: bool) -> Iterator[None]:
    """Hold the lock as long as services run.

    Raises UnheardNeighbourError where another process runs services on this database
    and one of the two would not hear what the other publishes. Where locks cannot be
    had, nobody is refused; a database on a server has no place for one, and the log
    warns of it.
    """
    if not isinstance(database, Path):
        if not hears_others:
            logger.warning(
                "whether other processes use the database server cannot be seen from "
                "here: set REDIS_URL, the same in all, if there is more than this one"
            )

        yield
        return

    path = Path(f"{os.path.realpath(database)}{SUFFIX}")
    try:
        descriptor = _take(path, shared=hears_others)
    except BlockingIOError:
        raise UnheardNeighbourError(str(database), _read_number(path)) from None
    except (OSError, ImportError) as error:
        logger.info("cannot tell who else uses the database: %s", error)
        yield
        return

    try:
        yield
    finally:
        _let_go(path, descriptor)


def _take(path: Path, *, shared: bool) -> int:
    import fcntl

    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            # Its last holder may have removed it between the two lines above.
            if os.fstat(descriptor).st_nlink:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, b"%d\n" % os.getpid())
                return descriptor

        except BaseException:
            os.close(descriptor)
            raise

        os.close(descriptor)


def _let_go(path: Path, descriptor: int) -> None:
    import fcntl

    try:
        # Whoever is alone with it removes it; a file that is left says nothing.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(descriptor)


def _read_number(path: Path) -> int | None:
    """The process that took the lock last; in another container it counts anew."""
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
