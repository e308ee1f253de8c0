from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashboard.accounts import create_first_admin, open_session
from dashboard.database import Database
from dashboard.identity import Session, User

PASSWORD = "correct horse"


@pytest.fixture(name="anyio_backend")
def _anyio_backend() -> str:
    """The application's data belongs to the asyncio lane."""
    return "asyncio"


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "db.sqlite"


@pytest.fixture(name="patient")
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis may take its time: a machine that stood still is no fault of it."""
    for name in (
        "dashboard.bus.FIRST_CONNECTION_TIMEOUT",
        "dashboard.bus.client.CONNECT_TIMEOUT",
        "dashboard.bus.redis.CLOSE_TIMEOUT",
        "dashboard.bus.remote.CALL_TIMEOUT",
    ):
        monkeypatch.setattr(name, 20.0)


@pytest.fixture(name="driver", params=["aiosqlite", "sqlite3"])
def _driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="database")
async def _database(path: Path, driver: str) -> AsyncIterator[Database]:
    database = Database(path, driver=driver)
    yield database
    await database.close()


@pytest.fixture(name="admin")
async def _admin(database: Database) -> User:
    return await create_first_admin(database, name="admin", password=PASSWORD)


@pytest.fixture(name="session")
async def _session(database: Database, admin: User) -> Session:
    return await open_session(database, admin)


@pytest.fixture(name="visitor")
async def _visitor(database: Database, admin: User) -> Session:
    """Somebody who is logged in and has no permission at all."""
    visitor = User(id="visitor", name="visitor")
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name) VALUES (?, ?)', (visitor.id, visitor.name)
        )

    return await open_session(database, visitor)
