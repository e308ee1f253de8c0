"""The saq engine: ticks are queued in Redis, and run by the workers of all processes.

Loaded only where TASKS_ENGINE says so. What SAQ is for: the queue, and running again
what a killed worker had begun. The claim in the database stays what lets a tick run
once, and what keeps a job from overlapping itself.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import Any

import anyio
from saq import Job as QueuedJob
from saq import Worker
from saq.job import TERMINAL_STATUSES

from dashboard.errors import RedisUnavailableError
from dashboard.jobs.history import find_run, give_back, take_over

from .engine import House
from .errors import JobRunningError, QueueUnavailableError, TickTakenError
from .execution import CANCEL_TIMEOUT, Outcome
from .lost import MAX_ATTEMPTS, LostRuns
from .runs import RETRY_INTERVAL, LocalRuns
from .state import Begun, Due, ScheduledJob
from .tick_queue import TickQueue

logger = logging.getLogger("services.tasks")

NAME = "oneroof"
#: Jobs that one process runs at once.
CONCURRENCY = 8
#: Seconds without a sign of its worker, after which a run is given to another one.
HEARTBEAT = 30
HEARTBEAT_INTERVAL = 10.0
SWEEP_INTERVAL = 10
#: Seconds for which the queue knows a tick that was run: schedulers may lag that much.
REMEMBERED = 600
#: A run that not even the queue knows any more keeps its job from running so long.
FORGOTTEN = 300.0
POLL_INTERVAL = 0.2
#: What the queue is told of a run that was not ours to do.
SKIPPED = "skipped"
FINISH_TIMEOUT = 5.0


class _Worker(Worker[Any]):
    #: The runner has them.
    SIGNALS = []  # noqa: RUF012


class QueuedRuns(LocalRuns):
    """The scheduler's ticks go into the queue; this process's worker runs some."""

    def __init__(self, house: House, *, jobs: dict[str, ScheduledJob]) -> None:
        super().__init__(house, jobs=jobs)
        _quieten_saq()
        # What a killed worker had begun is SAQ's to run again.
        self._lost = LostRuns(house, jobs=jobs, begin=None, interval=FORGOTTEN)
        self._jobs = jobs
        self._active: dict[str, QueuedJob] = {}
        self._idle = anyio.Event()
        self._idle.set()
        #: Whether the log has been told that the queue cannot be written.
        self._noted = False
        self._queue = TickQueue.from_url(
            house.resources.settings.redis_url or "", name=NAME
        )
        timers: Any = {"schedule": 5, "sweep": SWEEP_INTERVAL}
        self._worker = _Worker(
            self._queue,
            [(name, self._work) for name in jobs],
            id=house.runner,
            concurrency=CONCURRENCY,
            timers=timers,
        )

    async def prepare(self, due: Sequence[Due]) -> None:
        """Nothing takes its time here: the claim is the worker's."""

    async def begin(self, due: Sequence[Due]) -> None:
        """Queue ticks, each once, however many processes do."""
        waiting = list(due)
        for one in due:
            # Whether the job runs, and where, is for the workers to find out.
            one.one.release()

        while waiting:
            for one in list(waiting):
                try:
                    await self._enqueue(one)
                except Exception as error:  # noqa: BLE001
                    await self._note_failed(error)
                    break

                self._note_written()
                waiting.remove(one)

            if waiting:
                waiting = await self._wait_writable(waiting)

    async def run_now(self, due: Due) -> None:
        """Queue a run, and wait until a worker has done it."""
        due.one.release()
        try:
            queued = await self._enqueue(due)
        except Exception as error:
            raise QueueUnavailableError(str(error)) from error

        if queued is None:
            raise TickTakenError(due.one.job.name)

        while queued is not None and queued.status not in TERMINAL_STATUSES:
            # Its end is published as well; a message missed would cost the whole wait.
            await self._house.sleep(POLL_INTERVAL)
            queued = await self._queue.job(queued.key)

        if queued is not None and queued.result == SKIPPED:
            raise JobRunningError(due.one.job.name)

    async def look_after(self) -> None:
        """Run this process's worker, until cancelled; its jobs then may finish."""
        await self._queue.connect()
        # Outside of our scopes: SAQ's stop does not bear to be cancelled over and over.
        working = asyncio.create_task(self._worker.start(), name="saq worker")
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(super().look_after)
                tasks.start_soon(self._beat)
                tasks.start_soon(self._warn_of_eviction)
                await asyncio.wait([working])
                raise RuntimeError("the SAQ worker has ended by itself")
        finally:
            with anyio.CancelScope(shield=True):
                await self._stop(working)

    async def _stop(self, working: asyncio.Task[None]) -> None:
        with anyio.move_on_after(FINISH_TIMEOUT):
            await self._idle.wait()

        # What still runs is cancelled, and queued again for whoever is next.
        await self._worker.stop()
        await asyncio.wait([working])
        await self._queue.disconnect()

    async def _enqueue(self, due: Due) -> QueuedJob | None:
        job = due.one.job
        return await self._queue.enqueue(
            QueuedJob(
                function=job.name,
                kwargs={"tick": due.tick},
                key=f"{job.name}:{due.tick}",
                # Time-outs are ours to notice; SAQ's is for workers that cannot.
                timeout=math.ceil(job.timeout + 2 * CANCEL_TIMEOUT),
                heartbeat=HEARTBEAT,
                retries=MAX_ATTEMPTS,
                retry_delay=RETRY_INTERVAL,
                ttl=REMEMBERED,
            )
        )

    # The worker's side

    async def _work(self, context: dict[str, Any], *, tick: int) -> str:
        queued: QueuedJob = context["job"]
        due = Due(one=self._jobs[queued.function], tick=tick)
        if not await self._is_ours(due, again=queued.attempts > 1):
            self._house.counts["skipped"] += 1
            return SKIPPED

        self._active[queued.key] = queued
        if self._idle.is_set():
            self._idle = anyio.Event()

        try:
            await self._run(due, self._call(due))
        finally:
            del self._active[queued.key]
            if not self._active:
                self._idle.set()

        return "done"

    async def _is_ours(self, due: Due, *, again: bool) -> bool:
        won, others = await self._claims.claim([due])
        self._lost.watch(others)
        if won or not again:
            return bool(won)

        # The worker that had it is gone, and its claim is what stands in the way.
        database = self._house.resources.database
        run = await find_run(database, due.key)
        return (
            run is not None
            and run.status in {"running", "lost"}
            and await take_over(
                database,
                run,
                runner=self._house.runner,
                now=self._now(),
                lease=self._claims.get_lease(),
            )
        )

    async def _end_early(self, due: Due, outcome: Outcome, begun: Begun) -> None:
        """Leave the tick to the worker that gets it next."""
        self._running.pop(due.key, None)
        database = self._house.resources.database
        await give_back(database, [due.key], runner=self._house.runner)

    async def _beat(self) -> None:
        while True:
            await self._house.sleep(HEARTBEAT_INTERVAL)
            for queued in list(self._active.values()):
                try:
                    await queued.update()
                except Exception as error:  # noqa: BLE001
                    await self._note_failed(error)
                else:
                    self._note_written()

    async def _note_failed(self, error: Exception) -> None:
        if self._noted:
            return

        try:
            await self._house.resources.bus.check()
        except RedisUnavailableError:
            return  # the bus has told the log that Redis is away

        if not self._noted:
            self._noted = True
            logger.warning(
                "the queue cannot be written; ticks wait, and runs may be taken for "
                "lost: %s",
                error,
            )

    def _note_written(self) -> None:
        if self._noted:
            self._noted = False
            logger.info("the queue can be written again")

    async def _warn_of_eviction(self) -> None:
        try:
            found = await self._queue.redis.config_get("maxmemory*")
        except Exception:  # noqa: BLE001
            return  # away, or CONFIG is not for us: nothing is known of it

        policy = found.get("maxmemory-policy") or ""
        # The others spare what has no time to live, as what is queued has none.
        if policy.startswith("allkeys-") and found.get("maxmemory") != "0":
            logger.warning(
                "redis may throw away what is queued (maxmemory-policy %s): "
                "give the tasks one with noeviction",
                policy,
            )


def _quieten_saq() -> None:
    log = logging.getLogger("saq")
    # Its warnings are about stopping, which is done its hard way here.
    log.setLevel(logging.ERROR)
    log.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what SAQ says each second while Redis is away: the bus says it once."""
    error = record.exc_info[1] if record.exc_info else None
    module = type(error).__module__ if error is not None else ""
    return not isinstance(error, OSError) and not module.startswith("redis.")
