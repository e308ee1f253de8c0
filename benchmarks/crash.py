"""The whole roof killed again and again while people write to it.

Eight writers add notes to a board while two readers load it; at a random moment the
process is killed. A note counts as acknowledged when its redirect has arrived. Then the
file is looked at with SQLite alone, and the next start has to serve it.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpcore
import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from memory_report.arrangements import TOGETHER, open_arrangement
from memory_report.crashes import Furnished, furnish
from memory_report.errors import StoryError
from memory_report.player import Board
from memory_report.statistics import percentile
from memory_report.visitor import Visitor

CYCLES, QUICK_CYCLES = 200, 10
WRITERS, READERS = 8, 2
#: Seconds of writing before the kill, at most.
LONGEST = 0.4


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


async def _prepare(folder: Path) -> Furnished:
    """Make the database and a board in it."""

    async with open_arrangement(TOGETHER, folder=folder) as running:
        furnished = await furnish(running)
        await running.stop()
        return furnished


async def _live_until_killed(
    folder: Path,
    scene: Furnished,
    name: str,
    seconds: float,
    tally: Tally,
) -> set[str]:
    """Start on the file that is there; return the notes that were acknowledged."""

    notes = _Notes()
    async with (
        open_arrangement(TOGETHER, folder=folder) as running,
        httpcore.AsyncConnectionPool() as pool,
        trio.open_nursery() as nursery,
    ):
        tally.starts.append(running.ready_seconds)
        for number in range(WRITERS):
            visitor = scene.make_visitor(running, pool)
            words = f"{name}, writer {number}"
            nursery.start_soon(_write, visitor, scene.board, words, notes)

        for _ in range(READERS):
            visitor = scene.make_visitor(running, pool)
            nursery.start_soon(_read, visitor, scene.board)

        await notes.begun.wait()
        await trio.sleep(seconds)
        await running.services[0].kill()  # each of them then notices, and returns

    tally.acknowledged += len(notes.texts)
    return notes.texts


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
