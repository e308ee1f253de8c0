"""How the services are laid over processes, and the launch of such an arrangement."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import trio

from memory_report.errors import MeasurementError
from memory_report.processes import Command, LaunchedProcess, open_process
from memory_report.redis_server import (
    find_free_port,
    find_redis_server,
    redis_command,
)

#: What is launched: this interpreter, as a user would call it.
RUNNER = (sys.executable, "-m", "runner")
#: The folder that holds our packages, in a clone as in an installation.
ROOT = Path(__file__).parent.parent
API_KEY = "memory-report"

READY_TIMEOUT = 30.0
STOP_TIMEOUT = 20.0

#: The environment is made anew, alike everywhere; only these come from ours.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Which services share a process."""

    name: str
    #: By the name of the process, the services that it is told to run.
    processes: Mapping[str, tuple[str, ...]]
    #: Whether its processes need a bus between them.
    redis: bool


SEPARATE = Arrangement(
    name="separate",
    processes={"web": ("web",), "ws": ("ws",), "tasks": ("tasks",)},
    redis=True,
)
#: No service named: everything in the bundled plan.
TOGETHER = Arrangement(name="together", processes={"web+ws+tasks": ()}, redis=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningArrangement:
    """A launched arrangement whose services are all ready."""

    arrangement: Arrangement
    services: tuple[LaunchedProcess, ...]
    redis: LaunchedProcess | None
    #: By service, `http://host:port` without a path.
    urls: Mapping[str, str]
    database: Path
    api_key: str
    #: From the start of the first process to the readiness of the last service.
    ready_seconds: float

    @property
    def processes(self) -> tuple[LaunchedProcess, ...]:
        """All of its processes, in the order of the table."""

        return (*self.services, *([self.redis] if self.redis else []))

    async def stop(self) -> dict[str, int]:
        """Stop the services and return what they counted, by dotted name.

        All are told before any is waited for, as a supervisor does it.
        """

        async with trio.open_nursery() as nursery:
            for process in self.services:
                nursery.start_soon(process.stop, STOP_TIMEOUT)

        return {
            f"{event['service']}.{name}": count
            for process in self.services
            for event in read_events(process, "stopped")
            for name, count in (event.get("statistics") or {}).items()
        }


@asynccontextmanager
async def open_arrangement(
    arrangement: Arrangement,
    *,
    folder: Path,
    runner: tuple[str, ...] = RUNNER,
    ready_timeout: float = READY_TIMEOUT,
) -> AsyncIterator[RunningArrangement]:
    """Launch an arrangement with an empty database in `folder`; reap all of it."""

    database = folder / "db.sqlite"
    environment = make_environment(database)
    begin = trio.current_time()

    async with AsyncExitStack() as stack:
        redis = None
        if arrangement.redis:
            port = find_free_port()
            environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
            redis = await stack.enter_async_context(
                open_process(
                    redis_command(
                        find_redis_server(),
                        port=port,
                        folder=folder,
                        environment=environment,
                    )
                )
            )
            await redis.wait_ready(ready_timeout)
            begin = trio.current_time()

        services = [
            await stack.enter_async_context(
                open_process(_service_command(name, wanted, runner, environment))
            )
            for name, wanted in arrangement.processes.items()
        ]
        for process in services:
            await process.wait_ready(ready_timeout)

        yield RunningArrangement(
            arrangement=arrangement,
            services=tuple(services),
            redis=redis,
            urls=_read_urls(services),
            database=database,
            api_key=API_KEY,
            ready_seconds=trio.current_time() - begin,
        )


def read_events(process: LaunchedProcess, name: str) -> list[dict[str, Any]]:
    """Return the events of one name that belong to a service, oldest first."""

    events = (decode_event(line) for line in process.lines)
    return [event for event in events if event.get("event") == name and _of(event)]


def decode_event(line: str) -> dict[str, Any]:
    """Decode one of the runner's JSON lines; anything else gives nothing."""

    try:
        event = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}

    return event if isinstance(event, dict) else {}


def is_whole_ready(line: str) -> bool:
    """Say whether a line is the runner's word that all its services are ready."""

    event = decode_event(line)
    return event.get("event") == "ready" and not _of(event)


def _of(event: Mapping[str, Any]) -> str | None:
    service = event.get("service")
    return service if isinstance(service, str) else None


def _service_command(
    name: str,
    services: tuple[str, ...],
    runner: tuple[str, ...],
    environment: Mapping[str, str],
) -> Command:
    return Command(
        name=name,
        arguments=(*runner, *services, "--port", "0", "--log-format", "json"),
        environment=environment,
        folder=ROOT,
        ready_line=is_whole_ready,
    )


def make_environment(database: Path) -> dict[str, str]:
    """Return the environment of every launched service, alike everywhere."""

    inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    return inherited | {
        "PYTHONHASHSEED": "0",
        "DB_URL": str(database),
        "CRON_JOB_API_KEY": API_KEY,
        "AUTH_SECRET": "memory-report",
        "NO_EXTERNAL_CONNECTION": "true",
    }


def _read_urls(processes: list[LaunchedProcess]) -> dict[str, str]:
    urls = {
        event["service"]: event["url"]
        for process in processes
        for event in read_events(process, "ready")
        if event.get("url")
    }
    missing = {"web", "ws", "tasks"} - urls.keys()
    if missing:
        names = ", ".join(sorted(missing))
        raise MeasurementError(f"no ready line gave the URL of: {names}")

    return {service: _origin(url) for service, url in urls.items()}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"http://{parts.netloc}"
