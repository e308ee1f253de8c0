from __future__ import annotations

import dataclasses

from dashboard.boards import Board, load_board
from dashboard.boards.duplicate import duplicate_board
from dashboard.boards.inputs import BoardSettings
from dashboard.boards.manage import save_settings, set_collapsed
from dashboard.database import Database
from dashboard.identity import Session

from .conftest import LogIn, Try


async def test_a_copy_has_all_that_is_on_the_board(
    database: Database, session: Session, board: Board
):
    """Under ids of its own, as its maker's; what was stored is stored again."""
    layout, section = board.layouts[0].id, board.sections[0].id
    odd = '{"json": { "x":1 }, "more": 2}'
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset, name)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("c", board.id, "category", 0, 1, "C"),
                ("d", board.id, "dynamic", None, None, None),
                ("e", board.id, "dynamic", None, None, None),
            ],
        )
        await tx.execute_many(
            "INSERT INTO section_layout VALUES (?, ?, ?, 1, 2, 3, 4)",
            [("d", layout, section), ("e", layout, None)],
        )
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options) VALUES ('i', ?, 'vpn', ?)",
            (board.id, odd),
        )
        await tx.execute(
            "INSERT INTO item_layout VALUES ('i', 'd', ?, 0, 0, 1, 1)", (layout,)
        )

    settings = BoardSettings(page_title="T", custom_css="a{}", opacity=7)
    await save_settings(database, board.id, settings, session=session)
    await set_collapsed(database, "c", collapsed=True, session=session)
    original = await load_board(database, board.id, session)
    copy_id = await duplicate_board(database, board.id, "copy", session=session)
    copy = await load_board(database, copy_id, session)

    assert original is not None
    assert copy is not None
    assert (copy.name, copy.creator_id) == ("copy", session.user_id)
    assert (copy.page_title, copy.custom_css, copy.opacity) == ("T", "a{}", 7)
    assert describe(copy) == describe(original)
    assert not {i.id for i in copy.items} & {i.id for i in original.items}
    assert await load_board(database, board.id, session) == original

    rows = await database.all("SELECT options FROM item WHERE kind = 'vpn'")

    assert [row["options"] for row in rows] == [odd, odd]


def describe(board: Board) -> list[str]:
    """What is on a board, without its ids."""
    names = {section.id: f"{section.kind} {section.name}" for section in board.sections}
    lines = []
    for section in board.sections:
        lines.append(f"{section.kind} {section.name} {section.x} {section.collapsed}")
        for place in section.placements.values():
            parent = names.get(place.section_id or "")
            lines.append(f"{section.kind} in {parent}: {place.x} {place.height}")

    for item in board.items:
        where = names.get(item.section_id or "")
        lines.append(f"{item.kind} {item.options} {where} {item.x} {item.y}")

    return sorted(lines)


async def test_integrations_are_copied_for_those_who_may_use_them(
    database: Database, session: Session, board: Board, log_in: LogIn
):
    """A copy must not give away the data of others."""
    maker = await log_in("maker", "board-create")
    item = board.items[0].id
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO integration (id, name, url, kind) VALUES (?, ?, 'x', 'plex')",
            [("mine", "mine"), ("theirs", "theirs")],
        )
        await tx.execute(
            "INSERT INTO integrationUserPermission VALUES ('mine', 'maker', 'use')"
        )
        await tx.execute_many(
            "INSERT INTO integration_item VALUES (?, ?)",
            [(item, "mine"), (item, "theirs")],
        )

    for viewer, expected in ((maker, ("mine",)), (session, ("mine", "theirs"))):
        name = f"of-{viewer.user_name}"
        copy_id = await duplicate_board(database, board.id, name, session=viewer)
        copy = await load_board(database, copy_id, viewer)

        assert copy is not None
        assert [i.integration_ids for i in copy.items if i.integration_ids] == [
            expected
        ]


async def test_a_copy_needs_a_name_and_a_board(
    database: Database, session: Session, visitor: Session, board: Board, refused: Try
):
    """And who copies a permission; grants of the original stay with it."""
    maker = dataclasses.replace(visitor, permissions=frozenset({"board-create"}))
    copy_id = await duplicate_board(database, board.id, "copy", session=maker)

    assert not await database.all(
        "SELECT 1 FROM boardGroupPermission WHERE board_id = ?", (copy_id,)
    )
    for name, board_id, viewer, expected in (
        ("COPY", board.id, session, "CONFLICT: Board with similar name already exists"),
        ("new", "nothing", session, "NOT_FOUND: Board not found"),
        ("new", copy_id, visitor, "FORBIDDEN: Permission denied"),
        ("new", board.id, None, "UNAUTHORIZED: UNAUTHORIZED"),
    ):
        call = duplicate_board(database, board_id, name, session=viewer)

        assert await refused(call) == expected

    call = duplicate_board(database, board.id, "a b", session=session)

    assert (await refused(call)).startswith("BAD_REQUEST: ")
