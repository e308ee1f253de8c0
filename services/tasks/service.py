"""What the runner calls: the life of the scheduler."""

from __future__ import annotations

import logging
import time

import anyio
from anyio.abc import TaskStatus

from dashboard.jobs import JOBS, Job, load_job_configuration
from dashboard.resources import Resources

from .cron import find_next
from .jobs import FUNCTIONS
from .scheduler import ScheduledJob, Scheduler

#: Seconds that running jobs get to finish when the service stops.
FINISH_TIMEOUT = 5.0

logger = logging.getLogger("services.tasks")


async def serve(
    *,
    resources: Resources,
    task_status: TaskStatus[Scheduler],
    stopping: anyio.Event,
) -> None:
    """Run the jobs until `stopping`, then let those that run finish, within a bound.

    A ping waits as long as its site keeps it waiting: nothing is lost with it, and
    the whole house would stop late.
    """
    configuration = await load_job_configuration(resources.database)
    async with anyio.create_task_group() as tasks:
        scheduler = Scheduler(
            [_schedule(job, *configuration[job.name]) for job in JOBS],
            resources=resources,
            tasks=tasks,
        )
        tasks.start_soon(scheduler.run)
        task_status.started(scheduler)
        scheduler.run_on_start()
        await stopping.wait()
        scheduler.stop()
        tasks.cancel_scope.deadline = anyio.current_time() + FINISH_TIMEOUT


def _schedule(job: Job, cron: str, enabled: bool) -> ScheduledJob:
    try:
        find_next(cron, after=time.time())
    except ValueError as error:
        # An expression of another cron's dialect must not keep the rest from running.
        logger.warning(
            "job %r: stored cron expression %r is not usable (%s): %r is used instead",
            job.name,
            cron,
            error,
            job.cron,
        )
        cron = job.cron

    return ScheduledJob(
        job=job,
        function=FUNCTIONS[job.name],
        cron=cron,
        enabled=enabled,
        started=enabled,
    )
