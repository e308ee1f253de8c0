from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from dashboard.boards import (
    KINDS,
    Board,
    InvalidItemError,
    Item,
    add_app_item,
    add_item,
    load_board,
    remove_item,
    update_item,
)
from dashboard.boards.edit import OPTIONS_BYTES
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session

STORED = {
    "json": {"content": "old", "when": "2026-01-02T03:04:05.000Z", "new": {"x": None}},
    "meta": {"values": {"when": ["Date"], "new.x": ["undefined"]}, "v": 1},
}


async def find_item(
    database: Database, board: Board, item_id: str, session: Session
) -> Item:
    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    return next(item for item in loaded.items if item.id == item_id)


@pytest.mark.parametrize("kind", ["clock", "notebook", "memory", "bookmarks"])
async def test_an_added_item_has_defaults_and_a_place_of_its_own(
    database: Database, session: Session, board: Board, kind: str
):
    """It covers nobody and stays within the columns."""
    item_id = await add_item(database, board.id, kind=kind, options={}, session=session)
    item = await find_item(database, board, item_id, session)
    cells = {
        (item.x + x, item.y + y) for x in range(item.width) for y in range(item.height)
    }

    assert item.options == KINDS[kind].defaults
    assert item.x + item.width <= board.layouts[0].column_count
    for other in board.items:
        assert not cells & {
            (other.x + x, other.y + y)
            for x in range(other.width)
            for y in range(other.height)
        }


async def test_an_item_gets_a_place_in_each_layout(
    database: Database, session: Session, board: Board
):
    """Narrower where the layout is narrower than the item."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
            " VALUES ('narrow', 'Narrow', ?, 2, 1)",
            (board.id,),
        )

    item_id = await add_item(
        database, board.id, kind="notebook", options={}, session=session
    )
    item = await find_item(database, board, item_id, session)

    assert len(item.placements) == 2
    assert item.placements["narrow"].width == 2


async def test_an_update_keeps_what_it_does_not_name(
    database: Database, session: Session, board: Board
):
    """Options of a newer version keep their values and their types."""
    note = next(item for item in board.items if item.kind == "notebook")
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item SET options = ? WHERE id = ?", (json.dumps(STORED), note.id)
        )

    updated = await update_item(
        database, board.id, note.id, options={"content": "new"}, session=session
    )
    row = await database.one("SELECT options FROM item WHERE id = ?", (note.id,))

    assert updated
    assert row is not None
    assert json.loads(row["options"]) == {
        "json": {**STORED["json"], "content": "new"},
        "meta": STORED["meta"],
    }


async def test_updates_at_once_lose_nothing(
    database: Database, session: Session, board: Board
):
    """Each sets its own option; all are there."""
    note = next(item for item in board.items if item.kind == "notebook")

    async def update(name: str) -> None:
        await update_item(
            database, board.id, note.id, options={name: name}, session=session
        )

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(update, f"option{number}")

    item = await find_item(database, board, note.id, session)

    assert {f"option{number}" for number in range(20)} <= set(item.options)


async def test_a_removed_item_is_gone_with_its_places(
    database: Database, session: Session, board: Board
):
    """Removing it again says that there is none."""
    item = board.items[0]

    assert await remove_item(database, board.id, item.id, session=session)
    assert not await remove_item(database, board.id, item.id, session=session)
    assert not await remove_item(database, board.id, "\ud800", session=session)
    assert not await update_item(
        database, board.id, item.id, options={}, session=session
    )
    assert not await database.all(
        "SELECT 1 FROM item_layout WHERE item_id = ?", (item.id,)
    )


async def test_an_app_item_brings_its_app(
    database: Database, session: Session, board: Board
):
    """The board shows it at once, and pings it."""
    item_id = await add_app_item(
        database,
        board.id,
        name=" NAS ",
        href="http://nas:5000/",
        ping_url="http://nas:5000/ping",
        session=session,
    )
    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    item = next(item for item in loaded.items if item.id == item_id)
    app = loaded.apps[item.options["appId"]]

    assert (app.name, app.href, app.icon_url) == ("NAS", "http://nas:5000/", "")
    assert app.target == "http://nas:5000/ping"
    assert item.options["pingEnabled"] is True


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 65},
        {"name": "\ud800"},
        {"href": "http://x/\ud800"},
        {"href": "javascript:alert(1)"},
        {"href": "data:text/html,x"},
        {"href": "//evil.example/"},
        {"href": "https://"},
        {"href": "http://a b/"},
        {"href": "http://x/" + "y" * 9000},
        {"ping_url": "/relative"},
        {"ping_url": "file:///etc/passwd"},
        {"icon_url": "javascript:alert(1)"},
        {"icon_url": "data:text/html,x"},
    ],
)
async def test_an_app_with_a_bad_field_is_refused(
    database: Database, session: Session, board: Board, given: dict[str, str]
):
    """Links that run code or read files never get in."""
    fields: dict[str, Any] = {"name": "App", "href": "http://a/", **given}
    with pytest.raises(InvalidItemError):
        await add_app_item(database, board.id, session=session, **fields)

    assert len(await database.all("SELECT id FROM app")) == 2


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("fromTomorrow", {}),
        ("", {}),
        ("app", {"appId": "nothing"}),
        ("bookmarks", {"items": ["nothing"]}),
        ("notebook", {"content": "x" * OPTIONS_BYTES}),
        ("notebook", {"content": object()}),
    ],
)
async def test_an_item_that_makes_no_sense_is_refused(
    database: Database,
    session: Session,
    board: Board,
    kind: str,
    options: dict[str, Any],
):
    """The error says why, and nothing is left behind."""
    with pytest.raises(InvalidItemError):
        await add_item(database, board.id, kind=kind, options=options, session=session)

    assert len(await database.all("SELECT id FROM item")) == len(board.items)


@pytest.mark.parametrize("gone", ["section", "layout"])
async def test_an_item_that_would_have_no_place_is_refused(
    database: Database, session: Session, board: Board, gone: str
):
    """In Homarr's words: on a board without sections nobody would ever see it."""
    async with database.write() as tx:
        await tx.execute("DELETE FROM item")
        await tx.execute(f"DELETE FROM {gone}")  # noqa: S608 - two constants

    with pytest.raises(InvalidItemError) as caught:
        await add_item(database, board.id, kind="clock", options={}, session=session)

    assert str(caught.value) == "Board has no empty section to place items in"
    assert await database.all("SELECT id FROM item") == []


