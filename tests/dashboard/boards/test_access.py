from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dashboard.boards import (
    find_home_board,
    load_board,
    remove_item,
)
from dashboard.boards.duplicate import duplicate_board
from dashboard.boards.grants import load_grants, save_group_grants, save_user_grants
from dashboard.boards.inputs import BoardSettings, Content, LayoutInput
from dashboard.boards.layouts import save_layouts
from dashboard.boards.listing import list_boards
from dashboard.boards.manage import (
    delete_board,
    rename_board,
    save_settings,
    set_home_board,
    set_visibility,
)
from dashboard.boards.save import save_board
from dashboard.database import Database
from dashboard.errors import ProcedureError
from dashboard.identity import Session

from .conftest import LogIn


async def make_board(database: Database, **columns: Any) -> str:
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    async with database.write() as tx:
        await tx.execute(
            f"INSERT INTO board (id, name, {names}) VALUES ('b', 'b', {marks})",  # noqa: S608
            list(columns.values()),
        )

    return "b"


@pytest.mark.parametrize(
    ("permission", "modify", "own"),
    [("view", False, False), ("modify", True, False), ("full", True, True)],
)
@pytest.mark.parametrize("by_group", [False, True])
async def test_permissions_open_a_board(
    database: Database,
    visitor: Session,
    permission: str,
    modify: bool,
    own: bool,
    by_group: bool,
):
    """To its user or to the members of its group; without one it is not there."""
    board_id = await make_board(database, is_public=0)

    assert await load_board(database, board_id, visitor) is None

    async with database.write() as tx:
        if by_group:
            await tx.execute(
                "INSERT INTO boardGroupPermission"
                " SELECT 'b', id, ? FROM \"group\" WHERE name = 'everyone'",
                (permission,),
            )
        else:
            await tx.execute(
                "INSERT INTO boardUserPermission VALUES ('b', ?, ?)",
                (visitor.user_id, permission),
            )

    board = await load_board(database, board_id, visitor)

    assert board is not None
    assert (board.may_modify, board.may_own) == (modify, own)
    assert await load_board(database, board_id, None) is None


async def test_creators_own_their_boards(database: Database, visitor: Session):
    """Without any permission."""
    board_id = await make_board(database, creator_id=visitor.user_id)
    board = await load_board(database, board_id, visitor)

    assert board is not None
    assert board.may_own


async def test_public_boards_are_seen_by_all_and_changed_by_none(
    database: Database, visitor: Session
):
    """Also without any session."""
    board_id = await make_board(database, is_public=1)
    for viewer in (None, visitor):
        board = await load_board(database, board_id, viewer)

        assert board is not None
        assert not board.may_modify


async def test_the_home_board_is_the_first_that_is_set(
    database: Database, visitor: Session
):
    """The user's own, else of a group, else everyone's, else the server's."""
    async with database.write() as tx:
        await tx.execute('UPDATE "group" SET home_board_id = NULL')
        await tx.execute_many(
            "INSERT INTO board (id, name, is_public) VALUES (?, ?, 1)",
            [(name, name) for name in ("server", "everyone", "second", "first", "own")],
        )
        await tx.execute_many(
            'INSERT INTO "group" (id, name, position) VALUES (?, ?, ?)',
            [("g2", "second", 2), ("g1", "first", 1)],
        )
        await tx.execute_many(
            'INSERT INTO "groupMember" (group_id, user_id) VALUES (?, ?)',
            [("g2", visitor.user_id), ("g1", visitor.user_id)],
        )

    steps = [
        (
            (
                "UPDATE serverSetting SET value ="
                " json_set(value, '$.json.homeBoardId', 'server')"
            ),
            "server",
        ),
        (
            "UPDATE \"group\" SET home_board_id = 'everyone' WHERE position = -1",
            "everyone",
        ),
        ("UPDATE \"group\" SET home_board_id = 'second' WHERE id = 'g2'", "second"),
        ("UPDATE \"group\" SET home_board_id = 'first' WHERE id = 'g1'", "first"),
        ("UPDATE \"user\" SET home_board_id = 'own' WHERE id = 'visitor'", "own"),
    ]

    assert await find_home_board(database, visitor) is None

    for sql, expected in steps:
        async with database.write() as tx:
            await tx.execute(sql)

        board = await find_home_board(database, visitor)
        anonymous = await find_home_board(database, None)

        assert board is not None
        assert board.name == expected
        assert anonymous is not None
        assert anonymous.name == "server"


async def test_a_home_board_that_may_not_be_seen_is_none(
    database: Database, visitor: Session
):
    """Its name does not leak."""
    await make_board(database, is_public=0)
    async with database.write() as tx:
        await tx.execute("UPDATE \"user\" SET home_board_id = 'b' WHERE id = 'visitor'")

    assert await find_home_board(database, visitor) is None


