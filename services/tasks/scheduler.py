"""The scheduler: sleeps until the next tick, and runs each job once at a time.

It lives in one task; each run is a task of its own.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio
from anyio.abc import TaskGroup

from dashboard.jobs import Job, save_job_configuration
from dashboard.resources import Resources

from .cron import find_next
from .errors import (
    InvalidCronError,
    JobRunningError,
    ManualExecutionError,
    SchedulerStoppedError,
)

logger = logging.getLogger("services.tasks")

#: The clock may be set, or the machine may sleep: look at it at least so often.
MAX_SLEEP = 60.0

JobFunction = Callable[[Resources], Awaitable[None]]
Wait = Callable[[anyio.Event, float], Awaitable[None]]


async def wait_for(event: anyio.Event, seconds: float) -> None:
    """Wait for an event, but only so long."""
    with anyio.move_on_after(seconds):
        await event.wait()


@dataclass(eq=False, slots=True, kw_only=True)
class ScheduledJob:
    """A job, and where it stands."""

    job: Job
    function: JobFunction
    cron: str
    #: Stored: whether it is started with the service.
    enabled: bool
    #: Whether ticks run it now.
    started: bool
    #: Unix seconds of its next tick, and of when that was worked out.
    next_tick: float = 0.0
    planned_at: float = 0.0
    #: Set when the present run ends; None while there is none.
    ended: anyio.Event | None = None
    last_status: str | None = None


class Scheduler:
    """The jobs, and the loop that runs them."""

    def __init__(
        self,
        jobs: list[ScheduledJob],
        *,
        resources: Resources,
        tasks: TaskGroup,
        now: Callable[[], float] = time.time,
        wait: Wait = wait_for,
    ) -> None:
        self._jobs = {one.job.name: one for one in jobs}
        self._resources = resources
        self._tasks = tasks
        self._now = now
        self._wait = wait
        self._changed = anyio.Event()
        self._saving = anyio.Lock()
        self._stopping = False
        self._counts: Counter[str] = Counter()
        for one in jobs:
            self._plan(one)

    @property
    def jobs(self) -> Mapping[str, ScheduledJob]:
        """Each job by its name, in the order of the API."""
        return self._jobs

    def statistics(self) -> Mapping[str, int]:
        """Return what was done since the start, for the event `stopped`."""
        names = ("runs", "failures", "timeouts", "skipped")
        return {name: self._counts[name] for name in names}

    # The loop

    async def run(self) -> None:
        """Run each job at its ticks, until `stop`."""
        while not self._stopping:
            self._run_due()
            self._changed = anyio.Event()
            await self._wait(self._changed, self._find_delay())

    def _run_due(self) -> None:
        now = self._now()
        for one in self._jobs.values():
            if now < one.planned_at:
                self._plan(one)  # the clock was set back

            if not one.started or now < one.next_tick:
                continue

            # However many ticks have passed, one run makes up for them all.
            self._plan(one)
            if one.ended is not None:
                self._counts["skipped"] += 1
                logger.warning("job %r is still running: tick skipped", one.job.name)
            else:
                self._begin(one)

    def _find_delay(self) -> float:
        ticks = [one.next_tick for one in self._jobs.values() if one.started]
        delay = min(ticks, default=float("inf")) - self._now()
        return max(0.0, min(delay, MAX_SLEEP))

    def _plan(self, one: ScheduledJob) -> None:
        one.planned_at = self._now()
        one.next_tick = find_next(one.cron, after=one.planned_at)

    def stop(self) -> None:
        """End the loop; what runs may finish, and nothing else begins."""
        self._stopping = True
        self._changed.set()

    # One run

    def _begin(self, one: ScheduledJob) -> anyio.Event:
        if self._stopping:
            raise SchedulerStoppedError

        if one.ended is not None:
            raise JobRunningError(one.job.name)

        one.ended = ended = anyio.Event()
        self._tasks.start_soon(self._run_once, one, ended)
        return ended

    async def _run_once(self, one: ScheduledJob, ended: anyio.Event) -> None:
        begun = datetime.fromtimestamp(self._now(), tz=UTC)
        self._publish(one, begun, status="running")
        one.last_status = "error"  # also if we are cancelled
        self._counts["runs"] += 1
        try:
            with anyio.fail_after(one.job.timeout) as patience:
                await one.function(self._resources)

            one.last_status = "success"
        except Exception:
            self._counts["failures"] += 1
            self._counts["timeouts"] += patience.cancelled_caught
            logger.exception("job %r failed", one.job.name)
        finally:
            one.ended = None
            ended.set()
            self._publish(one, begun, status="idle")

    def _publish(self, one: ScheduledJob, begun: datetime, *, status: str) -> None:
        moment = begun.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message: dict[str, Any] = {
            "name": one.job.name,
            "status": status,
            "lastExecutionTimestamp": moment,
            "lastExecutionStatus": one.last_status,
        }
        self._resources.bus.publish(f"cron-job-status:{one.job.name}", message)

    # What the API asks for

    def run_on_start(self) -> None:
        """Begin the jobs that want to run as soon as the service does."""
        for one in self._jobs.values():
            if one.started and one.job.run_on_start:
                self._begin(one)

    async def trigger(self, name: str) -> None:
        """Run a job now, and wait for its end.

        Raises ManualExecutionError, JobRunningError or SchedulerStoppedError.
        """
        one = self._jobs[name]
        if one.job.prevent_manual_execution:
            raise ManualExecutionError(name)

        await self._begin(one).wait()

    def start_job(self, name: str) -> None:
        """Let ticks run a job, until the service ends."""
        one = self._jobs[name]
        one.started = True
        self._plan(one)
        if one.job.run_on_start and one.ended is None and not self._stopping:
            self._begin(one)

        self._changed.set()

    def stop_job(self, name: str) -> None:
        """Let ticks pass a job by, until the service ends."""
        self._jobs[name].started = False

    async def enable_job(self, name: str) -> None:
        """Start a job now and with the service."""
        async with self._saving:
            one = self._jobs[name]
            await self._save(one, cron=one.cron, enabled=True)

        self.start_job(name)

    async def disable_job(self, name: str) -> None:
        """Stop a job, and do not start it with the service."""
        async with self._saving:
            one = self._jobs[name]
            await self._save(one, cron=one.cron, enabled=False)

        self.stop_job(name)

    async def update_interval(self, name: str, cron: str) -> None:
        """Give a job another cron expression; raises InvalidCronError."""
        try:
            find_next(cron, after=self._now())
        except ValueError as error:
            raise InvalidCronError(cron, str(error)) from error

        async with self._saving:
            one = self._jobs[name]
            await self._save(one, cron=cron, enabled=one.enabled)
            self._plan(one)

        self._changed.set()

    async def _save(self, one: ScheduledJob, *, cron: str, enabled: bool) -> None:
        await save_job_configuration(
            self._resources.database, one.job.name, cron=cron, enabled=enabled
        )
        one.cron = cron
        one.enabled = enabled
