"""Apps that are there already: made for another board, or by a program."""

from __future__ import annotations

import re

import pytest

from dashboard.accounts import add_member, create_group, set_permissions
from dashboard.apps import insert_app
from dashboard.database import Database

from .helpers import Browser
from .manage import user_id

LINK = "http://nas.local/"


@pytest.fixture(name="nas")
async def _nas(database: Database) -> str:
    """An app that stands on no board."""

    async with database.write() as tx:
        return await insert_app(tx, name="NAS", href=LINK, icon_url="/static/icon.svg")


async def _let_change_boards(database: Database) -> None:
    guest = await user_id(database)
    group = await create_group(database, name="Editors", owner_id=guest)
    await add_member(database, group.id, user_id=guest)
    await set_permissions(database, group.id, ["board-modify-all"])


async def test_an_app_of_no_board_is_put_on_one(
    guest: Browser, database: Database, nas: str
):
    """To choose an app takes the board, as by `app.selectable`, and none is made."""

    await _let_change_boards(database)
    edit = await guest.get(f"{await guest.home()}?edit=1")
    before = await database.all("SELECT id FROM app")
    page = await guest.add("existing", app_id=nas)
    home = await guest.get("/")

    assert f'<option value="{nas}">NAS ({LINK})</option>' in edit.text
    assert page.status == 303
    assert f'href="{LINK}"' in home.text
    assert await database.all("SELECT id FROM app") == before


async def test_strangers_and_onlookers_are_shown_no_apps(
    guest: Browser, stranger: Browser, database: Database, nas: str
):
    """Not even where they ask for the forms of a board that they see."""

    async with database.write() as tx:
        await tx.execute("UPDATE board SET is_public = 1")

    row = await database.one("SELECT id FROM board")
    assert row is not None
    for browser in (guest, stranger):
        page = await browser.get(f"/boards/{row['id']}?edit=1")

        assert page.status == 200
        assert nas not in page.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose an app."),
        ({"app_id": " "}, "Choose an app."),
        ({"app_id": "gone"}, "There is no app 'gone'."),
    ],
)
async def test_an_app_that_is_not_there_is_told(
    member: Browser, database: Database, fields: dict[str, str], sentence: str
):
    """The form stays open, and nothing is stored."""

    count = "SELECT count(*) AS items FROM item"
    before = await database.one(count)
    page = await member.add("existing", **fields)

    assert page.status == 422
    assert sentence in page.words
    assert re.search(r"<details [^>]*open>\s*<summary><span>Existing app<", page.text)
    assert await database.one(count) == before


async def test_the_app_that_was_chosen_stays_chosen(
    member: Browser, database: Database, nas: str
):
    """A board without a place for it refuses, and the form comes back as it was."""

    async with database.write() as tx:
        await tx.execute("DELETE FROM section")

    page = await member.add("existing", app_id=nas)

    assert page.status == 422
    assert f'<option value="{nas}" selected>' in page.text


async def test_a_new_list_of_bookmarks_may_have_apps_of_no_board(
    member: Browser, nas: str
):
    """What is chosen becomes a link."""

    edit = await member.get(f"{await member.home()}?edit=1")
    await member.add("bookmarks", title="Network", items=[nas])
    home = await member.get("/")

    assert f'name="items" value="{nas}">' in edit.text
    assert f'href="{LINK}"' in home.text


async def test_an_older_list_of_bookmarks_may_too(member: Browser, nas: str):
    """The form offers them beside those that are listed."""

    edit = await member.get(f"{await member.home()}?edit=1")
    found = re.search(r'href="(/boards/\S+/items/\w+)" aria-label="Edit B', edit.text)
    assert found is not None
    form = await member.get(found[1])
    await member.submit(found[1], found[1], {"title": "Links", "items": [nas]})
    changed = await member.get(found[1])

    assert f'name="items" value="{nas}">' in form.text
    assert re.findall(r'value="(\w+)" checked', changed.text) == [nas]


async def test_without_apps_none_is_offered(member: Browser, database: Database):
    """There is nothing to choose from, and the form of bookmarks says why."""

    async with database.write() as tx:
        await tx.execute("DELETE FROM app")

    page = await member.get(f"{await member.home()}?edit=1")

    assert "Existing app" not in page.words
    assert "Add an app first; then it can be listed here." in page.words
