"""Boards kept in memory for as long as nobody has written to the database.

Every commit by anybody, another program included, gives the file another version, and
what was read at one is never shown at the next. Who may see a board is not kept here.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from dashboard.boards.models import Board

MAX_BYTES = 2 * 1024 * 1024


class BoardCache:
    """The boards of one database, the least used of them dropped first."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        #: About how much memory the boards take.
        self.size = 0
        self._version: Hashable = None
        self._boards: OrderedDict[str, tuple[Board, int]] = OrderedDict()
        self._loading: dict[str, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._boards)

    def __contains__(self, board_id: str) -> bool:
        """Whether the board is here, at whatever version."""
        return board_id in self._boards

    def find(self, board_id: str, version: Hashable) -> Board | None:
        """The board as it is at this version of the file, if it is here."""
        if version is None or version != self._version:
            return None

        found = self._boards.get(board_id)
        if found is None:
            return None

        self._boards.move_to_end(board_id)
        return found[0]

    def keep(self, board: Board, version: Hashable, *, size: int) -> None:
        """Remember a board of `size` bytes; a version of None is never remembered.

        With the first board of another version all older ones go.
        """
        if version is None:
            return

        if version != self._version:
            self._boards.clear()
            self.size = 0
            self._version = version

        _, before = self._boards.pop(board.id, (None, 0))
        self.size -= before
        if size > self.max_bytes:
            return

        self._boards[board.id] = (board, size)
        self.size += size
        while self.size > self.max_bytes:
            _, (_, dropped) = self._boards.popitem(last=False)
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
