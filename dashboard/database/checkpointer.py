"""The one place that moves the write-ahead log into the file: the writer.

Two connections that do so at one time are what SQLite's WAL-reset bug needs
(https://sqlite.org/wal.html#walresetbug), so readers never do.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import anyio

from dashboard.database.drivers import Connection, Server

#: Pages after which a commit moves the log, as far as readers let it.
AUTOMATIC_PAGES = 1000
#: The log's file is cut to this when it starts over.
KEPT_BYTES = 4 * 1024 * 1024
#: A log above this is waited for: overlapping readers never let it start over.
BOUND_BYTES = 16 * 1024 * 1024
#: How long a write is held back for readers that keep the log from starting over.
PATIENCE = 0.25


class Checkpointer:
    """Keeps the log small, with the writer's connection, between its transactions.

    An `idle` one leaves that to another process, whatever the length of the log.
    """

    def __init__(self, path: Path | Server, *, idle: bool = False) -> None:
        self._log = f"{path}-wal"
        self._bound = BOUND_BYTES
        self._idle = idle

    async def set_up(self, writer: Connection) -> None:
        """Let this connection move the log by itself at every so many pages."""
        pages = 0 if self._idle else AUTOMATIC_PAGES
        await writer.fetch(f"PRAGMA wal_autocheckpoint = {pages}")
        await writer.fetch(f"PRAGMA journal_size_limit = {KEPT_BYTES}")

    async def bound_log(self, writer: Connection) -> None:
        """Before a write: have a log that grew too long start over.

        While nobody writes, each reader that begins needs the log no more; so this
        takes as long as the reads that are under way, and PATIENCE at most. After that
        the log may grow to twice its size before it is tried again.
        """
        if self._idle or self._size() <= self._bound:
            return

        deadline = time.monotonic() + PATIENCE
        while not await self.empty(writer):
            if time.monotonic() >= deadline:
                self._bound = 2 * self._size()
                return

            await anyio.sleep(0.005)

        self._bound = BOUND_BYTES

    async def empty(self, writer: Connection) -> bool:
        """Move all of the log into the file; False where a reader still needs it."""
        rows = await writer.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
        return not rows or rows[0][0] == 0

    def _size(self) -> int:
        try:
            # Its file grows only; it is cut when the log starts over.
            return os.stat(self._log).st_size  # noqa: PTH116 - at every write
        except OSError:
            return 0
