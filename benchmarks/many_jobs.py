"""The tasks service with jobs of our own; runs in the roof that a benchmark launches.

It is put into the plan by name, and takes the real service by name as a plan does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus

from dashboard.jobs import Job
from dashboard.resources import Resources
from runner import cli

#: Beside the database: for each run, when it began and how late, in seconds.
FILE = "lateness.json"
CROWD, FEW = 1000, 20

Function = Callable[[Resources], Awaitable[None]]


async def serve_crowd(
    *, resources: Resources, task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Run a thousand jobs, each once a minute at a second of its own."""

    begun: list[tuple[float, float]] = []

    def make(second: int) -> Function:
        async def note(_: Resources) -> None:
            now = time.time()
            begun.append((now, (now - second) % 60))

        return note

    functions = {
        Job(name=f"job{number}", cron=f"{number % 60} * * * * *", timeout=60.0): make(
            number % 60
        )
        for number in range(CROWD)
    }
    try:
        await _put_in(functions).serve(
            resources=resources, task_status=task_status, stopping=stopping
        )
    finally:
        path = Path(resources.settings.db_url).with_name(FILE)
        path.write_text(json.dumps(begun))


async def serve_few(
    *, resources: Resources, task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Run twenty jobs, each once a minute, that ask the database for a row."""

    async def look(_: Resources) -> None:
        await resources.database.check()

    functions: dict[Job, Function] = {
        Job(name=f"job{number}", cron=f"{3 * number} * * * * *", timeout=60.0): look
        for number in range(FEW)
    }
    await _put_in(functions).serve(
        resources=resources, task_status=task_status, stopping=stopping
    )


def write_plan(folder: Path, serve: str) -> Path:
    """Write the bundled plan, with one of these for its tasks service."""

    bundled = Path(cli.__file__).with_name("plan.toml").read_text()
    path = folder / "plan.toml"
    path.write_text(
        bundled.replace('"services.tasks:serve"', f'"benchmarks.many_jobs:{serve}"')
    )
    return path


def _put_in(functions: dict[Job, Function]) -> Any:
    """The real service, with these jobs in the place of its own."""

    service: Any = import_module("services.tasks.service")
    configuration: Any = import_module("dashboard.jobs.configuration")
    service.JOBS = configuration.JOBS = tuple(functions)
    service.FUNCTIONS = {job.name: function for job, function in functions.items()}
    return service