async def test_who_may_not_see_a_board_does_not_learn_that_it_exists(
    database: Database, visitor: Session, board: Board
):
    """The same answer as for one that is not there."""
    async with database.write() as tx:
        await tx.execute('DELETE FROM "boardGroupPermission"')

    for viewer in (None, visitor):
        for board_id in (board.id, "nothing"):
            with pytest.raises(ProcedureError) as caught:
                await remove_item(database, board_id, board.items[0].id, session=viewer)

            assert caught.value.code == "NOT_FOUND"


async def test_who_only_sees_a_board_cannot_change_it(
    database: Database, visitor: Session, board: Board
):
    """In none of the four ways; as far as they can tell, there is nothing to change."""
    item_id = board.items[0].id
    attempts = [
        lambda: add_item(database, board.id, kind="clock", options={}, session=visitor),
        lambda: update_item(database, board.id, item_id, options={}, session=visitor),
        lambda: remove_item(database, board.id, item_id, session=visitor),
        lambda: add_app_item(
            database, board.id, name="x", href="http://x/", session=visitor
        ),
    ]
    for attempt in attempts:
        with pytest.raises(ProcedureError) as caught:
            await attempt()

        assert caught.value.code == "NOT_FOUND"

    assert len(await database.all("SELECT id FROM item")) == len(board.items)


async def test_making_an_app_takes_its_own_permission(
    database: Database, visitor: Session, board: Board
):
    """To change the board is not enough."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO boardUserPermission VALUES (?, ?, 'modify')",
            (board.id, visitor.user_id),
        )

    with pytest.raises(ProcedureError) as caught:
        await add_app_item(
            database, board.id, name="x", href="http://x/", session=visitor
        )

    assert caught.value.code == "FORBIDDEN"
    assert await add_item(database, board.id, kind="clock", options={}, session=visitor)


async def test_an_item_of_another_board_is_out_of_reach(
    database: Database, session: Session, visitor: Session, board: Board
):
    """Permission on one board does not reach into another."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO board (id, name, creator_id) VALUES ('mine', 'mine', ?)",
            (visitor.user_id,),
        )

    item_id = board.items[0].id

    assert not await update_item(
        database, "mine", item_id, options={"x": 1}, session=visitor
    )
    assert not await remove_item(database, "mine", item_id, session=visitor)


async def test_an_app_is_changed_with_its_item(
    database: Database, session: Session, board: Board
):
    """Fields that are not given stay, and so do all other apps."""
    item = next(item for item in board.items if item.kind == "app")
    app = board.apps[item.options["appId"]]
    changed = await update_item(
        database,
        board.id,
        item.id,
        options={"showTitle": False},
        app={"name": " NAS ", "ping_url": "http://nas/ping"},
        session=session,
    )
    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    now = loaded.apps[app.id]

    assert changed
    assert (now.name, now.ping_url) == ("NAS", "http://nas/ping")
    assert (now.href, now.icon_url) == (app.href, app.icon_url)
    assert [one for one in loaded.apps.values() if one.id != app.id] == [
        one for one in board.apps.values() if one.id != app.id
    ]


@pytest.mark.parametrize(
    ("kind", "app"),
    [
        ("app", {"name": ""}),
        ("app", {"href": "javascript:alert(1)"}),
        ("app", {"id": "other"}),
        ("notebook", {"name": "NAS"}),
        ("bookmarks", {"name": "NAS"}),
    ],
)
async def test_an_item_and_its_app_are_changed_both_or_neither(
    database: Database,
    session: Session,
    board: Board,
    kind: str,
    app: dict[str, str],
):
    """A fault of the app keeps the options from being stored."""
    item = next(item for item in board.items if item.kind == kind)
    with pytest.raises(InvalidItemError):
        await update_item(
            database, board.id, item.id, options={"new": 1}, app=app, session=session
        )

    assert await load_board(database, board.id, session) == board


async def test_changing_an_app_takes_its_own_permission(
    database: Database, session: Session, visitor: Session, board: Board
):
    """To change the board is not enough, and then nothing is stored."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO boardUserPermission VALUES (?, ?, 'modify')",
            (board.id, visitor.user_id),
        )

    item = next(item for item in board.items if item.kind == "app")
    with pytest.raises(ProcedureError) as caught:
        await update_item(
            database,
            board.id,
            item.id,
            options={"new": 1},
            app={"name": "NAS"},
            session=visitor,
        )

    assert caught.value.code == "FORBIDDEN"
    assert await load_board(database, board.id, session) == board
