"""Boards kept in memory for as long as nobody has written to the database.

Every commit by anybody, another program included, gives the file another version, and
what was read at one is never shown at the next. Who may see a board is not kept here.
Behind the memory there may be Redis, for what another process has read already.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from math import inf

from dashboard.boards.models import Board
from dashboard.boards.shared import SharedBoards

MAX_BYTES = 2 * 1024 * 1024


class BoardCache:
    """The boards of one database, the least used of them dropped first."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        shared: SharedBoards | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_bytes = max_bytes
        #: What is asked for a board that is not here; None without Redis.
        self.shared = shared
        #: About how much memory the boards take.
        self.size = 0
        self._version: Hashable = None
        self._commit: Hashable = None
        self._boards: OrderedDict[str, tuple[Board, int, float]] = OrderedDict()
        self._clock = clock
        self._loading: dict[str, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._boards)

    def __contains__(self, board_id: str) -> bool:
        """Whether the board is here, at whatever version."""
        return board_id in self._boards

    def may_find(self, board_id: str, commit: Hashable) -> bool:
        """Whether the board is here, and no commit since is known of.

        `commit` is what the database has to say of the last one now; None tells
        nothing. Otherwise there is no need to look before it is read.
        """
        known = commit is None or commit == self._commit
        return known and board_id in self._boards

    def find(self, board_id: str, version: Hashable) -> Board | None:
        """The board as it is at this version of the file, if it is here."""
        if version is None or version != self._version:
            return None

        found = self._boards.get(board_id)
        if found is None or found[2] < self._clock():
            return None

        self._boards.move_to_end(board_id)
        return found[0]

    def keep(
        self,
        board: Board,
        version: Hashable,
        *,
        size: int,
        ttl: float = inf,
        commit: Hashable = None,
    ) -> None:
        """Remember a board of `size` bytes; a version of None is never remembered.

        With the first board of another version all older ones go. One of somebody
        else's reading is not believed for longer than `ttl` seconds. `commit` is what
        the database said of the last one before the board was read.
        """
        if version is None:
            return

        if version != self._version:
            self._boards.clear()
            self.size = 0
            self._version = version

        self._commit = commit
        _, before, _ = self._boards.pop(board.id, (None, 0, 0.0))
        self.size -= before
        if size > self.max_bytes:
            return

        self._boards[board.id] = (board, size, self._clock() + ttl)
        self.size += size
        while self.size > self.max_bytes:
            _, (_, dropped, _) = self._boards.popitem(last=False)
            self.size -= dropped

    @asynccontextmanager
    async def loading(self, board_id: str) -> AsyncIterator[bool]:
        """Come in first (True), or wait until who did is out again (False).

        Who waited looks again: the first may have failed, or have been cancelled.
        """
        ahead = self._loading.get(board_id)
        if ahead is not None:
            await ahead.wait()
            yield False
            return

        done = self._loading[board_id] = asyncio.Event()
        try:
            yield True
        finally:
            del self._loading[board_id]
            done.set()
