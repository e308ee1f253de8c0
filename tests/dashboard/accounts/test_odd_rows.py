from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.accounts import (
    close_disabled_sessions,
    create_user,
    find_key_session,
    fix_usernames,
    list_api_keys,
    list_groups,
    list_invites,
    list_users,
    set_password,
    verify_password,
)
from dashboard.database import Database
from tests.dashboard.database.homarr_file import dump, make_homarr_file

PASSWORD = "correct horse"

pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture(name="kind", params=[34, 41])
def _kind(request: pytest.FixtureRequest) -> tuple[str, int]:
    return ("aiosqlite", request.param)


@pytest.fixture(name="path")
def _path(tmp_path: Path, level: int) -> Path:
    """A file with two rows in each table, of words that mean nothing to us."""
    path = tmp_path / "db.sqlite"
    make_homarr_file(path, level)
    return path


def read_accounts(path: Path) -> list[tuple[object, ...]]:
    """The rows of those who were there before."""
    rows = dump(path)["rows"]
    return [
        row
        for table in ("user", "session", "apiKey", "group", "invite", "account")
        for row in rows[table]
        if "ada" not in row
    ]


async def test_rows_that_mean_nothing_to_us_are_shown_and_stay(
    database: Database, path: Path
):
    """Also beside changes to others; nobody logs in with them."""
    before = read_accounts(path)
    user = await create_user(database, name="ada", password=PASSWORD)
    await set_password(database, user.id, "battery staple")

    assert len(await list_users(database)) == 3
    assert len(await list_groups(database)) == 2
    assert len(await list_invites(database)) == 2
    assert len(await list_api_keys(database)) == 2
    assert await fix_usernames(database) == []
    assert await close_disabled_sessions(database, providers=()) == 0
    assert await find_key_session(database, "apiKey1.token") is None
    for name in ("name 1 é\0", "name 1 é"):
        assert await verify_password(database, name=name, password="") is None

    await database.close()

    assert read_accounts(path) == before
