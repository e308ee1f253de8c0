"""The aiosqlite driver against the synchronous one, and both against a foreign lock.

Mixed load: 64 clients in one event loop, two of which ask a query of about 15 ms again
and again while the others read single rows. The drivers take turns, each on a file of
its own. Lock: another process holds the write lock for 2 s while a write waits for it
and the loop counts its own delays.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure, median_ratio
from dashboard.database import Database
from memory_report.statistics import percentile
from runner.lane import run_in_backend

T = TypeVar("T")

ROUNDS, SECONDS = 7, 3.0
QUICK_ROUNDS, QUICK_SECONDS = 3, 1.5
CLIENTS, SLOW_CLIENTS = 64, 2
SLOW_SECONDS = 0.015
DRIVERS = ("sqlite3", "aiosqlite")

POINT = 'SELECT value FROM "serverSetting" WHERE setting_key = ?'
COUNT = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " SELECT sum(i) FROM n"
)

LOCK_SECONDS = 2.0
TICK = 0.001
HOLD_LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@dataclass(slots=True)
class Mixed:
    """What the clients of one run had: seconds of each point read, and all counted."""

    waits: list[float] = field(default_factory=list)
    slow: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Queries of both kinds per second."""

        return (len(self.waits) + self.slow) / self.seconds


async def run(*, quick: bool) -> list[Figure]:
    """Measure the mixed load in turns, then the lock."""

    rounds = QUICK_ROUNDS if quick else ROUNDS
    seconds = QUICK_SECONDS if quick else SECONDS
    runs: dict[str, list[Mixed]] = defaultdict(list)
    rows = await trio.to_thread.run_sync(_calibrate)
    for number in range(rounds):
        for driver in DRIVERS if number % 2 == 0 else reversed(DRIVERS):
            runs[driver].append(await _in_a_loop(_mix, driver, rows, seconds))

    lags = [await _in_a_loop(_measure_lock) for _ in range(rounds)]
    return [*_compare(runs), *_describe_lags(lags)]


async def _in_a_loop(function: Callable[..., Awaitable[T]], *args: object) -> T:
    return await trio.to_thread.run_sync(
        lambda: run_in_backend("asyncio", function, *args)
    )


def _calibrate() -> int:
    """Return how far to count for a query of SLOW_SECONDS on this machine."""

    connection = sqlite3.connect(":memory:")
    rows, times = 50_000, []
    for _ in range(20):
        began = time.perf_counter()
        connection.execute(COUNT, (rows,)).fetchall()
        times.append(time.perf_counter() - began)

    connection.close()
    return int(rows * SLOW_SECONDS / min(times))


async def _mix(driver: str, rows: int, seconds: float) -> Mixed:
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        database = Database(Path(folder) / "db.sqlite", driver=driver)
        try:
            await _mix_for(database, rows, 0.3)  # opens, and gets to know the queries
            return await _mix_for(database, rows, seconds)
        finally:
            await database.close()


async def _mix_for(database: Database, rows: int, seconds: float) -> Mixed:
    mixed = Mixed()
    began = time.perf_counter()
    end = began + seconds

    async def read_points() -> None:
        while (asked := time.perf_counter()) < end:
            await database.all(POINT, ("board",))
            # As a server's next request does, it waits for its turn in the loop.
            await asyncio.sleep(0)
            mixed.waits.append(time.perf_counter() - asked)

    async def ask_slowly() -> None:
        while time.perf_counter() < end:
            await database.all(COUNT, (rows,))
            await asyncio.sleep(0)
            mixed.slow += 1

    await asyncio.gather(
        *(ask_slowly() for _ in range(SLOW_CLIENTS)),
        *(read_points() for _ in range(CLIENTS - SLOW_CLIENTS)),
    )
    mixed.seconds = time.perf_counter() - began
    return mixed


def _compare(runs: dict[str, list[Mixed]]) -> list[Figure]:
    before, after = (runs[driver] for driver in DRIVERS)
    rates = [(a.rate, b.rate) for a, b in zip(before, after, strict=True)]
    tails = [
        (percentile(a.waits, 0.99), percentile(b.waits, 0.99))
        for a, b in zip(before, after, strict=True)
    ]
    load = f"{CLIENTS} clients, {SLOW_CLIENTS} of them slow"
    return [
        Figure(
            what=f"queries/s, {load}: aiosqlite / sqlite3",
            before=f"{median(a for a, _ in rates):.0f} /s",
            after=f"{median(b for _, b in rates):.0f} /s",
            value=median_ratio(rates),
            bar=2.0,
            wanted="at least",
        ),
        Figure(
            what=f"p99 of the point reads, {load}: aiosqlite / sqlite3",
            before=f"{median(a for a, _ in tails) * 1000:.1f} ms",
            after=f"{median(b for _, b in tails) * 1000:.1f} ms",
            value=median_ratio(tails),
            bar=0.1,
        ),
    ]


async def _measure_lock() -> list[float]:
    """Return the loop's delays while a write waits for another process's lock."""

    with TemporaryDirectory(prefix="benchmarks-") as folder:
        path = Path(folder) / "db.sqlite"
        database = Database(path)
        try:
            await database.open()
            return await _write_against_a_lock(database, path)
        finally:
            await database.close()


async def _write_against_a_lock(database: Database, path: Path) -> list[float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLD_LOCK,
        str(path),
        str(LOCK_SECONDS),
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    await process.stdout.readline()

    writing = asyncio.ensure_future(_write(database))
    delays = []
    while not writing.done():
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        delays.append(max(0.0, time.perf_counter() - due))

    await writing
    await process.wait()
    return delays


async def _write(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET previous_step = 'start'")


def _describe_lags(runs: list[list[float]]) -> list[Figure]:
    """The loop's delays, in milliseconds."""

    what = f"loop lag while another process holds the write lock {LOCK_SECONDS:g} s"
    return [
        Figure(
            what=f"{what}, {name}",
            before="",
            after="",
            value=median(percentile(delays, share) for delays in runs) * 1000,
            form="{:.1f} ms",
            bar=bar,
        )
        for name, share, bar in (("p99", 0.99, 20.0), ("max", 1.0, 100.0))
    ]


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
