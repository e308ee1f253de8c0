from __future__ import annotations

from typing import Any

import pytest

from dashboard.boards import Board, find_board, find_home_board, load_board
from dashboard.boards.inputs import BoardSettings, read_input
from dashboard.boards.manage import (
    create_board,
    delete_board,
    is_name_taken,
    rename_board,
    save_settings,
    set_collapsed,
    set_home_board,
    set_visibility,
)
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session

from .conftest import LogIn, Try


async def test_a_new_board_has_a_section_and_a_layout(
    database: Database, log_in: LogIn
):
    """As Homarr makes it: its creator's, and their home where they have none."""
    creator = await log_in("creator", "board-create")
    first = await create_board(database, "First", columns=7, session=creator)
    second = await create_board(database, "second", is_public=True, session=creator)
    board = await load_board(database, first, creator)
    home = await find_home_board(database, creator)

    assert board is not None
    assert [(s.kind, s.x, s.y) for s in board.sections] == [("empty", 0, 0)]
    assert [(p.name, p.column_count, p.breakpoint) for p in board.layouts] == [
        ("Base", 7, 0)
    ]
    assert (board.name, board.is_public, board.may_own) == ("First", False, True)
    assert home == board
    assert await load_board(database, first, None) is None
    assert await load_board(database, second, None) is not None


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("", 10),
        ("a b", 10),
        ("ä", 10),
        ("a\n", 10),
        ("a/b", 10),
        ("\ud800", 10),
        ("x" * 256, 10),
        ("a", 0),
        ("a", 25),
        ("a", "10"),
    ],
)
async def test_a_board_needs_a_name_and_columns(
    database: Database, session: Session, refused: Try, name: str, columns: Any
):
    """Letters, digits, - and _; 1 to 24 columns."""
    message = await refused(
        create_board(database, name, columns=columns, session=session)
    )

    assert message.startswith("BAD_REQUEST: ")


async def test_names_differ_in_more_than_their_letters_size(
    database: Database, session: Session, board: Board, refused: Try
):
    """For new ones, and for other boards that are renamed."""
    conflict = "CONFLICT: Board with similar name already exists"
    other = await create_board(database, "x" * 255, session=session)
    name = board.name.upper()

    assert await refused(create_board(database, name, session=session)) == conflict
    assert await refused(rename_board(database, other, name, session=session)) == (
        conflict
    )
    assert await is_name_taken(database, name)

    await rename_board(database, board.id, name, session=session)
    found = await find_board(database, name.lower(), session)

    assert found is not None
    assert found.name == name
    assert not await is_name_taken(database, "another")
    assert not await is_name_taken(database, "\ud800")


async def test_of_two_names_the_one_that_is_written_so_is_found(
    database: Database, session: Session
):
    """A file of Homarr's may have both."""
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO board (id, name) VALUES (?, ?)",
            [("1", "Lab"), ("2", "lab"), ("3", "LAB")],
        )

    for name, expected in (("Lab", "1"), ("lab", "2"), ("LAB", "3"), ("lAB", "1")):
        found = await find_board(database, name, session)

        assert found is not None
        assert found.id == expected

    assert await find_board(database, "\ud800", session) is None
    assert await find_board(database, "nothing", session) is None


async def test_the_server_s_home_board_stays_public(
    database: Database, session: Session, board: Board, refused: Try
):
    """That of phones as well; every other board may be hidden."""
    for key in ("homeBoardId", "mobileHomeBoardId"):
        async with database.write() as tx:
            await tx.execute(
                f"UPDATE serverSetting SET value = json_set(value, '$.json.{key}', ?)"  # noqa: S608
                " WHERE setting_key = 'board'",
                (board.id,),
            )

        await set_visibility(database, board.id, is_public=True, session=session)
        message = await refused(
            set_visibility(database, board.id, is_public=False, session=session)
        )

        assert message == "BAD_REQUEST: Cannot make home board private"

        async with database.write() as tx:
            await tx.execute(
                "UPDATE serverSetting SET value = '{\"json\": {}}'"
                " WHERE setting_key = 'board'"
            )

    await set_visibility(database, board.id, is_public=False, session=session)

    assert await load_board(database, board.id, None) is None


async def test_a_deleted_board_is_gone_with_all_that_was_on_it(
    database: Database, session: Session, board: Board
):
    """Whose home it was, has none; its apps stay."""
    apps = await database.all("SELECT id FROM app")
    await delete_board(database, board.id, session=session)

    assert await load_board(database, board.id, session) is None
    assert await find_home_board(database, session) is None
    for table in ("item", "section", "layout", "item_layout"):
        assert not await database.all(f"SELECT 1 FROM {table}")  # noqa: S608

    assert await database.all("SELECT id FROM app") == apps


async def test_settings_change_what_is_given(
    database: Database, session: Session, board: Board
):
    """By Homarr's names or ours; empty texts mean none."""
    given = {
        "pageTitle": "Title",
        "metaTitle": " ",
        "opacity": 40,
        "iconColor": "",
        "customCss": "",
        "itemRadius": "xs",
        "disableStatus": True,
        "unknown": 1,
    }
    settings = read_input(given, BoardSettings)
    await save_settings(database, board.id, settings, session=session)
    await save_settings(
        database, board.id, BoardSettings(primary_color="#00FFaa"), session=session
    )
    await save_settings(database, board.id, BoardSettings(), session=session)
    found = await load_board(database, board.id, session)

    assert found is not None
    assert (found.page_title, found.meta_title, found.icon_color) == (
        "Title",
        None,
        None,
    )
    assert (found.opacity, found.item_radius, found.custom_css) == (40, "xs", "")
    assert (found.primary_color, found.disable_status) == ("#00FFaa", True)
    assert found.secondary_color == board.secondary_color


