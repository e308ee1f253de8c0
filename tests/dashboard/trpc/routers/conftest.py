from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from dashboard.accounts import hashing
from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.resources import Resources
from dashboard.settings import Settings

from .callers import Callers, fill
from .house import House, open_house


@pytest.fixture(name="filled", scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the board that `callers.fill` describes, made once."""
    path = tmp_path_factory.mktemp("filled") / "db.sqlite"

    async def make() -> None:
        database = Database(path)
        await fill(database)
        await database.close()

    anyio.run(make)
    return path


@pytest.fixture(name="callers")
async def _callers(tmp_path: Path, filled: Path) -> AsyncIterator[Callers]:
    """Everybody, in front of a house of their own."""
    path = tmp_path / "filled.sqlite"
    shutil.copyfile(filled, path)
    database = Database(path)
    resources = Resources(
        settings=Settings(), database=database, bus=MemoryBus(), monitor=None
    )
    yield Callers(resources=resources)
    await resources.cache.close()
    await database.close()


@pytest.fixture(name="level", params=[None, 34], ids=["fresh", "0034"])
def _level(request: pytest.FixtureRequest) -> int | None:
    """Which of Homarr's migrations the file is at; 0034 has columns for salts."""
    level: int | None = request.param
    return level


@pytest.fixture(name="settings")
def _settings() -> Settings:
    return Settings()


@pytest.fixture(name="house")
async def _house(
    tmp_path: Path,
    level: int | None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    """People who really log in; bcrypt is at its lowest cost."""
    monkeypatch.setattr(hashing, "COST", 4)
    house = await open_house(tmp_path / "house.sqlite", level, settings)
    yield house
    await house.resources.cache.close()
    await house.database.close()


@pytest.fixture(name="empty")
async def _empty(house: House) -> House:
    """A house that nobody has visited yet."""
    await house.run(
        'DELETE FROM "user"',
        "DELETE FROM \"group\" WHERE name <> 'everyone'",
        "UPDATE onboarding SET step = 'start', previous_step = NULL",
    )
    return house
