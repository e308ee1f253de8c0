from __future__ import annotations

import math
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard.boards import Board, add_app_item, load_board
from dashboard.boards.content import is_same, make_content
from dashboard.boards.inputs import (
    Content,
    ItemInput,
    ItemPlace,
    SectionInput,
    SectionPlace,
    read_input,
)
from dashboard.boards.manage import create_board
from dashboard.boards.save import save_board
from dashboard.database import Database
from dashboard.identity import Session
from dashboard.javascript import RegExp

from .conftest import LogIn, Try

#: A kind and options that nobody has heard of, written as nobody writes them here.
STRANGE = (
    '{"json": { "when":"2026-01-02T03:04:05.000Z",  "deep":{"x":[1,1.0,"\\u00e4"]},'
    '"re":"/a/g" }, "meta": {"values":{"when":["Date"],"re":["regexp"]}}, "more": 1}'
)


def dump(path: Path) -> list[str]:
    """Every row of the file, as SQL."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


async def add_strange(database: Database, board: Board) -> None:
    """An item of tomorrow, with a column and a table that nobody knows."""
    layout, section = board.layouts[0].id, board.sections[0].id
    async with database.write() as tx:
        await tx.execute("ALTER TABLE item ADD COLUMN mystery text")
        await tx.execute("ALTER TABLE item_layout ADD COLUMN mystery text")
        await tx.execute("CREATE TABLE item_mood (item_id text, mood text)")
        await tx.execute("INSERT INTO item_mood VALUES ('odd', 'good')")
        await tx.execute(
            "INSERT INTO item VALUES ('odd', ?, 'fromTomorrow', ?, ?, 'kept')",
            (board.id, STRANGE, STRANGE),
        )
        await tx.execute(
            "INSERT INTO item_layout VALUES ('odd', ?, ?, 1, 20, 2, 2, 'kept')",
            (section, layout),
        )


async def reload(database: Database, board: Board, session: Session) -> Board:
    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    return loaded


async def test_saving_what_was_loaded_changes_nothing(
    database: Database, session: Session, board: Board, path: Path
):
    """Not a byte of any row: what equals a default is not written either."""
    await add_strange(database, board)
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item SET options = '{\"json\": {}}' WHERE kind = 'clock'"
        )

    loaded = await reload(database, board, session)
    before = dump(path)
    content = make_content(loaded)
    await save_board(database, board.id, content, session=session)

    assert dump(path) == before
    assert await reload(database, board, session) == loaded


async def test_what_differs_is_saved_and_the_rest_is_left_alone(
    database: Database, session: Session, board: Board, path: Path
):
    """Only the options that were changed are written, in only those items."""
    await add_strange(database, board)
    content = make_content(await reload(database, board, session))
    note = next(item for item in content.items if item.kind == "notebook")
    other = replace(note, options={**note.options, "content": "new"})
    items = tuple(other if item is note else item for item in content.items)
    before = set(dump(path))
    await save_board(database, board.id, replace(content, items=items), session=session)
    added = [line for line in dump(path) if line not in before]
    found = await reload(database, board, session)

    assert len(added) == 1
    assert note.id in added[0]
    assert next(i for i in found.items if i.id == note.id).options["content"] == "new"


async def test_an_option_of_an_unknown_kind_changes_alone(
    database: Database, session: Session, board: Board
):
    """Its other options keep their values, their types and what we cannot read."""
    await add_strange(database, board)
    content = make_content(await reload(database, board, session))
    items = tuple(
        replace(item, options={"deep": 5}) if item.id == "odd" else item
        for item in content.items
    )
    await save_board(database, board.id, replace(content, items=items), session=session)
    row = await database.one("SELECT * FROM item WHERE id = 'odd'")
    found = next(
        i for i in (await reload(database, board, session)).items if i.id == "odd"
    )

    assert row is not None
    assert (row["mystery"], row["advanced_options"]) == ("kept", STRANGE)
    assert '"re":["regexp"]' in row["options"]
    assert found.options == {
        "when": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "deep": 5,
        "re": RegExp("/a/g"),
    }


async def test_items_of_unknown_kinds_stay_where_they_are_not_mentioned(
    database: Database, session: Session, board: Board
):
    """Whoever saved may not have been shown them; those of known kinds go."""
    await add_strange(database, board)
    content = make_content(await reload(database, board, session))
    new = SectionInput(id="new", kind="empty", y_offset=0)
    await save_board(
        database,
        board.id,
        Content(sections=content.sections, items=()),
        session=session,
    )
    emptied = await reload(database, board, session)
    await save_board(
        database, board.id, Content(sections=(new,), items=()), session=session
    )
    moved = await reload(database, board, session)

    assert [item.id for item in emptied.items] == ["odd"]
    assert (emptied.items[0].x, emptied.items[0].y) == (1, 20)
    assert [section.id for section in moved.sections] == ["new"]
    assert [(item.id, item.section_id) for item in moved.items] == [("odd", "new")]
    assert (moved.items[0].width, moved.items[0].height) == (2, 2)


async def test_sections_of_all_kinds_are_saved(
    database: Database, session: Session, board: Board
):
    """New ones, changed ones, and ones that are gone with what stood in them."""
    layout, empty = board.layouts[0].id, board.sections[0].id
    place = SectionPlace(
        layout_id=layout, parent_section_id=empty, x_offset=1, y_offset=2, width=3,
        height=4,
    )  # fmt: skip
    category = SectionInput(id="c", kind="category", name="C", x_offset=0, y_offset=1)
    free = SectionInput(
        id="d", kind="dynamic", options={"title": "T"}, layouts=(place,)
    )
    kept = make_content(board).sections[0]
    content = Content(sections=(kept, category, free), items=())
    await save_board(database, board.id, content, session=session)
    first = {s.id: s for s in (await reload(database, board, session)).sections}

    assert (first["c"].name, first["c"].y) == ("C", 1)
    assert (first["d"].x, first["d"].options) == (None, {"title": "T"})
    assert first["d"].placements[layout].section_id == empty
    assert first["d"].placements[layout].height == 4

    changed = Content(
        sections=(
            replace(kept, y_offset=5),
            replace(category, name="Other", kind="empty"),
            replace(free, layouts=(replace(place, x_offset=0),), options={}),
        ),
        items=(),
    )
    await save_board(database, board.id, changed, session=session)
    second = {s.id: s for s in (await reload(database, board, session)).sections}

    assert second[empty].y == 5
    assert (second["c"].name, second["c"].kind) == ("Other", "category")
    assert second["d"].placements[layout].x == 0
    assert second["d"].options == {"title": "T"}

    await save_board(
        database, board.id, Content(sections=(kept,), items=()), session=session
    )

    assert [s.id for s in (await reload(database, board, session)).sections] == [empty]
    assert not await database.all("SELECT 1 FROM section_layout")


async def test_items_are_added_moved_and_removed(
    database: Database, session: Session, board: Board
):
    """By their ids; a place in a layout that is not named stays."""
    layout, section = board.layouts[0].id, board.sections[0].id
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
            " VALUES ('wide', 'Wide', ?, 20, 1200)",
            (board.id,),
        )
        await tx.execute(
            "INSERT INTO item_layout VALUES (?, ?, 'wide', 7, 8, 2, 3)",
            (board.items[0].id, section),
        )

    place = ItemPlace(
        layout_id=layout, section_id=section, x_offset=4, y_offset=5, width=1, height=1
    )
    content = make_content(board)
    new = ItemInput(
        id="new",
        kind="weather",
        options={"a": datetime(2026, 1, 1, tzinfo=UTC)},
        advanced_options={"title": "N"},
        layouts=(place,),
    )
    moved = replace(content.items[0], layouts=(replace(place, x_offset=9),))
    await save_board(
        database, board.id, replace(content, items=(moved, new)), session=session
    )
    items = {item.id: item for item in (await reload(database, board, session)).items}

    assert items.keys() == {moved.id, "new"}
    assert items["new"].options == {"a": datetime(2026, 1, 1, tzinfo=UTC)}
    assert items["new"].advanced_options == {"title": "N"}
    assert (items["new"].x, items["new"].y) == (4, 5)
    assert (items[moved.id].x, items[moved.id].placements["wide"].x) == (9, 7)


async def test_another_kind_has_options_of_its_own(
    database: Database, session: Session, board: Board
):
    """What the options of the old one meant is over."""
    content = make_content(board)
    note = next(item for item in content.items if item.kind == "notebook")
    items = (replace(note, kind="iframe", options={"embedUrl": "/x"}),)
    await save_board(database, board.id, replace(content, items=items), session=session)
    found = (await reload(database, board, session)).items

    assert [(i.kind, i.options) for i in found] == [("iframe", {"embedUrl": "/x"})]


@pytest.mark.parametrize(
    "change",
    [
        {"sections": ()},
        {"items": "twice"},
        {"sections": "twice"},
        {"item": {"layouts": "unknown layout"}},
        {"item": {"layouts": "twice"}},
        {"item": {"layouts": "another board's section"}},
        {"item": {"id": "another board's"}},
        {"item": {"id": ""}},
        {"item": {"id": "\ud800"}},
        {"item": {"options": {"x": object()}}},
        {"item": {"options": {"x": "\ud800"}}},
        {"item": {"options": {"x": "x" * (1024 * 1024)}}},
        {"item": {"kind": ""}},
        {"item": {"kind": "fromTomorrow"}},
        {"section": {"id": "another board's"}},
        {"section": {"id": "new", "kind": "fromTomorrow"}},
        {"section": {"name": "\ud800"}},
        {"section": {"y_offset": "1"}},
        {"section": {"kind": "dynamic", "id": "self", "layouts": "itself"}},
    ],
)
async def test_content_that_does_not_fit_together_is_refused(
    database: Database,
    session: Session,
    board: Board,
    refused: Try,
    path: Path,
    change: dict[str, Any],
):
    """All of it: nothing is saved by halves, and no other board is reached."""
    await create_board(database, "other", session=session)
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset)"
            " SELECT 'theirs', id, 'empty', 0, 1 FROM board WHERE name = 'other'"
        )
        await tx.execute(
            "INSERT INTO item (id, board_id, kind)"
            " SELECT 'their item', id, 'clock' FROM board WHERE name = 'other'"
        )

    before = dump(path)
    content = make_content(board)
    item, section = content.items[0], content.sections[0]
    place = item.layouts[0]
    words = {
        "unknown layout": (replace(place, layout_id="nothing"),),
        "twice": (place, place),
        "another board's section": (replace(place, section_id="theirs"),),
        "itself": (
            SectionPlace(
                layout_id=place.layout_id, parent_section_id="self", x_offset=0,
                y_offset=0, width=1, height=1,
            ),
        ),
    }  # fmt: skip
    items, sections = list(content.items), list(content.sections)
    # Something that would be saved is always there too.
    items[1] = replace(items[1], options={"title": "changed"})
    if "item" in change:
        values = dict(change["item"])
        values = {
            **values,
            **({"id": "their item"} if "'s" in values.get("id", "") else {}),
        }
        if "layouts" in values:
            values["layouts"] = words[values["layouts"]]

        items[0] = replace(item, **values)

    if "section" in change:
        values = dict(change["section"])
        if "'s" in values.get("id", ""):
            values["id"] = "theirs"

        if "layouts" in values:
            values["layouts"] = words[values["layouts"]]

        sections.append(replace(section, **{"id": "more", **values}))

    if change.get("items") == "twice":
        items.append(item)

    if "sections" in change:
        sections = [*sections, section] if change["sections"] else []

    call = save_board(
        database,
        board.id,
        Content(sections=tuple(sections), items=tuple(items)),
        session=session,
    )

    assert (await refused(call)).startswith("BAD_REQUEST: ")
    assert dump(path) == before


async def test_integrations_are_joined_by_those_who_may_use_them(
    database: Database, session: Session, board: Board, log_in: LogIn, refused: Try
):
    """Else a board would show their data to anybody who may change it."""
    editor = await log_in("editor")
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO boardUserPermission VALUES (?, 'editor', 'modify')",
            (board.id,),
        )
        await tx.execute_many(
            "INSERT INTO integration (id, name, url, kind) VALUES (?, ?, 'x', 'plex')",
            [(name, name) for name in ("mine", "group's", "theirs", "there")],
        )
        await tx.execute(
            "INSERT INTO integrationUserPermission VALUES ('mine', 'editor', 'use')"
        )
        await tx.execute(
            "INSERT INTO integrationGroupPermissions"
            " VALUES ('group''s', 'group-editor', 'use')"
        )
        await tx.execute(
            "INSERT INTO integration_item VALUES (?, 'there')", (board.items[0].id,)
        )

    async def save(viewer: Session, *ids: str) -> None:
        content = make_content(await reload(database, board, session))
        items = (replace(content.items[0], integration_ids=ids), *content.items[1:])
        await save_board(
            database, board.id, replace(content, items=items), session=viewer
        )

    async def joined() -> tuple[str, ...]:
        return (await reload(database, board, session)).items[0].integration_ids

    await save(editor, "mine", "group's", "there")

    assert await joined() == ("group's", "mine", "there")
    assert await refused(save(editor, "mine", "theirs", "nothing")) == (
        "BAD_REQUEST: Invalid integration IDs: nothing, theirs"
    )
    assert await refused(save(session, "nothing")) == (
        "BAD_REQUEST: Invalid integration IDs: nothing"
    )

    await save(session, "theirs")

    assert await joined() == ("theirs",)


async def test_content_is_read_by_homarr_s_names(
    database: Database, session: Session, board: Board
):
    """As its pages send it; an app that they show may be gone."""
    layout = board.layouts[0].id
    await add_app_item(database, board.id, name="A", href="http://a/", session=session)
    content = read_input(
        {
            "id": board.id,
            "sections": [
                {"id": "e", "kind": "empty", "xOffset": 0, "yOffset": 0},
                {
                    "id": "c",
                    "kind": "category",
                    "name": "C",
                    "xOffset": 0,
                    "yOffset": 1,
                    "collapsed": True,
                },
            ],
            "items": [
                {
                    "id": "i",
                    "kind": "app",
                    "options": {"appId": "gone"},
                    "advancedOptions": {"title": None, "customCssClasses": []},
                    "integrationIds": [],
                    "layouts": [
                        {
                            "layoutId": layout,
                            "sectionId": "c",
                            "xOffset": 1,
                            "yOffset": 2,
                            "width": 3,
                            "height": 4,
                        }
                    ],
                }
            ],
        },
        Content,
    )
    await save_board(database, board.id, content, session=session)
    found = await reload(database, board, session)

    assert [section.id for section in found.sections] == ["e", "c"]
    assert [(i.id, i.section_id, i.height) for i in found.items] == [("i", "c", 4)]
    assert found.apps == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, True, False),
        (0, False, False),
        (1, 1.0, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        ([1, {"a": None}], [1, {"a": None}], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ("a", "a", True),
        (None, "", False),
    ],
)
def test_values_are_the_same_if_they_are_stored_alike(one: Any, other: Any, same: bool):
    """In Python, 1 equals True, and an option that became true would be lost."""
    assert is_same(one, other) is same
