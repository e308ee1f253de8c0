"""CPU time of the whole roof while nobody asks it for anything.

User and system time from /proc, over a minute, so that one run of each job that is
due every minute is in it: of the roof alone, and with twenty jobs of our own, each once
a minute, and a hundred authenticated sockets that stay silent.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from benchmarks.many_jobs import FEW, write_plan
from benchmarks.push_scene import SOCKETS_PER_USER, furnish
from memory_report.arrangements import RUNNER, TOGETHER, open_arrangement
from memory_report.processes import first_error
from memory_report.viewer import open_viewer
from runner.system import list_descendants, read_activity

SECONDS, QUICK_SECONDS = 60.0, 10.0
#: After the start, until nothing is left of it.
SETTLE = 3.0
SOCKETS = 100


async def run(*, quick: bool) -> list[Figure]:
    """Measure the roof as it is, and with company: it has no counterpart."""

    seconds = QUICK_SECONDS if quick else SECONDS
    return [
        _figure(
            f"idle CPU of the roof over {seconds:g} s, share of one core",
            spent=await _measure_alone(seconds),
            seconds=seconds,
        ),
        _figure(
            f"the same with {FEW} jobs and {SOCKETS} quiet sockets",
            spent=await _measure_with_company(seconds),
            seconds=seconds,
        ),
    ]


def _figure(what: str, *, spent: float, seconds: float) -> Figure:
    return Figure(
        what=what,
        before="",
        after=f"{spent:.2f} s",
        value=spent / seconds * 100,
        form="{:.2f} %",
        bar=0.5,
    )


async def _measure_alone(seconds: float) -> float:
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        async with open_arrangement(TOGETHER, folder=Path(folder)) as running:
            spent = await _watch(running.services[0].pid, seconds)
            await running.stop()

    return spent


async def _measure_with_company(seconds: float) -> float:
    with TemporaryDirectory(prefix="benchmarks-") as name, first_error():
        folder = Path(name)
        users = max(1, -(-SOCKETS // SOCKETS_PER_USER))
        tokens, _ = await trio.to_thread.run_sync(
            lambda: asyncio.run(furnish(folder / "db.sqlite", users))
        )
        runner = (*RUNNER, "--plan", str(write_plan(folder, "serve_few")))
        async with (
            open_arrangement(TOGETHER, folder=folder, runner=runner) as running,
            AsyncExitStack() as sockets,
        ):
            for number in range(SOCKETS):
                token = tokens[number % users]
                await sockets.enter_async_context(
                    open_viewer(
                        running.urls["ws"],
                        cookies=f"homarr.session-token={token}",
                        counts=Counter(),
                    )
                )

            spent = await _watch(running.services[0].pid, seconds)
            await sockets.aclose()
            await running.stop()

    return spent


async def _watch(pid: int, seconds: float) -> float:
    """The CPU seconds that the roof spends meanwhile."""

    await trio.sleep(SETTLE)
    begin = _read_cpu(pid)
    await trio.sleep(seconds)
    return _read_cpu(pid) - begin


def _read_cpu(pid: int) -> float:
    pids = (pid, *list_descendants(pid))
    return sum(read_activity(each).cpu_seconds for each in pids)


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
