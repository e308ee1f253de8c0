"""A process of several on one database and one Redis, as far as boards go."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dashboard.boards import Board, BoardCache, SharedBoards, load_board
from dashboard.boards.assemble import PARTS
from dashboard.bus import open_bus
from dashboard.database import Database
from dashboard.identity import Session

#: Seconds that the clock of a peer is ahead: for it, no change is a recent one.
AHEAD = 10.0


class Counted(Database):
    """Counts the boards that are read from the file."""

    whole = 0

    async def _versioned_read(self, *queries: Any) -> Any:
        self.whole += any(sql == PARTS[0] for sql, _ in queries)
        return await super()._versioned_read(*queries)


class Peer:
    """A database object and what it remembers, nothing of it shared."""

    def __init__(self, database: Counted, shared: SharedBoards) -> None:
        self.database = database
        self.shared = shared
        self.cache = BoardCache(shared=shared)
        database.fingerprints.clock = lambda: time.time() + AHEAD

    async def load(self, board_id: str, session: Session | None) -> Board | None:
        """The board, from wherever it is."""
        return await load_board(self.database, board_id, session, cache=self.cache)

    async def see(self, board_id: str, session: Session) -> tuple[set[str], int]:
        """The ids of its items, and how often it was read from the file for that."""
        before = self.database.whole
        board = await self.load(board_id, session)
        assert board is not None
        return {item.id for item in board.items}, self.database.whole - before


@asynccontextmanager
async def open_peer(path: Path, url: str, **options: Any) -> AsyncIterator[Peer]:
    """A process on this file and this Redis, until the end of the block."""
    database, bus = Counted(path, **options), await open_bus(url)
    try:
        await database.open()
        assert bus.remote is not None
        yield Peer(database, SharedBoards(bus.remote))
    finally:
        await database.close()
        await bus.close()
