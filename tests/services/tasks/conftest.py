"""A real database and bus, and a clock that moves only when everybody waits for it."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.jobs import Job
from dashboard.jobs.history import load_runs
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.tasks.cron import LOCAL_TIME
from services.tasks.engine import House
from services.tasks.runs import LocalRuns
from services.tasks.scheduler import Scheduler
from services.tasks.state import ScheduledJob
from services.tasks.timetable import Timetable

#: 2026-01-01 00:00:30 UTC.
BEGIN = 1767225630.0
KEY = "the key"
#: Seconds that only a fault exceeds, however slow the machine is.
PATIENCE = 40.0


@pytest.fixture
def anyio_backend() -> str:
    """Run in the backend of the asyncio lane."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _time_zone(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(name="resources")
async def _resources(tmp_path: Path) -> AsyncIterator[Resources]:
    database = Database(str(tmp_path / "db.sqlite"), driver="sqlite3")
    await database.open()
    yield Resources(
        settings=Settings(cron_job_api_key=KEY),
        database=database,
        bus=MemoryBus(),
        monitor=None,
    )
    await database.close()


class Desk:
    """A scheduler with its engine, whose clock the test moves."""

    def __init__(self, resources: Resources, tasks: anyio.abc.TaskGroup) -> None:
        self.resources = resources
        self.tasks = tasks
        self.time = BEGIN
        #: What the loop waits for, as (event, seconds); None while it works.
        self.waiting: tuple[anyio.Event, float] | None = None
        self.calls: list[tuple[str, float]] = []
        #: What the jobs do, apart from being called.
        self.work: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint
        #: When the loop wakes up, unless something changes before.
        self.wake = BEGIN
        self.sleepers: list[tuple[float, anyio.Event]] = []
        self.scheduler: Scheduler
        self.house: House

    def make(
        self,
        *jobs: Job,
        cron: str | None = None,
        enabled: bool = True,
        zone: tzinfo = LOCAL_TIME,
        chance: random.Random | None = None,
    ) -> Scheduler:
        """Make the scheduler and start its loop."""
        scheduled = {
            job.name: ScheduledJob(
                job=job,
                function=self._make_function(job.name),
                cron=cron or job.cron,
                enabled=enabled,
                started=enabled,
            )
            for job in jobs
        }
        self.house = House(
            resources=self.resources,
            tasks=self.tasks,
            background=self.tasks,
            now=lambda: self.time,
            sleep=self._sleep,
        )
        self.engine = LocalRuns(self.house, jobs=scheduled)
        self.scheduler = Scheduler(
            list(scheduled.values()),
            house=self.house,
            engine=self.engine,
            timetable=Timetable(zone=zone, chance=chance),
            wait=self._wait,
        )
        self.tasks.start_soon(self.engine.look_after)
        self.tasks.start_soon(self.scheduler.run)
        return self.scheduler

    def _make_function(self, name: str) -> Callable[[Resources], Awaitable[None]]:
        async def function(resources: Resources) -> None:
            assert resources is self.resources
            self.calls.append((name, self.time - BEGIN))
            await self.work()

        return function

    async def _sleep(self, seconds: float) -> None:
        woken = anyio.Event()
        self.sleepers.append((self.time + seconds, woken))
        await woken.wait()

    async def _wait(self, changed: anyio.Event, seconds: float) -> None:
        self.waiting = (changed, seconds)
        self.wake = self.time + seconds
        self.woken = anyio.Event()
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                await changed.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(watch)
            await self.woken.wait()
            tasks.cancel_scope.cancel()

    async def settle(self) -> None:
        """Let everybody work until all wait for the clock."""
        # anyio's wait_all_tasks_blocked polls, at a tenth of a second a time.
        for _ in range(100):
            await anyio.lowlevel.checkpoint()

    async def pass_time(self, seconds: float) -> None:
        """Let everybody live through some seconds, sleep by sleep."""
        end = self.time + seconds
        while True:
            await self.settle()
            assert self.waiting is not None
            wake = self.wake
            first = min([wake, *(moment for moment, _ in self.sleepers)])
            if first > end:
                self.time = end
                return

            self.time = max(self.time, first)
            for one in [one for one in self.sleepers if one[0] <= first]:
                self.sleepers.remove(one)
                one[1].set()

            if wake <= first:
                self.woken.set()

    async def set_clock(self, seconds: float) -> None:
        """Set the clock forward or back, and let the loop look at it."""
        await self.settle()
        self.time += seconds
        # Who sleeps goes by another clock.
        self.sleepers = [(moment + seconds, one) for moment, one in self.sleepers]
        self.wake += seconds
        self.woken.set()
        await self.settle()

    async def load_runs(self, name: str) -> list[tuple[float, str]]:
        """The ticks and statuses of a job's runs, the oldest first."""
        runs = await load_runs(self.resources.database, name)
        return [(run.tick / 1000 - BEGIN, run.status) for run in reversed(runs)]

    def listen(self, name: str) -> list[Any]:
        """Collect what the bus says of a job."""
        heard: list[Any] = []
        self.resources.bus.listen(
            f"cron-job-status:{name}",
            lambda _, text: heard.append(msgspec.json.decode(text)["json"]),
        )
        return heard


@pytest.fixture(name="desk")
async def _desk(resources: Resources) -> AsyncIterator[Desk]:
    async with anyio.create_task_group() as tasks:
        yield Desk(resources, tasks)
        tasks.cancel_scope.cancel()
