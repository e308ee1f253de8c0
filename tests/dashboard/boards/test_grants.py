from __future__ import annotations

from typing import Any

import pytest

from dashboard.boards import Board, load_board
from dashboard.boards.grants import load_grants, save_group_grants, save_user_grants
from dashboard.boards.inputs import Grant, read_input
from dashboard.database import Database
from dashboard.identity import Session

from .conftest import LogIn, Try


async def test_grants_are_listed_with_those_of_every_board(
    database: Database, session: Session, board: Board, log_in: LogIn
):
    """By name: users, groups, and groups whose own permissions reach all boards."""
    await log_in("zoe", "board-view-all")
    await log_in("Adam", "app-create")
    users = [
        Grant(principal_id="zoe", permission="view"),
        Grant(principal_id="Adam", permission="full"),
    ]
    await save_user_grants(database, board.id, users, session=session)
    groups = read_input(
        [{"principalId": "group-zoe", "permission": "modify"}], list[Grant]
    )
    await save_group_grants(database, board.id, groups, session=session)
    grants = await load_grants(database, board.id, session=session)

    assert [(u.name, u.permission) for u in grants.users] == [
        ("Adam", "full"),
        ("zoe", "view"),
    ]
    assert [(g.name, g.permission) for g in grants.groups] == [("group-zoe", "modify")]
    assert [(g.name, g.permission) for g in grants.inherited] == [
        ("credentials-admin", "admin"),
        ("group-zoe", "board-view-all"),
    ]


async def test_grants_replace_those_before(
    database: Database, session: Session, visitor: Session, board: Board
):
    """Of this board and of this kind only; one that is given twice is one."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO board (id, name) VALUES ('other', 'other')")
        await tx.execute(
            "INSERT INTO boardUserPermission VALUES ('other', 'visitor', 'view')"
        )

    view = Grant(principal_id="visitor", permission="view")
    full = Grant(principal_id="visitor", permission="full")
    await save_user_grants(database, board.id, [full, full], session=session)
    owned = await load_board(database, board.id, visitor)
    await save_user_grants(database, board.id, [view], session=session)
    seen = await load_board(database, board.id, visitor)
    await save_group_grants(database, board.id, [], session=session)
    still = await load_board(database, board.id, visitor)
    await save_user_grants(database, board.id, [], session=session)

    assert owned is not None
    assert owned.may_own
    assert seen is not None
    assert not seen.may_modify
    assert still is not None
    assert await load_board(database, board.id, visitor) is None
    assert await load_board(database, "other", visitor) is not None


@pytest.mark.parametrize(
    "grant",
    [
        {"principal_id": "nobody", "permission": "view"},
        {"principal_id": "visitor", "permission": "admin"},
        {"principal_id": "", "permission": "view"},
        {"principal_id": "\ud800", "permission": "view"},
    ],
)
@pytest.mark.parametrize("save", [save_user_grants, save_group_grants])
async def test_grants_that_make_no_sense_are_refused(
    database: Database,
    session: Session,
    visitor: Session,
    board: Board,
    refused: Try,
    grant: Any,
    save: Any,
):
    """Those before stay."""
    before = await load_grants(database, board.id, session=session)
    message = await refused(save(database, board.id, [Grant(**grant)], session=session))

    assert message.startswith("BAD_REQUEST: ")
    assert await load_grants(database, board.id, session=session) == before
