"""The whole roof killed again and again while people write to it.

Eight writers add notes to a board while two readers load it; at a random moment the
process is killed. A note counts as acknowledged when its redirect has arrived. Then the
file is looked at with SQLite alone, and the next start has to serve it.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpcore
import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure, percentile
from memory_report.arrangements import TOGETHER, RunningArrangement, open_arrangement
from memory_report.errors import ServiceDiedError, StoryError
from memory_report.player import Board, Player
from memory_report.records import Story
from memory_report.visitor import Visitor

CYCLES, QUICK_CYCLES = 200, 10
WRITERS, READERS = 8, 2
#: Seconds of writing before the kill, at most.
LONGEST = 0.4
STORY = Story(logins=1, board_reads=0, board_writes=0, sockets=0, triggers=0)


@dataclass(slots=True)
class Tally:
    """What the cycles have seen."""

    acknowledged: int = 0
    lost: int = 0
    whole: int = 0
    starts: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Notes:
    """What was acknowledged in one cycle."""

    texts: set[str] = field(default_factory=set)
    begun: trio.Event = field(default_factory=trio.Event)


async def run(*, quick: bool) -> list[Figure]:
    """Kill and start again, and count what is missing."""

    cycles = QUICK_CYCLES if quick else CYCLES
    chance = random.Random(0)  # noqa: S311 - the same moments in each run
    tally = Tally()
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        scene = await _prepare(Path(folder))
        for number in range(cycles):
            notes = await _live_until_killed(
                Path(folder), scene, f"cycle {number}", chance.random() * LONGEST, tally
            )
            _look(Path(folder) / "db.sqlite", notes, tally)

    return _describe(tally, cycles)


async def _prepare(folder: Path) -> tuple[Board, dict[str, str]]:
    """Make the database and a board; return it and the cookies of its owner."""

    async with (
        open_arrangement(TOGETHER, folder=folder) as running,
        httpcore.AsyncConnectionPool() as pool,
    ):
        player = Player(running, STORY, pool, Counter())
        (visitor,) = await player.settle_in()
        board = await player.furnish_board(visitor, ping_url="http://127.0.0.1:9/")
        await running.stop()
        return board, visitor.cookies


async def _live_until_killed(
    folder: Path,
    scene: tuple[Board, dict[str, str]],
    name: str,
    seconds: float,
    tally: Tally,
) -> set[str]:
    """Start on the file that is there; return the notes that were acknowledged."""

    notes = _Notes()
    with suppress(ServiceDiedError):  # that is us
        async with (
            open_arrangement(TOGETHER, folder=folder) as running,
            httpcore.AsyncConnectionPool() as pool,
        ):
            tally.starts.append(running.ready_seconds)
            async with trio.open_nursery() as nursery:
                for number in range(WRITERS):
                    visitor = _make_visitor(running, pool, scene)
                    words = f"{name}, writer {number}"
                    nursery.start_soon(_write, visitor, scene[0], words, notes)

                for _ in range(READERS):
                    visitor = _make_visitor(running, pool, scene)
                    nursery.start_soon(_read, visitor, scene[0])

                await notes.begun.wait()
                await trio.sleep(seconds)
                os.kill(running.services[0].pid, signal.SIGKILL)
                await trio.sleep_forever()

    tally.acknowledged += len(notes.texts)
    return notes.texts


def _make_visitor(
    running: RunningArrangement,
    pool: httpcore.AsyncConnectionPool,
    scene: tuple[Board, dict[str, str]],
) -> Visitor:
    visitor = Visitor(pool, running.urls["web"], service="web", counts=Counter())
    visitor.cookies.update(scene[1])
    return visitor


async def _write(visitor: Visitor, board: Board, words: str, notes: _Notes) -> None:
    path = f"/boards/{board.id}"
    with suppress(StoryError):  # the kill
        token = (await visitor.get(f"{path}?edit=1")).form_token()
        number = 0
        while True:
            note = f"{words}, note {number}."
            form = {"csrf_token": token, "kind": "notebook", "content": note}
            await visitor.post_form(f"{path}/items", form)
            notes.texts.add(note)
            notes.begun.set()
            number += 1


async def _read(visitor: Visitor, board: Board) -> None:
    with suppress(StoryError):
        while True:
            await visitor.get(f"/boards/{board.id}")


def _look(path: Path, notes: set[str], tally: Tally) -> None:
    """Look for the notes, then take them away so that the board stays small."""

    connection = sqlite3.connect(path, isolation_level=None)
    try:
        whole = connection.execute("PRAGMA integrity_check").fetchall()
        tally.whole += whole == [("ok",)]
        rows = connection.execute("SELECT options FROM item WHERE kind = 'notebook'")
        stored = "\n".join(options for (options,) in rows)
        tally.lost += sum(note not in stored for note in notes)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM item WHERE options LIKE '%cycle %'")
    finally:
        connection.close()


def _describe(tally: Tally, cycles: int) -> list[Figure]:
    start = percentile(tally.starts, 0.99)
    return [
        Figure(
            what=f"acknowledged writes lost in {cycles} kills under load",
            before=f"{tally.acknowledged} acknowledged",
            after=f"{tally.lost} lost",
            value=tally.lost,
            form="{:.0f}",
            bar=0,
        ),
        Figure(
            what="files whole after a kill (PRAGMA integrity_check)",
            before=f"{cycles} kills",
            after=f"{tally.whole} ok",
            value=tally.whole,
            form="{:.0f}",
            bar=cycles,
            wanted="at least",
        ),
        Figure(
            what="start after a kill to whole-ready, p99",
            before=f"{median(tally.starts):.2f} s (p50)",
            after=f"{start:.2f} s",
            value=start,
            form="{:.2f} s",
        ),
    ]


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
