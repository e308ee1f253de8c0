"""The service that opens what all services share, and closes it after them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio.abc import TaskStatus

from dashboard.boards import BoardCache, SharedBoards
from dashboard.bus import Bus, open_bus
from dashboard.cache import Cache
from dashboard.database import Database, DatabaseOpenError
from dashboard.database.drivers import Server, locate
from dashboard.logs import passing_on_log
from dashboard.neighbours import keep_company
from dashboard.settings import Settings, load_settings
from dashboard.sources import Sources

MEMORY_TOPIC = "memory"
#: What the application consists of, under one roof or as processes of their own.
SERVICES = ("web", "ws", "tasks")

logger = logging.getLogger(__name__)


class Sample(Protocol):
    """The memory of a process at an instant."""

    def as_dict(self) -> Mapping[str, Any]:
        """The sample as facts that JSON can hold, with `time` in Unix seconds."""


class Monitor(Protocol):
    """What takes the samples of this process."""

    @property
    def label(self) -> str:
        """What this process is called where several are told of."""

    def add_listener(self, callback: Callable[[Any], None]) -> object:
        """Have `callback` called with each new sample, in the runner's main lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What is opened once and shared."""

    settings: Settings
    database: Database
    bus: Bus
    monitor: Any
    #: Of this database, so that every service of the process loads a board once.
    boards: BoardCache = field(default_factory=BoardCache)
    cache: Cache = field(default_factory=Cache)
    #: The servers that are asked for weather, cities and icons.
    sources: Sources = field(default_factory=Sources)


async def serve(
    *, monitor: Monitor, task_status: TaskStatus[Resources], stopping: anyio.Event
) -> None:
    """Open the database and the bus, and keep them until every service has stopped.

    Raises SettingsError, DatabaseOpenError and UnheardNeighbourError, with what to do
    about it.
    """
    settings = load_settings()
    for line in find_missing(settings, monitor.label):
        logger.warning(line)

    location = _locate(settings)
    database = Database(
        location, driver=settings.db_driver, journal_mode=settings.db_journal_mode
    )
    try:
        await database.open()
        with keep_company(location, hears_others=settings.redis_url is not None):
            await _share(settings, database, monitor, task_status, stopping)

    finally:
        with anyio.CancelScope(shield=True):
            await database.close()


async def _share(
    settings: Settings,
    database: Database,
    monitor: Monitor,
    task_status: TaskStatus[Resources],
    stopping: anyio.Event,
) -> None:
    bus = await open_bus(settings.redis_url, max_bytes=settings.cache_size)
    cache = Cache(bus)
    try:
        _relay_samples(monitor, bus)
        resources = Resources(
            settings=settings,
            database=database,
            bus=bus,
            monitor=monitor,
            boards=BoardCache(shared=SharedBoards(bus.remote) if bus.remote else None),
            cache=cache,
        )
        with passing_on_log(bus, settings):
            task_status.started(resources)
            await stopping.wait()

    finally:
        with anyio.CancelScope(shield=True):
            await cache.close()
            await bus.close()


def find_missing(settings: Settings, label: str) -> list[str]:
    """Say what a process that runs only some of the services will lack."""
    here = set(label.split("+"))
    elsewhere = [name for name in SERVICES if name not in here]
    lines = []

    if here & set(SERVICES) and elsewhere and settings.redis_url is None:
        names = " and ".join(elsewhere)
        lines.append(
            f"REDIS_URL is not set: events of {names} do not reach this process; "
            "give all processes one Redis, or run the services together"
        )

    if here == {"tasks"} and not settings.cron_job_api_key:
        lines.append(
            "CRON_JOB_API_KEY is not set: the tasks API refuses everybody; "
            "give all processes the same key"
        )

    outside = [name for name in settings.auth_providers if name != "credentials"]
    if "web" in here and outside:
        nobody = "credentials" not in settings.auth_providers
        lines.append(
            f"AUTH_PROVIDERS names {' and '.join(outside)}, whose sign-in is not "
            "offered yet: their users stay logged in, and cannot log in anew"
            + ("; nobody can log in, so add credentials" if nobody else "")
        )

    return lines


def _locate(settings: Settings) -> Path | Server:
    try:
        return locate(settings.db_url, auth_token=settings.db_auth_token)
    except RuntimeError as error:
        cause = "there is no such home folder; set DB_URL to another path"
        raise DatabaseOpenError(settings.db_url, cause) from error


def _relay_samples(monitor: Monitor, bus: Bus) -> None:
    def relay(sample: Sample) -> None:
        bus.publish(MEMORY_TOPIC, {"process": monitor.label, **sample.as_dict()})

    monitor.add_listener(relay)
