"""A board's layouts: how many columns from which width of the window on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from dashboard.boards.access import Access, require_access, require_session
from dashboard.boards.inputs import LayoutInput, read_input
from dashboard.boards.reflow import MAX_PIECES, Piece, reflow
from dashboard.database import Database, Transaction
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.ids import new_id

MAX_LAYOUTS = 32
LONGEST_NAME = 32

_PIECES = (
    "SELECT i.id, 0 AS is_section, p.section_id, p.x_offset AS x, p.y_offset AS y,"
    " p.width, p.height FROM item AS i CROSS JOIN item_layout AS p"
    " WHERE i.board_id = :board AND p.item_id = i.id AND p.layout_id = :layout"
    " UNION ALL SELECT s.id, 1, p.parent_section_id, p.x_offset, p.y_offset,"
    " p.width, p.height FROM section AS s CROSS JOIN section_layout AS p"
    " WHERE s.board_id = :board AND p.section_id = s.id AND p.layout_id = :layout"
)


async def save_layouts(
    database: Database,
    board_id: str,
    layouts: Iterable[LayoutInput],
    *,
    session: Session | None,
) -> None:
    """Make these the layouts of a board: by their ids they are kept, others are made.

    In a new one all stands as in the next wider one; where there are fewer columns than
    before, everything moves together. Raises ProcedureError: UNAUTHORIZED, NOT_FOUND or
    BAD_REQUEST.
    """
    require_session(session)
    wanted = _check(read_input(list(layouts), list[LayoutInput]))
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        rows = await tx.all(
            "SELECT id, name, column_count, breakpoint FROM layout"
            " WHERE board_id = ? ORDER BY column_count, id",
            (board_id,),
        )
        stored = [LayoutInput(**dict(row)) for row in rows]
        known = {layout.id: layout for layout in stored}
        for layout in wanted:
            before = known.get(layout.id)
            if before is None:
                await _add(tx, board_id, layout, stored)
            elif before != layout:
                await _change(tx, board_id, before, layout)

        kept = {layout.id for layout in wanted}
        await tx.execute_many(
            "DELETE FROM layout WHERE id = ?", [(id_,) for id_ in known.keys() - kept]
        )


def _check(layouts: Sequence[LayoutInput]) -> list[LayoutInput]:
    if not 1 <= len(layouts) <= MAX_LAYOUTS:
        reason = f"a board has 1 to {MAX_LAYOUTS} layouts"
        raise ProcedureError("BAD_REQUEST", reason)

    ids = [layout.id for layout in layouts if layout.id]
    if len(set(ids)) < len(ids):
        raise ProcedureError("BAD_REQUEST", "two layouts have the same id")

    named = [
        msgspec.structs.replace(layout, name=layout.name.strip()) for layout in layouts
    ]
    if not all(1 <= len(layout.name) <= LONGEST_NAME for layout in named):
        reason = f"the name of a layout has 1 to {LONGEST_NAME} characters"
        raise ProcedureError("BAD_REQUEST", reason)

    return named


async def _add(
    tx: Transaction,
    board_id: str,
    layout: LayoutInput,
    stored: Sequence[LayoutInput],
) -> None:
    """Add a layout; `stored` are those that the board had, the narrowest first."""
    layout_id = new_id()
    await tx.execute(
        "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
        " VALUES (?, ?, ?, ?, ?)",
        (layout_id, layout.name, board_id, layout.column_count, layout.breakpoint),
    )
    if not stored:
        return

    wide = (s for s in stored if s.column_count >= layout.column_count)
    model = next(wide, stored[-1])
    items, sections = await _refit(tx, board_id, model, layout.column_count)
    await tx.execute_many(
        "INSERT INTO item_layout (item_id, layout_id, section_id, x_offset, y_offset,"
        " width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(p.id, layout_id, p.section_id, p.x, p.y, p.width, p.height) for p in items],
    )
    await tx.execute_many(
        "INSERT INTO section_layout (section_id, layout_id, parent_section_id,"
        " x_offset, y_offset, width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (p.id, layout_id, p.section_id, p.x, p.y, p.width, p.height)
            for p in sections
        ],
    )


async def _change(
    tx: Transaction, board_id: str, before: LayoutInput, layout: LayoutInput
) -> None:
    if before.column_count != layout.column_count:
        items, sections = await _refit(tx, board_id, before, layout.column_count)
        for table, owner, pieces in (
            ("item_layout", "item_id", items),
            ("section_layout", "section_id", sections),
        ):
            await tx.execute_many(
                f"UPDATE {table} SET x_offset = ?, y_offset = ?, width = ?,"  # noqa: S608
                f" height = ? WHERE {owner} = ? AND layout_id = ?",
                [(p.x, p.y, p.width, p.height, p.id, layout.id) for p in pieces],
            )

    await tx.execute(
        "UPDATE layout SET name = ?, column_count = ?, breakpoint = ? WHERE id = ?",
        (layout.name, layout.column_count, layout.breakpoint, layout.id),
    )


async def _refit(
    tx: Transaction, board_id: str, model: LayoutInput, columns: int
) -> tuple[list[Piece], list[Piece]]:
    """The items and dynamic sections of a layout, as they stand in so many columns."""
    rows = await tx.all(_PIECES, {"board": board_id, "layout": model.id})
    pieces = [
        Piece(**{**dict(row), "is_section": bool(row["is_section"])}) for row in rows
    ]
    if len(pieces) > MAX_PIECES and columns < model.column_count:
        reason = f"more than {MAX_PIECES} items cannot be fitted into fewer columns"
        raise ProcedureError("BAD_REQUEST", reason)

    roots = await tx.all(
        "SELECT id FROM section WHERE board_id = ? AND kind <> 'dynamic'", (board_id,)
    )
    moved: list[Piece] = []
    for root in roots:
        # In a thread: what takes long must not hold up everybody.
        found, _ = await asyncio.to_thread(
            reflow, pieces, root["id"], before=model.column_count, columns=columns
        )
        moved += found

    items = [piece for piece in moved if not piece.is_section]
    return items, [piece for piece in moved if piece.is_section]