@pytest.mark.parametrize(
    "given",
    [
        {"custom_css": "x" * 16385},
        {"opacity": -1},
        {"opacity": 101},
        {"opacity": "100"},
        {"item_radius": "xxl"},
        {"primary_color": "red"},
        {"primary_color": "#12345"},
        {"primary_color": "#123456\n"},
        {"secondary_color": ""},
        {"icon_color": "#12345g"},
        {"background_image_size": "auto"},
        {"background_image_repeat": "space"},
        {"background_image_attachment": "local"},
        {"disable_status": 1},
        {"page_title": "\ud800"},
    ],
)
async def test_settings_have_limits(
    database: Database,
    session: Session,
    board: Board,
    refused: Try,
    given: dict[str, Any],
):
    """Also where they were made without a check; nothing is stored then."""
    settings = BoardSettings(meta_title="new", **given)
    message = await refused(
        save_settings(database, board.id, settings, session=session)
    )

    assert message.startswith("BAD_REQUEST: ")
    assert await load_board(database, board.id, session) == board


async def test_a_user_chooses_their_homes(
    database: Database, session: Session, visitor: Session, board: Board, refused: Try
):
    """One for phones too, which falls back to the other; only what they can see."""
    hidden = await create_board(database, "hidden", session=session)
    shown = await create_board(database, "shown", is_public=True, session=session)

    async def homes() -> list[str | None]:
        found = [
            await find_home_board(database, visitor, mobile=mobile)
            for mobile in (False, True)
        ]
        return [home and home.id for home in found]

    assert await homes() == [board.id, board.id]

    await set_home_board(database, shown, session=visitor)

    assert await homes() == [shown, shown]

    await set_home_board(database, board.id, mobile=True, session=visitor)

    assert await homes() == [shown, board.id]
    assert await refused(set_home_board(database, hidden, session=visitor)) == (
        "NOT_FOUND: Board not found"
    )

    await set_home_board(database, None, session=visitor)
    await set_home_board(database, None, mobile=True, session=visitor)

    assert await homes() == [board.id, board.id]


async def test_phones_have_homes_of_groups_and_the_server(
    database: Database, visitor: Session, board: Board
):
    """A group counts where it has both; what cannot be read counts as not set."""
    async with database.write() as tx:
        await tx.execute('UPDATE "group" SET home_board_id = NULL')
        await tx.execute_many(
            "INSERT INTO board (id, name, is_public) VALUES (?, ?, 1)",
            [(name, name) for name in ("server", "phones", "group", "both")],
        )
        await tx.execute_many(
            'INSERT INTO "group" (id, name, position, home_board_id,'
            " mobile_home_board_id) VALUES (?, ?, ?, ?, ?)",
            [("g1", "g1", 1, None, "group"), ("g2", "g2", 2, "group", "both")],
        )
        await tx.execute(
            "INSERT INTO \"serverSetting\" (setting_key, value) VALUES ('board',"
            ' \'{"json":{"homeBoardId":"server","mobileHomeBoardId":"phones"}}\')'
            " ON CONFLICT DO UPDATE SET value = excluded.value"
        )

    async def home(viewer: Session | None, *, mobile: bool) -> str | None:
        found = await find_home_board(database, viewer, mobile=mobile)
        return found and found.id

    assert await home(None, mobile=True) == "phones"
    assert await home(None, mobile=False) == "server"
    assert await home(visitor, mobile=True) == "phones"

    async with database.write() as tx:
        await tx.execute_many(
            'INSERT INTO "groupMember" (group_id, user_id) VALUES (?, ?)',
            [("g1", visitor.user_id), ("g2", visitor.user_id)],
        )

    assert await home(visitor, mobile=True) == "both"
    assert await home(visitor, mobile=False) == "group"

    async with database.write() as tx:
        await tx.execute("UPDATE serverSetting SET value = '{'")

    assert await home(None, mobile=True) is None


async def test_categories_fold_for_one_user(
    database: Database, session: Session, visitor: Session, board: Board, refused: Try
):
    """And unfold; sections of other kinds, and of hidden boards, are not there."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset)"
            " VALUES ('c', ?, 'category', 0, 1)",
            (board.id,),
        )

    for collapsed in (True, True, False):
        await set_collapsed(database, "c", collapsed=collapsed, session=visitor)
        loaded = await load_board(database, board.id, visitor)

        assert loaded is not None
        assert [s.collapsed for s in loaded.sections if s.id == "c"] == [collapsed]

    async with database.write() as tx:
        await tx.execute('DELETE FROM "boardGroupPermission"')

    for section_id in ("c", board.sections[0].id, "nothing", "\ud800"):
        viewer = visitor if section_id == "c" else session
        call = set_collapsed(database, section_id, collapsed=True, session=viewer)

        assert await refused(call) == f"NOT_FOUND: Section not found id={section_id}"


async def test_who_is_not_logged_in_changes_nothing(
    database: Database, board: Board, refused: Try
):
    """Whatever the board; making one takes a permission besides."""
    for call in (
        create_board(database, "new", session=None),
        rename_board(database, board.id, "new", session=None),
        delete_board(database, board.id, session=None),
        set_visibility(database, board.id, is_public=True, session=None),
        save_settings(database, board.id, BoardSettings(), session=None),
        set_home_board(database, board.id, session=None),
        set_collapsed(database, "c", collapsed=True, session=None),
    ):
        assert await refused(call) == "UNAUTHORIZED: UNAUTHORIZED"


async def test_making_a_board_takes_a_permission(database: Database, visitor: Session):
    """Every administrator has it, and not every user."""
    with pytest.raises(ProcedureError, match="Permission denied") as caught:
        await create_board(database, "new", session=visitor)

    assert caught.value.code == "FORBIDDEN"
