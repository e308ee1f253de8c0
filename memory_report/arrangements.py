"""The launch of an arrangement: its processes, their addresses, their events."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trio

from memory_report.catalogue import (
    ARRANGEMENTS,
    BUNDLED,
    PARENTS,
    SEPARATE,
    TOGETHER,
    Arrangement,
    Subject,
)
from memory_report.commands import (
    ROOT,
    RUNNER,
    decode_event,
    is_whole_ready,
    make_commands,
)
from memory_report.errors import MeasurementError
from memory_report.processes import Command, LaunchedProcess, open_process
from memory_report.redis_server import (
    find_free_port,
    find_redis_server,
    redis_command,
)
from runner.system import list_descendants

__all__ = [
    "ARRANGEMENTS",
    "BUNDLED",
    "ROOT",
    "RUNNER",
    "SEPARATE",
    "TOGETHER",
    "Arrangement",
    "RunningArrangement",
    "Subject",
    "decode_event",
    "is_whole_ready",
    "make_environment",
    "open_arrangement",
    "read_events",
    "read_urls",
]

API_KEY = "memory-report"

READY_TIMEOUT = 30.0
STOP_TIMEOUT = 20.0

#: The environment is made anew, alike everywhere; only these come from ours.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


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

    @property
    def answering(self) -> tuple[int, ...]:
        """The ids of the processes that answer SIGUSR1 and SIGUSR2, one a service."""

        return tuple(
            event["pid"]
            for process in self.services
            for event in map(decode_event, process.lines)
            if event.get("event") == "starting"
        )

    def list_groups(self) -> dict[str, tuple[int, ...]]:
        """Return the ids of the processes behind each row of the table, by its name.

        What a parent starts for a service has a row of its own, named like it.

        Raises:
            MeasurementError: a process has ended.
        """

        groups: dict[str, tuple[int, ...]] = {}
        for process in self.processes:
            pids = (process.pid, *list_descendants(process.pid))
            if process is not self.redis and self.arrangement.starter in PARENTS:
                groups |= self._split_group(process, pids)
            else:
                groups[process.name] = pids

        return groups

    def _split_group(
        self, process: LaunchedProcess, pids: tuple[int, ...]
    ) -> dict[str, tuple[int, ...]]:
        trees = [(pid, *list_descendants(pid)) for pid in pids[1:]]
        groups: dict[str, tuple[int, ...]] = {process.name: (process.pid,)}
        services = set(self.arrangement.processes[process.name])
        for event in map(decode_event, process.lines):
            if event.get("event") == "starting":
                (name,) = services.intersection(event["services"])
                # The largest tree that it is in: Hypercorn's parent, not its child.
                around = [tree for tree in trees if event["pid"] in tree]
                if not around:
                    raise MeasurementError(f"process {name!r} ended in the middle")

                groups[name] = max(around, key=len)

        return groups

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
    subject: Subject = BUNDLED,
    cache: Path | None = None,
) -> AsyncIterator[RunningArrangement]:
    """Launch an arrangement with an empty database in `folder`; reap all of it.

    `cache` is a folder for what one launch finds out for the next one of its kind.
    """

    database = folder / "db.sqlite"
    environment = make_environment(database, own=subject.own)
    begin = trio.current_time()

    async with AsyncExitStack() as stack:
        redis = None
        if arrangement.redis:
            command, environment["REDIS_URL"] = _prepare_redis(folder, environment)
            redis = await stack.enter_async_context(open_process(command))
            await redis.wait_ready(ready_timeout)
            begin = trio.current_time()

        commands = make_commands(
            arrangement,
            subject,
            runner=runner,
            environment=environment,
            folder=folder,
            cache=cache or folder,
        )
        services = [
            await stack.enter_async_context(open_process(command))
            for command in commands
        ]
        for process in services:
            await process.wait_ready(ready_timeout)

        yield RunningArrangement(
            arrangement=arrangement,
            services=tuple(services),
            redis=redis,
            urls=read_urls(services, subject.mounted),
            database=database,
            api_key=API_KEY,
            ready_seconds=trio.current_time() - begin,
        )


def _prepare_redis(folder: Path, environment: Mapping[str, str]) -> tuple[Command, str]:
    """Return what starts a bus, and the URL that it will have."""

    port = find_free_port()
    url = f"redis://127.0.0.1:{port}/0"
    command = redis_command(
        find_redis_server(),
        port=port,
        folder=folder,
        environment={**environment, "REDIS_URL": url},
    )
    return command, url


def read_events(process: LaunchedProcess, name: str) -> list[dict[str, Any]]:
    """Return the events of one name that belong to a service, oldest first."""

    events = (decode_event(line) for line in process.lines)
    return [event for event in events if event.get("event") == name and _of(event)]


def _of(event: Mapping[str, Any]) -> str | None:
    service = event.get("service")
    return service if isinstance(service, str) else None


def make_environment(database: Path, *, own: bool = False) -> dict[str, str]:
    """Return the environment of every launched service, alike everywhere.

    Somebody's own services get all that we have: we cannot know what they need.
    """

    if own:
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(filter(None, paths))
        return {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": path,
            # Compiling at every start leaves memory behind, most of it where there
            # are most processes: the warm-up shall do it for all.
            "PYTHONDONTWRITEBYTECODE": "",
        }

    inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    return inherited | {
        "PYTHONHASHSEED": "0",
        "DB_URL": str(database),
        "CRON_JOB_API_KEY": API_KEY,
        "AUTH_SECRET": "memory-report",
        "NO_EXTERNAL_CONNECTION": "true",
    }


def read_urls(
    processes: Sequence[LaunchedProcess], wanted: frozenset[str]
) -> dict[str, str]:
    """Return `http://host:port` by service, as it was said last.

    Raises:
        MeasurementError: one of those wanted has said nothing.
    """

    urls = {
        event["service"]: event["url"]
        for process in processes
        for event in read_events(process, "ready")
        if event.get("url")
    }
    missing = wanted - urls.keys()
    if missing:
        names = ", ".join(sorted(missing))
        raise MeasurementError(f"no ready line gave the URL of: {names}")

    return {service: _origin(url) for service, url in urls.items()}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"http://{parts.netloc}"
