"""What the state of the file is called by every process that has it open.

Told by `os.stat` alone: opening the file a second time would drop SQLite's locks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from dashboard.database.drivers import Server

#: A file that has changed more lately may change again and still look the same: file
#: systems round the time of a change, by two seconds at most (FAT).
MARGIN = 2.0


class Fingerprints:
    """Reads the fingerprint of one file; of a database on a server there is none.

    Whoever has one from a moment in which nobody was writing knows that the data is
    the same for as long as the fingerprint is.
    """

    def __init__(
        self, path: Path | Server, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = None if isinstance(path, Server) else os.path.realpath(path)
        self.clock = clock
        self.margin = MARGIN
        self._opened: tuple[int, int] | None = None

    def note_opened(self) -> None:
        """Remember which file it is that has just been opened."""
        found = self._stat("")
        self._opened = found and (found.st_dev, found.st_ino)

    def read(self) -> str | None:
        """The fingerprint; None where the state cannot be told from the next one."""
        main, log, index = self._stat(""), self._stat("-wal"), self._stat("-shm")
        if main is None or (main.st_dev, main.st_ino) != self._opened:
            return None  # not open yet, or replaced: what we read is of another file

        if self._stat("-journal") is not None:
            return None  # somebody is writing, or has crashed over it

        latest = (self.clock() - self.margin) * 1e9
        if any(found and found.st_mtime_ns >= latest for found in (main, log)):
            return None

        # Beside when it was written: when anything of it was changed, which nobody can
        # set back. Not of the log, whose owner SQLite sets anew at each opening.
        words = [main.st_dev, *_describe(main), main.st_ctime_ns, *_describe(log)]
        if index is not None:
            # Made anew by whoever opens the file first, who finds in the log what a
            # program that crashed did not live to tell the others.
            words += [index.st_ino, index.st_mtime_ns]

        return "-".join(f"{word:x}" for word in words)

    def _stat(self, suffix: str) -> os.stat_result | None:
        if self._path is None:
            return None

        try:
            return os.stat(self._path + suffix)  # noqa: PTH116 - four at a time
        except OSError:
            return None


def _describe(found: os.stat_result | None) -> list[int]:
    if found is None:
        return []

    return [found.st_ino, found.st_size, found.st_mtime_ns]
