"""CPU time of the whole roof while nobody asks it for anything.

User and system time from /proc, over a minute, so that one run of each job that is
due every minute is in it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from memory_report.arrangements import TOGETHER, open_arrangement
from runner.system import list_descendants, read_activity

SECONDS, QUICK_SECONDS = 60.0, 10.0
#: After the start, until nothing is left of it.
SETTLE = 3.0


async def run(*, quick: bool) -> list[Figure]:
    """Measure the roof alone: it has no counterpart."""

    seconds = QUICK_SECONDS if quick else SECONDS
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        async with open_arrangement(TOGETHER, folder=Path(folder)) as running:
            pid = running.services[0].pid
            await trio.sleep(SETTLE)
            begin = _read_cpu(pid)
            await trio.sleep(seconds)
            spent = _read_cpu(pid) - begin
            await running.stop()

    return [
        Figure(
            what=f"idle CPU of the roof over {seconds:g} s, share of one core",
            before="",
            after=f"{spent:.2f} s",
            value=spent / seconds * 100,
            form="{:.2f} %",
            bar=0.5,
        )
    ]


def _read_cpu(pid: int) -> float:
    pids = (pid, *list_descendants(pid))
    return sum(read_activity(each).cpu_seconds for each in pids)


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
