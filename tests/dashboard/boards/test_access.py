from __future__ import annotations

from typing import Any

import pytest

from dashboard.boards import find_home_board, load_board
from dashboard.database import Database
from dashboard.identity import Session


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
