"""A process of its own that runs the tasks service with a few jobs of the tests.

`python -m tests.services.tasks.crew '{"database": …, "log": …, "speed": …}'`. Its clock
may run faster than the real one, so that many ticks pass in a test. What the jobs do
they append to the log; the process ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import anyio

from dashboard.bus import open_bus
from dashboard.database import Database
from dashboard.jobs import Job, configuration, history, registry
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.tasks import claims, engine, lost, runs, service


class Crew:
    """The jobs and their log."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.begun = options.get("begun", time.time())
        self.speed = options.get("speed", 1)

    def now(self) -> float:
        """A clock that runs faster; the same in every process that is told `begun`."""
        return float(self.begun + (time.time() - self.begun) * self.speed)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / self.speed)

    async def wait(self, changed: anyio.Event, seconds: float) -> None:
        with anyio.move_on_after(seconds / self.speed):
            await changed.wait()

    def note(self, word: str, name: str) -> None:
        """One line for all processes to append to."""
        line = f"{word} {name} {os.getpid()}\n".encode()
        with Path(self.options["log"]).open("ab", buffering=0) as log:
            log.write(line)

    async def run(self, name: str) -> None:
        self.note("begin", name)
        # Another process says go: there is no event to wait for.
        while name == "slow" and not Path(self.options["go"]).exists():  # noqa: ASYNC110
            await anyio.sleep(0.02)

        self.note("end", name)


def patch(crew: Crew) -> None:
    """Put our jobs and times in the place of the real ones."""
    jobs = tuple(
        Job(name=name, cron=cron, timeout=3600.0, catch_up=3600.0)
        for name, cron in crew.options["jobs"].items()
    )
    for module in (registry, configuration, service):
        module.JOBS = jobs  # type: ignore[attr-defined]

    service.FUNCTIONS = {  # type: ignore[assignment]
        job.name: lambda _, name=job.name: crew.run(name) for job in jobs
    }
    history.KEPT_RUNS = 100_000
    claims.LEASE = lease = crew.options.get("lease", 30.0)
    runs.RENEW_INTERVAL = lease / 5
    lost.WATCH_INTERVAL = lease
    lost.LostRuns.__init__.__kwdefaults__["interval"] = lease
    house, scheduler = engine.House, service.Scheduler
    service.House = lambda **more: house(now=crew.now, sleep=crew.sleep, **more)  # type: ignore[assignment, misc]
    service.Scheduler = lambda *jobs, **more: scheduler(*jobs, wait=crew.wait, **more)  # type: ignore[assignment, misc]
    if crew.options.get("redis"):
        from services.tasks import queued

        queued.HEARTBEAT = crew.options.get("heartbeat", 60)
        queued.HEARTBEAT_INTERVAL = 0.5 * crew.speed
        queued.SWEEP_INTERVAL = 1
        queued.RETRY_INTERVAL = 0.0
        queued.FORGOTTEN *= crew.speed


async def main(options: dict[str, Any]) -> None:
    """Serve until standard input ends; says `ready` before."""
    patch(Crew(options))
    settings = Settings()
    if options.get("redis"):
        settings = dataclasses.replace(
            settings, tasks_engine="saq", redis_url=options["redis"]
        )

    database = Database(options["database"])
    resources = Resources(
        settings=settings,
        database=database,
        bus=await open_bus(settings.redis_url),
        monitor=None,
    )
    stopping = anyio.Event()
    try:
        async with anyio.create_task_group() as tasks:

            class Status:
                def started(self, _: Any) -> None:
                    sys.stdout.write("ready\n")
                    sys.stdout.flush()

            async def serve() -> None:
                await service.serve(
                    resources=resources,
                    task_status=Status(),  # type: ignore[arg-type]
                    stopping=stopping,
                )

            tasks.start_soon(serve)
            await anyio.to_thread.run_sync(sys.stdin.read)
            stopping.set()

    finally:
        await resources.bus.close()
        await database.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    asyncio.run(main(json.loads(sys.argv[1])))
