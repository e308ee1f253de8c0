"""What the runner calls: the life of the scheduler and its engine."""

from __future__ import annotations

import logging

import anyio
from anyio.abc import TaskStatus

from dashboard.jobs import JOBS
from dashboard.resources import Resources

from .control import Control
from .cron import LOCAL_TIME
from .engine import Engine, House
from .jobs import FUNCTIONS
from .scheduler import Scheduler
from .state import ScheduledJob
from .timetable import Timetable

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
    async with anyio.create_task_group() as background:
        async with anyio.create_task_group() as tasks:
            house = House(resources=resources, tasks=tasks, background=background)
            jobs = make_jobs()
            engine = open_engine(house, jobs)
            scheduler = Scheduler(
                list(jobs.values()),
                house=house,
                engine=engine,
                timetable=Timetable(zone=resources.settings.cron_zone or LOCAL_TIME),
            )
            await scheduler.reload()
            control = Control(scheduler, house)
            control.open()
            background.start_soon(engine.look_after)
            background.start_soon(control.look_after)
            tasks.start_soon(scheduler.run)
            task_status.started(scheduler)
            scheduler.run_on_start()
            await stopping.wait()
            control.close()
            scheduler.stop()
            tasks.cancel_scope.deadline = anyio.current_time() + FINISH_TIMEOUT

        background.cancel_scope.cancel()


def make_jobs() -> dict[str, ScheduledJob]:
    """The jobs that have a function, as they are before anything was stored."""
    return {
        job.name: ScheduledJob(
            job=job,
            function=FUNCTIONS[job.name],
            cron=job.cron,
            enabled=True,
            started=True,
        )
        for job in JOBS
        if job.name in FUNCTIONS
    }


def open_engine(house: House, jobs: dict[str, ScheduledJob]) -> Engine:
    """The engine that the settings ask for; SAQ's code is loaded only then."""
    if house.resources.settings.tasks_engine == "saq":
        from .queued import QueuedRuns

        return QueuedRuns(house, jobs=jobs)

    from .runs import LocalRuns

    return LocalRuns(house, jobs=jobs)
