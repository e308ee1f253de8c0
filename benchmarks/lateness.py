"""How late a thousand jobs begin while the web is saturated.

Each job has a tick a minute, at one of sixty seconds, so that 16 or 17 are due at a
time. Lateness is from the tick to the first step of the job's function, the claim in
the database included. wrk asks for the board's page meanwhile.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import httpcore
import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from benchmarks.many_jobs import CROWD, FILE, write_plan
from benchmarks.wrk import saturate
from memory_report.arrangements import RUNNER, TOGETHER, open_arrangement
from memory_report.errors import MeasurementError
from memory_report.player import Player
from memory_report.processes import first_error
from memory_report.records import Story
from memory_report.statistics import percentile

SECONDS, QUICK_SECONDS = 60, 15
STORY = Story(logins=1, board_reads=0, board_writes=0, sockets=0, triggers=0)


async def run(*, quick: bool) -> list[Figure]:
    """Saturate the roof once."""

    seconds = QUICK_SECONDS if quick else SECONDS
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        rate, late = await _measure(Path(folder), seconds)

    return [
        Figure(
            what=f"lateness of {CROWD} jobs, web saturated ({rate:.0f} requests/s), "
            f"p99 of {len(late)} runs",
            before=f"p50 {percentile(late, 0.5) * 1000:.1f} ms",
            after=f"max {max(late) * 1000:.1f} ms",
            value=percentile(late, 0.99) * 1000,
            form="{:.1f} ms",
            bar=50.0,
        )
    ]


async def _measure(folder: Path, seconds: int) -> tuple[float, list[float]]:
    """The requests per second, and the lateness of each run meanwhile."""

    runner = (*RUNNER, "--plan", str(write_plan(folder, "serve_crowd")))
    with first_error():
        async with (
            open_arrangement(TOGETHER, folder=folder, runner=runner) as running,
            httpcore.AsyncConnectionPool() as pool,
        ):
            player = Player(running, STORY, pool, Counter())
            (visitor,) = await player.settle_in()
            board = await player.furnish_board(visitor, ping_url="http://127.0.0.1:9/")
            url = f"{running.urls['web']}/boards/{board.id}"
            begin = time.time()
            rate = await saturate(url, cookies=visitor.cookie_header(), seconds=seconds)
            end = time.time()
            # What is due at the end is noted before the service stops.
            await trio.sleep(1)
            await running.stop()

    begun = json.loads((folder / FILE).read_text())
    late = [late for at, late in begun if begin <= at - late <= end - 1]
    # A job that is never begun is the latest of all.
    if len(late) < CROWD * (seconds - 2) // 60:
        raise MeasurementError(f"{len(late)} runs in {seconds} s: some never began")

    return rate, late


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