#: By who looks: whether they view, modify and own the board "b" of somebody else.
MATRIX = {
    "creator": (True, True, True),
    "stranger": (False, False, False),
    "anonymous": (False, False, False),
    "public": (True, False, False),
    "anonymous of a public one": (True, False, False),
    "user: view": (True, False, False),
    "user: modify": (True, True, False),
    "user: full": (True, True, True),
    "user: word of tomorrow": (True, False, False),
    "group: view": (True, False, False),
    "group: modify": (True, True, False),
    "group: full": (True, True, True),
    "another user: full": (False, False, False),
    "another group: full": (False, False, False),
    "board-view-all": (True, False, False),
    "board-modify-all": (True, True, False),
    "board-full-all": (True, True, True),
    "admin": (True, True, True),
    "board-create": (False, False, False),
    "app-full-all": (False, False, False),
}


async def make_viewer(database: Database, who: str, log_in: LogIn) -> Session | None:
    """A board "b" with an empty section and a layout, and who looks at it."""
    permissions = [who] if "-" in who or who == "admin" else []
    viewer = await log_in("viewer", *permissions, "board-create")
    creator = viewer if who == "creator" else await log_in("somebody")
    public = int("public" in who)
    await make_board(database, creator_id=creator.user_id, is_public=public)
    kind, _, permission = who.partition(": ")
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count)"
            " VALUES ('l', 'Base', 'b', 10)"
        )
        await tx.execute(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset)"
            " VALUES ('s', 'b', 'empty', 0, 0)"
        )
        granted = "somebody" if "another" in kind else "viewer"
        if permission and "user" in kind:
            await tx.execute(
                "INSERT INTO boardUserPermission VALUES ('b', ?, ?)",
                (granted, permission),
            )
        elif permission:
            await tx.execute(
                "INSERT INTO boardGroupPermission VALUES ('b', ?, ?)",
                (f"group-{granted}", permission),
            )

    return None if "anonymous" in who else viewer


@pytest.mark.parametrize("who", MATRIX)
async def test_each_permission_allows_what_it_says(
    database: Database, log_in: LogIn, who: str
):
    """And nothing more; what is forbidden looks as if there were no board."""
    viewer = await make_viewer(database, who, log_in)
    view, modify, own = MATRIX[who]
    seen = await load_board(database, "b", viewer)
    listed = {board.id: board.access for board in await list_boards(database, viewer)}

    assert (seen is not None) == view
    assert ("b" in listed) == view
    if seen is not None:
        assert (seen.may_modify, seen.may_own) == (modify, own)
        assert int(listed["b"]) == 1 + modify + own

    async with database.write() as tx:
        await tx.execute("INSERT INTO item (id, board_id, kind) VALUES ('i', 'b', 'x')")

    layout = LayoutInput(id="l", name="Base", column_count=10, breakpoint=0)
    content = Content(sections=(), items=())
    for expected, call in (
        (view, set_home_board(database, "b", session=viewer)),
        (view, duplicate_board(database, "b", "copy", session=viewer)),
        (modify, remove_item(database, "b", "i", session=viewer)),
        (modify, save_settings(database, "b", BoardSettings(), session=viewer)),
        (modify, save_layouts(database, "b", [layout], session=viewer)),
        (modify, save_board(database, "b", content, session=viewer)),
        (own, load_grants(database, "b", session=viewer)),
        (own, rename_board(database, "b", "c", session=viewer)),
        (own, set_visibility(database, "b", is_public=True, session=viewer)),
        (own, delete_board(database, "b", session=viewer)),
    ):
        assert await is_allowed(call, viewer) == (expected and viewer is not None)


@pytest.mark.parametrize("who", MATRIX)
@pytest.mark.parametrize("save", [save_user_grants, save_group_grants])
async def test_only_owners_change_permissions(
    database: Database, log_in: LogIn, who: str, save: Callable[..., Awaitable[None]]
):
    """Nobody gives themselves a right that they do not have."""
    viewer = await make_viewer(database, who, log_in)
    own = MATRIX[who][2]

    assert await is_allowed(save(database, "b", [], session=viewer), viewer) == own


async def is_allowed(call: Awaitable[Any], viewer: Session | None) -> bool:
    """Whether it is; if not, the answer is that of a board that is not there."""
    try:
        await call
    except ProcedureError as error:
        expected = "UNAUTHORIZED" if viewer is None else "Board not found"
        if error.message not in (expected, "Board not found"):
            raise

        return False

    return True
