"""The scheduler: sleeps until the next tick, and has each job run once at a time.

The timetable knows what is due, and an engine runs it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import anyio

from dashboard.jobs import load_job_configuration, save_job_configuration

from .cron import names_time
from .engine import Engine, House
from .errors import (
    InvalidCronError,
    JobRunningError,
    ManualExecutionError,
    SchedulerStoppedError,
)
from .state import Due, ScheduledJob
from .timetable import Timetable

logger = logging.getLogger("services.tasks")

#: The clock may be set, or the machine may sleep: look at it at least so often.
MAX_SLEEP = 10.0
#: A busy moment is no missed tick.
GRACE = 5.0
#: A clock that is set back by no more shows ticks again that have been.
CORRECTION = 3 * 3600.0

Wait = Callable[[anyio.Event, float], Awaitable[None]]


async def wait_for(event: anyio.Event, seconds: float) -> None:
    """Wait for an event, but only so long."""
    with anyio.move_on_after(seconds):
        await event.wait()


class Scheduler:
    """The jobs, and the loop that has them run."""

    def __init__(
        self,
        jobs: list[ScheduledJob],
        *,
        house: House,
        engine: Engine,
        timetable: Timetable | None = None,
        wait: Wait = wait_for,
    ) -> None:
        self._jobs = {one.job.name: one for one in jobs}
        self._house = house
        self._engine = engine
        self._timetable = timetable or Timetable()
        self._wait = wait
        self._changed = anyio.Event()
        self._saving = anyio.Lock()
        self._seen = house.now()
        #: Told of each change that other processes should know of.
        self.on_change: Callable[[str, bool | None], None] = lambda *_: None
        for one in jobs:
            if one.started:
                self._timetable.plan(one, after=self._seen)

    @property
    def jobs(self) -> Mapping[str, ScheduledJob]:
        """Each job by its name, in the order of the API."""
        return self._jobs

    def statistics(self) -> Mapping[str, int]:
        """Return what was done since the start, for the event `stopped`."""
        names = ("runs", "triggered", "failures", "timeouts", "skipped")
        return {name: self._house.counts[name] for name in names}

    # The loop

    async def run(self) -> None:
        """Have each job run at its ticks, until `stop`."""
        self._house.tasks.start_soon(self._catch_up)
        while not self._house.stopping.is_set():
            await self._look_at_clock()
            self._run_due()
            self._changed = anyio.Event()
            delay = self._timetable.find_delay(self._house.now())
            await self._wait(self._changed, min(delay, MAX_SLEEP))

        await self._engine.end()

    def _run_due(self) -> None:
        now = self._house.now()
        due: list[Due] = []
        for one, tick, late in self._timetable.take_due(now):
            if self._is_free(one) and self._is_timely(one, late):
                one.occupy()
                due.append(Due(one=one, tick=round(tick * 1000)))

        if rest := self._engine.begin_prepared(due):
            self._house.tasks.start_soon(self._engine.begin, rest)

        soon = [
            Due(one=one, tick=round(tick * 1000))
            for one, tick in self._timetable.take_upcoming(now)
            if one.ended is None
        ]
        if soon:
            self._house.tasks.start_soon(self._engine.prepare, soon)

    def _is_free(self, one: ScheduledJob) -> bool:
        if one.ended is None:
            return True

        self._house.counts["skipped"] += 1
        logger.warning("job %r is still running: tick skipped", one.job.name)
        return False

    def _is_timely(self, one: ScheduledJob, late: float) -> bool:
        if late <= max(one.job.catch_up, GRACE):
            return True

        self._house.counts["skipped"] += 1
        logger.warning("job %r: its tick was %.0f s ago: skipped", one.job.name, late)
        return False

    async def _catch_up(self) -> None:
        """Begin the last tick of each job from before the start, if it was missed."""
        begun = self._seen
        last = await self._engine.recall()
        due: list[Due] = []
        for name, one in self._jobs.items():
            # One that never ran has missed nothing: the service is new here. And one
            # that runs on start makes up for everything by that.
            if name not in last or one.job.run_on_start or one.ended or not one.started:
                continue

            tick = self._timetable.find_last(one.cron, before=begun)
            missed = tick is not None and tick > last[name] / 1000
            if tick is not None and missed and begun - tick <= one.job.catch_up:
                one.occupy()
                due.append(Due(one=one, tick=round(tick * 1000)))

        if due:
            await self._engine.begin(due)

    async def _look_at_clock(self) -> None:
        """Plan anew when the clock was set back: all plans may be far ahead."""
        seen, now = self._seen, self._house.now()
        self._seen = now
        back = seen - now
        if back < 1:
            return

        # A time of day that has been is not run for twice when the clock is corrected
        # by an hour or two; intervals go on, and after a larger change all does.
        again = [
            name
            for name, one in self._jobs.items()
            if back > CORRECTION or not names_time(one.cron)
        ]
        logger.warning("the clock was set back by %.0f s: ticks are planned anew", back)
        for one in self._jobs.values():
            if one.started:
                self._timetable.plan(one, after=now)

        try:
            await self._engine.forget(again, after=now)
        except Exception:
            logger.exception("ticks that the clock shows again are skipped")

    def stop(self) -> None:
        """End the loop; what runs may finish, and nothing else begins."""
        self._house.stopping.set()
        self._changed.set()

    # What the API asks for

    def run_on_start(self) -> None:
        """Begin the jobs that want to run as soon as the service does."""
        for one in self._jobs.values():
            if one.started and one.job.run_on_start:
                self._run_now(one)

    async def trigger(self, name: str, *, tick: int | None = None) -> None:
        """Run a job now, and wait for its end.

        `tick` (Unix milliseconds) names the request where several processes hear it.
        Raises ManualExecutionError, JobRunningError, SchedulerStoppedError, or
        TickTakenError where another process runs it for the same request.
        """
        one = self._jobs[name]
        if one.job.prevent_manual_execution:
            raise ManualExecutionError(name)

        if self._house.stopping.is_set():
            raise SchedulerStoppedError

        if one.ended is not None:
            raise JobRunningError(name)

        one.occupy()
        await self._engine.run_now(Due(one=one, tick=tick or self._get_tick()))
        self._house.counts["triggered"] += 1

    def start_job(self, name: str) -> None:
        """Let ticks run a job, until the service ends."""
        self._start(self._jobs[name])
        self.on_change(name, True)

    def stop_job(self, name: str) -> None:
        """Let ticks pass a job by, until the service ends."""
        self.follow(name, started=False)
        self.on_change(name, False)

    def follow(self, name: str, *, started: bool) -> None:
        """Do as another process was told: start a job or stop it, and run nothing."""
        one = self._jobs[name]
        one.started = started
        one.plan = None
        if started:
            self._timetable.plan(one, after=self._house.now())

        self._changed.set()

    async def enable_job(self, name: str) -> None:
        """Start a job now and with the service."""
        await self._save(name, enabled=True)
        self._start(self._jobs[name])

    async def disable_job(self, name: str) -> None:
        """Stop a job, and do not start it with the service."""
        await self._save(name, enabled=False)
        self.follow(name, started=False)

    async def update_interval(self, name: str, cron: str) -> None:
        """Give a job another cron expression; raises InvalidCronError."""
        try:
            self._timetable.find_next(cron, after=self._house.now())
        except ValueError as error:
            raise InvalidCronError(cron, str(error)) from error

        await self._save(name, cron=cron)

    async def reload(self) -> None:
        """Take over what was stored since, by whichever process."""
        async with self._saving:
            await self._reload()

    async def _save(
        self, name: str, *, cron: str | None = None, enabled: bool | None = None
    ) -> None:
        async with self._saving:
            await save_job_configuration(
                self._house.resources.database, name, cron=cron, enabled=enabled
            )
            await self._reload()

        self.on_change(name, None)

    async def _reload(self) -> None:
        stored = await load_job_configuration(self._house.resources.database)
        for name, one in self._jobs.items():
            cron, enabled = stored.get(name, (one.cron, one.enabled))
            if cron != one.cron and self._is_usable(name, cron):
                one.cron = cron
                if one.started:
                    self.follow(name, started=True)

            if enabled != one.enabled:
                one.enabled = enabled
                self.follow(name, started=enabled)

    def _is_usable(self, name: str, cron: str) -> bool:
        try:
            self._timetable.find_next(cron, after=self._house.now())
        except ValueError as error:
            if self._jobs[name].refused != cron:
                logger.warning("job %r: %r is not usable (%s)", name, cron, error)

            self._jobs[name].refused = cron
            return False

        return True

    def _start(self, one: ScheduledJob) -> None:
        self.follow(one.job.name, started=True)
        if one.job.run_on_start and one.ended is None:
            self._run_now(one)

    def _run_now(self, one: ScheduledJob) -> None:
        if not self._house.stopping.is_set() and one.ended is None:
            one.occupy()
            due = Due(one=one, tick=self._get_tick())
            self._house.tasks.start_soon(self._engine.begin, [due])

    def _get_tick(self) -> int:
        return round(self._house.now() * 1000)
