from __future__ import annotations

from typing import Any

import pytest

from dashboard.apps import list_app_ids, list_pinged_apps
from dashboard.boards import add_app_item, add_item, find_home_board, update_item
from dashboard.database import Database
from dashboard.identity import Session


@pytest.fixture(name="board_id")
async def _board_id(database: Database, session: Session) -> str:
    board = await find_home_board(database, session)
    assert board is not None
    return board.id


async def pinged(database: Database) -> list[str | None]:
    return [app.target for app in await list_pinged_apps(database)]


@pytest.mark.parametrize(
    ("kind", "options", "ids"),
    [
        ("app", {"appId": "a"}, ["a"]),
        ("app", {"appId": ""}, []),
        ("app", {"appId": 1}, []),
        ("app", {}, []),
        ("bookmarks", {"items": ["a", "b"]}, ["a", "b"]),
        ("bookmarks", {"items": "ab"}, []),
        ("bookmarks", {"items": [1, None, "a"]}, ["a"]),
        ("clock", {"appId": "a"}, []),
    ],
)
def test_app_ids_are_found_in_options(kind: str, options: Any, ids: list[str]):
    """Whatever a stored file holds."""
    assert list_app_ids(kind, options) == ids


async def test_a_new_installation_pings_nobody(database: Database, session: Session):
    """Its examples are links into the internet."""
    assert await pinged(database) == []


async def test_apps_with_an_item_are_pinged_once(
    database: Database, session: Session, board_id: str
):
    """At their ping URL, else at their link; without either not at all."""
    for name, href, ping_url in (
        ("b", "http://b/", None),
        ("a", "http://a/", "http://a/ping"),
        ("c", None, None),
    ):
        await add_app_item(
            database, board_id, name=name, href=href, ping_url=ping_url, session=session
        )

    apps = await list_pinged_apps(database)
    await add_item(
        database, board_id, kind="app", options={"appId": apps[0].id}, session=session
    )

    assert await pinged(database) == ["http://a/ping", "http://b/"]
    assert await list_pinged_apps(database, only=apps[1].id) == [apps[1]]
    assert await list_pinged_apps(database, only=apps[1].id[:-1]) == []


async def test_an_item_can_turn_its_ping_off(
    database: Database, session: Session, board_id: str
):
    """An item without the option follows the server's default."""
    item_id = await add_app_item(
        database, board_id, name="a", href="http://a/", session=session
    )
    await update_item(
        database, board_id, item_id, options={"pingEnabled": False}, session=session
    )

    assert await pinged(database) == []

    async with database.write() as tx:
        await tx.execute(
            "UPDATE item SET options = json_remove(options, '$.json.pingEnabled')"
        )

    assert "http://a/" in await pinged(database)

    async with database.write() as tx:
        await tx.execute(
            "UPDATE serverSetting SET value ="
            " json_set(value, '$.json.enableStatusByDefault', json('false'))"
        )

    assert await pinged(database) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE board SET disable_status = 1",
        (
            'UPDATE serverSetting SET value = \'{"json":{"forceDisableStatus":true}}\''
            " WHERE setting_key = 'board'"
        ),
    ],
)
async def test_the_board_and_the_server_can_forbid_pings(
    database: Database, session: Session, board_id: str, sql: str
):
    """Whatever the items say."""
    await add_app_item(database, board_id, name="a", href="http://a/", session=session)
    async with database.write() as tx:
        await tx.execute(sql)

    assert await pinged(database) == []
