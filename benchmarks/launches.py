"""Launching the arrangements in turn, with somebody logged in."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpcore

from memory_report.arrangements import (
    SEPARATE,
    TOGETHER,
    Arrangement,
    RunningArrangement,
    open_arrangement,
)
from memory_report.player import Board, Player
from memory_report.processes import first_error
from memory_report.records import Story
from memory_report.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A launched arrangement with a furnished board and one person logged in."""

    running: RunningArrangement
    player: Player
    visitor: Visitor
    board: Board

    @property
    def board_url(self) -> str:
        """The full address of the board's page."""

        return f"{self.running.urls['web']}/boards/{self.board.id}"


def interleave(pairs: int) -> Iterator[Arrangement]:
    """Yield the arrangements in ABBA order, so that drift weighs on both alike."""

    for number in range(pairs):
        order = (SEPARATE, TOGETHER)
        yield from order if number % 2 == 0 else reversed(order)


@asynccontextmanager
async def open_scene(arrangement: Arrangement) -> AsyncIterator[Scene]:
    """Launch an arrangement for as long as the block runs."""

    story = Story(logins=1, board_reads=0, board_writes=0, sockets=10, triggers=0)
    with TemporaryDirectory(prefix="benchmarks-") as folder, first_error():
        async with (
            open_arrangement(arrangement, folder=Path(folder)) as running,
            httpcore.AsyncConnectionPool() as pool,
        ):
            player = Player(running, story, pool, Counter())
            (visitor,) = await player.settle_in()
            # Nothing listens there: a ping then fails at once, as a real one may.
            board = await player.furnish_board(visitor, ping_url="http://127.0.0.1:9/")
            yield Scene(running=running, player=player, visitor=visitor, board=board)
            await running.stop()
