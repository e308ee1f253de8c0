"""A real database and bus, and a clock that moves only when everybody waits for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.jobs import Job
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.tasks.scheduler import ScheduledJob, Scheduler

#: 2026-01-01 00:00:30 UTC.
BEGIN = 1767225630.0
KEY = "the key"


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
    """A scheduler whose clock the test moves."""

    def __init__(self, resources: Resources, tasks: anyio.abc.TaskGroup) -> None:
        self.resources = resources
        self.tasks = tasks
        self.time = BEGIN
        #: What the loop waits for, as (event, seconds); None while it works.
        self.waiting: tuple[anyio.Event, float] | None = None
        self.calls: list[tuple[str, float]] = []
        #: What the jobs do, apart from being called.
        self.work: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint
        self.scheduler: Scheduler

    def make(self, *jobs: Job, cron: str | None = None, enabled: bool = True) -> None:
        """Make the scheduler and start its loop."""
        self.scheduler = Scheduler(
            [
                ScheduledJob(
                    job=job,
                    function=self._make_function(job.name),
                    cron=cron or job.cron,
                    enabled=enabled,
                    started=enabled,
                )
                for job in jobs
            ],
            resources=self.resources,
            tasks=self.tasks,
            now=lambda: self.time,
            wait=self._wait,
        )
        self.tasks.start_soon(self.scheduler.run)

    def _make_function(self, name: str) -> Callable[[Resources], Awaitable[None]]:
        async def function(resources: Resources) -> None:
            assert resources is self.resources
            self.calls.append((name, self.time - BEGIN))
            await self.work()

        return function

    async def _wait(self, changed: anyio.Event, seconds: float) -> None:
        self.waiting = (changed, seconds)
        self.woken = anyio.Event()
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                await changed.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(watch)
            await self.woken.wait()
            tasks.cancel_scope.cancel()

    async def pass_time(self, seconds: float) -> None:
        """Let the loop live through some seconds, sleep by sleep."""
        end = self.time + seconds
        while True:
            # anyio's wait_all_tasks_blocked polls, at a tenth of a second a time.
            for _ in range(20):
                await anyio.lowlevel.checkpoint()

            assert self.waiting is not None
            if self.time + self.waiting[1] > end:
                self.time = end
                return

            self.time += self.waiting[1]
            self.woken.set()

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
