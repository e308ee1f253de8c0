from __future__ import annotations

import pytest

from dashboard.boards import Board, find_home_board
from dashboard.database import Database
from dashboard.identity import Session


@pytest.fixture(name="board")
async def _board(database: Database, session: Session) -> Board:
    """The home board, as the administrator sees it."""
    board = await find_home_board(database, session)
    assert board is not None
    return board
