"""Several processes that run the same jobs: on one database file, and on one Redis."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.bus.redis_server import open_server

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[3]
PATIENCE = 90.0


class Crews:
    """Processes on one database, and what their jobs have written."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.database = folder / "db.sqlite"
        self.log = folder / "log"
        self.go = folder / "go"
        self.begun = time.time()
        self.processes: dict[int, subprocess.Popen[str]] = {}
        self._stack = stack
        self.log.touch()

    def launch(self, jobs: dict[str, str], **options: Any) -> int:
        """Start one, wait until its service is ready, and return its process id."""
        options |= {
            "jobs": jobs,
            "database": str(self.database),
            "log": str(self.log),
            "go": str(self.go),
            "begun": self.begun,
        }
        process = self._stack.enter_context(
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.services.tasks.crew",
                    json.dumps(options),
                ],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        self._stack.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        self.processes[process.pid] = process
        return process.pid

    def read(self, word: str, name: str) -> list[int]:
        """The processes that have written this of a job, in their order."""
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [int(pid) for one, job, pid in lines if (one, job) == (word, name)]

    def have_run(self, jobs: Iterable[str], who: set[int], *, times: int) -> bool:
        """Whether a job has run so often, and each of the processes has run each."""
        ran = [self.read("end", name) for name in jobs]
        return len(ran[0]) >= times and all(set(pids) == who for pids in ran)

    def read_lease(self) -> int:
        """Until when the first run's process has promised to go on."""
        with closing(sqlite3.connect(self.database)) as connection:
            (lease,) = connection.execute(
                "SELECT lease FROM oneroof_job_run ORDER BY tick"
            ).fetchone()

        return int(lease)

    def read_runs(self) -> list[Any]:
        """Job, tick, attempt and status of each run."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(
                "SELECT job, tick, attempt, status FROM oneroof_job_run ORDER BY tick"
            ).fetchall()

    def kill(self, pid: int) -> None:
        """As the kernel does when memory runs out."""
        self.processes[pid].kill()
        self.processes[pid].wait()

    def stop(self) -> None:
        """End those that live, and wait until they have."""
        for process in self.processes.values():
            if process.poll() is None and process.stdin is not None:
                process.stdin.close()

        for process in self.processes.values():
            process.wait(PATIENCE)


@pytest.fixture(name="crews")
def _crews(tmp_path: Path) -> Iterator[Crews]:
    with ExitStack() as stack:
        yield Crews(tmp_path, stack)


def wait_until(true: Callable[[], Any]) -> None:
    """Look again and again, within a bound that only a fault exceeds."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        threading.Event().wait(0.02)


QUICK = {f"quick{number}": "* * * * * *" for number in range(5)}
SLOW = {"slow": "0 0 * * * *"}
#: Half a minute at their speed: none counts as dead that only waits for its turn.
RACE: dict[str, Any] = {"speed": 40, "lease": 1200.0}


def test_two_processes_fire_each_tick_once(crews: Crews) -> None:
    """A hundred ticks of five jobs: whoever claims one runs it, and nobody again."""
    both = {crews.launch(QUICK, **RACE) for _ in range(2)}
    wait_until(lambda: crews.have_run(QUICK, both, times=100))
    crews.stop()
    runs = crews.read_runs()
    ticks = Counter(job for job, *_ in runs)

    assert {status for *_, status in runs} == {"success"}
    for name in QUICK:
        calls = crews.read("begin", name)

        assert len(calls) == ticks[name]


def test_a_killed_process_s_run_is_taken_over(crews: Crews) -> None:
    """After the lease, which a process that lives renews, and not before."""
    # A lease of three seconds, renewed five times in it, from soon after the start.
    tick = time.gmtime(crews.begun + 900)
    hourly = {"slow": f"{tick.tm_sec} {tick.tm_min} * * * *"}
    pids = {crews.launch(hourly, speed=300, lease=900.0) for _ in range(2)}
    wait_until(lambda: crews.read("begin", "slow"))
    (first,) = crews.read("begin", "slow")
    lease = crews.read_lease()
    wait_until(lambda: crews.read_lease() > lease + 900_000)

    # Nobody has taken over from the living.
    assert crews.read("begin", "slow") == [first]

    crews.kill(first)
    (second,) = pids - {first}
    wait_until(lambda: crews.read("begin", "slow") == [first, second])
    crews.go.touch()
    wait_until(lambda: crews.read("end", "slow"))
    crews.stop()

    assert crews.read_runs()[0][2:] == (2, "success")
    assert crews.read("end", "slow")[0] == second


@pytest.mark.redis
def test_two_schedulers_queue_each_tick_once(crews: Crews) -> None:
    """Both queue it, and the workers of both run what is queued: once each."""
    with open_server() as redis:
        both = {crews.launch(QUICK, redis=redis.url, **RACE) for _ in range(2)}
        wait_until(lambda: crews.have_run(QUICK, both, times=100))
        crews.stop()

    runs = crews.read_runs()
    ticks = Counter(job for job, *_ in runs)
    ended = Counter(job for job, *_, status in runs if status == "success")
    # What is queued while both stop waits in Redis for the next worker.
    waiting = [run for run in runs if run[-1] == "running"]

    assert len(waiting) <= len(QUICK)
    assert ended.total() + len(waiting) == len(runs)
    for name in QUICK:
        calls = crews.read("begin", name)

        assert ended[name] <= len(calls) <= ticks[name]


@pytest.mark.redis
def test_nothing_is_lost_with_a_killed_worker(crews: Crews) -> None:
    """SAQ gives what it had begun to another one; the history tells of both."""
    with open_server() as redis:
        options: dict[str, Any] = {"speed": 1200, "lease": 600.0, "heartbeat": 3}
        options["redis"] = redis.url
        pids = {crews.launch(SLOW, **options) for _ in range(2)}
        wait_until(lambda: crews.read("begin", "slow"))
        (first,) = crews.read("begin", "slow")
        crews.kill(first)
        (second,) = pids - {first}
        wait_until(lambda: crews.read("begin", "slow") == [first, second])
        crews.go.touch()
        wait_until(lambda: crews.read("end", "slow"))
        crews.stop()

    assert crews.read_runs()[0][2:] == (2, "success")
    assert crews.read("end", "slow")[0] == second
