"""The form of an app's tile: the app itself, and what the tile shows of it."""

from __future__ import annotations

import re

import pytest

from dashboard.accounts import add_member, create_group, set_permissions
from dashboard.database import Database

from .helpers import Browser
from .manage import user_id

APP = {
    "name": "NAS",
    "href": "http://nas.local/",
    "icon_url": "http://nas.local/icon.png",
    "ping_url": "http://nas.local/ping",
}


async def _add(member: Browser) -> str:
    """Add the app; return the path of its item."""

    await member.add("app", **APP)
    edit = await member.get(f"{await member.home()}?edit=1")
    found = re.search(
        r'href="(/boards/\S+/items/\w+)" aria-label="Edit NAS"', edit.text
    )
    assert found is not None
    return found[1]


async def _stored(database: Database) -> dict[str, str | None]:
    row = await database.one(
        "SELECT name, href, icon_url, ping_url FROM app WHERE name IN ('NAS', 'Box')"
    )
    assert row is not None
    return dict(row)


async def _let_change_boards(database: Database, *more: str) -> None:
    """Give the guest the boards, and perhaps more, through a group."""

    guest = await user_id(database)
    group = await create_group(database, name="Editors", owner_id=guest)
    await add_member(database, group.id, user_id=guest)
    await set_permissions(database, group.id, ["board-modify-all", *more])


async def test_the_form_shows_and_changes_the_app(member: Browser, database: Database):
    """Name, addresses and icon, in one go with the options of the tile."""

    path = await _add(member)
    shown = await member.get(path)
    new = {
        "name": "Box",
        "href": "box.local:8080/x",
        "icon_url": "http://box.local/i.png",
        "ping_url": "",
    }
    page = await member.submit(path, path, {**new, "showTitle": "on"})
    home = await member.get("/")

    for value in APP.values():
        assert f'value="{value}"' in shown.text

    assert page.status == 303
    assert await _stored(database) == {
        **new,
        "href": "http://box.local:8080/x",
        "ping_url": None,
    }
    assert 'href="http://box.local:8080/x" rel=' in home.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Give the app a name."),
        ({"name": "x" * 65}, "at most 64 characters"),
        ({"href": ""}, "Give an address."),
        ({"href": "javascript:alert(1)"}, "starts with http://"),
        ({"icon_url": "javascript:x"}, "starts with http://"),
        ({"ping_url": "ftp://a"}, "starts with http://"),
    ],
)
async def test_a_fault_is_told_and_nothing_is_stored(
    member: Browser, database: Database, fields: dict[str, str], sentence: str
):
    """By the rules of a new app; what was typed stays, and so does the tile."""

    path = await _add(member)
    before = await database.all("SELECT options FROM item ORDER BY id")
    page = await member.submit(path, path, {**APP, "icon_url": "", **fields})
    after = await database.all("SELECT options FROM item ORDER BY id")

    assert page.status == 422
    assert sentence in page.words
    for value in fields.values():
        assert f'value="{value}"' in page.text

    assert await _stored(database) == APP
    assert [tuple(row) for row in before] == [tuple(row) for row in after]


async def test_what_is_left_as_it_is_has_no_fault(member: Browser, database: Database):
    """Homarr takes apps without an address, and addresses of other programs."""

    path = await _add(member)
    async with database.write() as tx:
        await tx.execute("UPDATE app SET href = 'vscode://x' WHERE name = 'NAS'")

    fields = {**APP, "href": "vscode://x", "name": "Box"}
    page = await member.submit(path, path, fields)

    assert page.status == 303
    assert await _stored(database) == fields


async def test_who_may_not_change_apps_sees_the_app_and_changes_the_tile(
    member: Browser, guest: Browser, database: Database
):
    """The facts and a sentence stand where the fields would be."""

    path = await _add(member)
    await _let_change_boards(database)
    shown = await guest.get(path)
    forged = await guest.submit(path, path, {"name": "Box"})
    tile = await guest.submit(path, path, {"showTitle": "on"})

    assert 'name="href"' not in shown.text
    assert f"Address {APP['href']}" in shown.words
    assert "Only who may change all apps can change them." in shown.words
    assert (forged.status, tile.status) == (403, 303)
    assert await _stored(database) == APP


async def test_the_permission_is_enough(
    member: Browser, guest: Browser, database: Database
):
    """One need not be an administrator."""

    path = await _add(member)
    await _let_change_boards(database, "app-modify-all")
    page = await guest.submit(path, path, {**APP, "name": "Box"})

    assert page.status == 303
    assert (await _stored(database))["name"] == "Box"
