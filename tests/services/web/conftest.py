"""A web service on a real database and bus, with a monitor that tests fill."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from quart import Quart

from dashboard import superjson
from dashboard.accounts import create_first_admin, create_user
from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.web import create_app

from .helpers import (
    ADMIN,
    GUEST,
    GUEST_PASSWORD,
    PASSWORD,
    Browser,
    FakeClock,
    FakeMonitor,
)


@pytest.fixture(name="anyio_backend", scope="session")
def _anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(name="installed", scope="session")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one administrator, made once: hashing a password takes long."""

    path = tmp_path_factory.mktemp("installed") / "db.sqlite"

    async def install() -> None:
        database = Database(path)
        await create_first_admin(database, name=ADMIN, password=PASSWORD)
        await database.close()

    anyio.run(install)
    return path


@pytest.fixture(name="settings")
def _settings() -> Settings:
    return Settings(auth_secret="a secret of the tests")


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(name="monitor")
def _monitor() -> FakeMonitor:
    return FakeMonitor()


@pytest.fixture(name="empty_database")
async def _empty_database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "empty.sqlite")
    yield database
    await database.close()


@pytest.fixture(name="database")
async def _database(tmp_path: Path, installed: Path) -> AsyncIterator[Database]:
    path = tmp_path / "db.sqlite"
    shutil.copyfile(installed, path)
    database = Database(path)
    yield database
    await database.close()


@pytest.fixture(name="resources")
def _resources(
    settings: Settings, database: Database, monitor: FakeMonitor
) -> Resources:
    return Resources(
        settings=settings, database=database, bus=MemoryBus(), monitor=monitor
    )


@pytest.fixture(name="app")
async def _app(
    resources: Resources, monitor: FakeMonitor, clock: FakeClock
) -> AsyncIterator[Quart]:
    app = create_app(resources=resources, monitor=monitor, now=clock)
    async with app.test_app():
        yield app


@pytest.fixture(name="stranger")
def _stranger(app: Quart) -> Browser:
    return Browser(app)


@pytest.fixture(name="member")
async def _member(app: Quart) -> Browser:
    browser = Browser(app)
    await browser.log_in()
    return browser


@pytest.fixture(name="newcomer")
async def _newcomer(
    settings: Settings,
    empty_database: Database,
    monitor: FakeMonitor,
    clock: FakeClock,
) -> AsyncIterator[Browser]:
    """A browser in front of an installation that nobody has visited yet."""

    resources = Resources(
        settings=settings, database=empty_database, bus=MemoryBus(), monitor=monitor
    )
    app = create_app(resources=resources, monitor=monitor, now=clock)
    async with app.test_app():
        yield Browser(app)


@pytest.fixture(name="closed")
def _closed(resources: Resources) -> list[Any]:
    """What the bus was told of ended sessions."""

    heard: list[Any] = []
    resources.bus.listen(
        "session-closed", lambda _, message: heard.append(superjson.decode(message))
    )
    return heard


@pytest.fixture(name="guest")
async def _guest(app: Quart, database: Database) -> Browser:
    """Somebody who is logged in and may do nothing in particular."""

    await create_user(database, name=GUEST, password=GUEST_PASSWORD)
    browser = Browser(app)
    await browser.log_in(name=GUEST, password=GUEST_PASSWORD)
    return browser
