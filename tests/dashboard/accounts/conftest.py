from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.accounts import create_user, hashing
from dashboard.database import Database
from dashboard.identity import User
from tests.dashboard.accounts.clock import Clock
from tests.dashboard.database.homarr_file import make_homarr_file, open_file

PASSWORD = "correct horse"


@pytest.fixture(
    name="kind",
    params=[("aiosqlite", None), ("sqlite3", 34), ("aiosqlite", 41)],
    ids=["fresh-aiosqlite", "0034-sqlite3", "0041-aiosqlite"],
)
def _kind(request: pytest.FixtureRequest) -> tuple[str, int | None]:
    """A driver, and the level of the Homarr file that it opens."""
    kind: tuple[str, int | None] = request.param
    return kind


@pytest.fixture(name="driver")
def _driver(kind: tuple[str, int | None]) -> str:
    return kind[0]


@pytest.fixture(name="level")
def _level(kind: tuple[str, int | None]) -> int | None:
    return kind[1]


@pytest.fixture(name="path")
def _path(tmp_path: Path, level: int | None) -> Path:
    """Where the file will be made, or where Homarr has left one with its seeds."""
    path = tmp_path / "data" / "db.sqlite"
    if level is not None:
        make_homarr_file(path, level, rows=False)
        with open_file(path) as connection:
            connection.execute(
                'INSERT INTO "group" (id, name, position) VALUES (?, ?, ?)',
                ("e", "everyone", -1),
            )
            connection.execute(
                "INSERT INTO onboarding (id, step) VALUES ('o', 'start')"
            )

    return path


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="cheap_hashes")
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt at its lowest cost, where the cost is not what is tested."""
    monkeypatch.setattr(hashing, "COST", 4)


@pytest.fixture(name="ada")
async def _ada(database: Database, cheap_hashes: None) -> User:
    return await create_user(database, name="ada", password=PASSWORD)


@pytest.fixture(name="bob")
async def _bob(database: Database, cheap_hashes: None) -> User:
    return await create_user(database, name="bob", password=PASSWORD)


@pytest.fixture(name="outsider")
async def _outsider(database: Database) -> User:
    """Somebody of another provider, as Homarr stores them."""
    user = User(id="outsider", name="olga")
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name, email, provider)'
            " VALUES (?, ?, 'olga@example.com', 'oidc')",
            (user.id, user.name),
        )

    return user
