"""Copying a board with all that is on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.boards.access import Access, require_access, require_permission
from dashboard.boards.inputs import Name, read_input
from dashboard.boards.integrations import USABLE
from dashboard.boards.manage import refuse_similar_name
from dashboard.database import Database, Transaction
from dashboard.identity import Session
from dashboard.ids import new_id

Ids = Mapping[str | None, str | None]

_BOARD_COLUMNS = (
    "is_public, page_title, meta_title, logo_image_url, favicon_image_url,"
    " background_image_url, background_image_attachment, background_image_repeat,"
    " background_image_size, primary_color, secondary_color, opacity, custom_css,"
    " disable_status, item_radius, icon_color"
)


async def duplicate_board(
    database: Database, board_id: str, name: str, *, session: Session | None
) -> str:
    """Copy a board that the user may see, as their own; returns the copy's id.

    Permissions stay behind, and so do integrations that the user may not use. Raises
    ProcedureError: UNAUTHORIZED, FORBIDDEN without "board-create", NOT_FOUND,
    BAD_REQUEST or CONFLICT.
    """
    session = require_permission(session, "board-create")
    name = read_input(name, Name)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.VIEW)
        await refuse_similar_name(tx, name)
        copy_id = new_id()
        await tx.execute(
            f"INSERT INTO board (id, name, creator_id, {_BOARD_COLUMNS})"  # noqa: S608
            f" SELECT ?, ?, ?, {_BOARD_COLUMNS} FROM board WHERE id = ?",
            (copy_id, name, session.user_id, board_id),
        )
        await _copy_parts(tx, board_id, copy_id, session)
        return copy_id


async def _copy_parts(
    tx: Transaction, board_id: str, copy_id: str, session: Session
) -> None:
    layouts = await _copy(
        tx, "layout", ("name", "column_count", "breakpoint"), board_id, copy_id
    )
    sections = await _copy(
        tx,
        "section",
        ("kind", "x_offset", "y_offset", "name", "options"),
        board_id,
        copy_id,
    )
    items = await _copy(
        tx, "item", ("kind", "options", "advanced_options"), board_id, copy_id
    )
    await _copy_places(tx, board_id, layouts, sections, items)
    await _join(
        tx,
        "section_collapse_state",
        board_id,
        {"section_id": sections},
        ("user_id", "collapsed"),
    )
    await _join(
        tx,
        "integration_item",
        board_id,
        {"item_id": items},
        ("integration_id",),
        only=await _find_usable(tx, session),
    )


async def _copy_places(
    tx: Transaction, board_id: str, layouts: Ids, sections: Ids, items: Ids
) -> None:
    cells = ("x_offset", "y_offset", "width", "height")
    await _join(
        tx,
        "item_layout",
        board_id,
        {"item_id": items, "section_id": sections, "layout_id": layouts},
        cells,
    )
    await _join(
        tx,
        "section_layout",
        board_id,
        {
            "section_id": sections,
            "layout_id": layouts,
            "parent_section_id": {None: None, **sections},
        },
        cells,
    )


async def _find_usable(tx: Transaction, session: Session) -> set[str] | None:
    """The integrations that the user may use; None for all of them."""
    if session.may("integration-use-all"):
        return None

    rows = await tx.all(USABLE, {"user": session.user_id})
    return {row["integration_id"] for row in rows}


async def _copy(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    board_id: str,
    copy_id: str,
) -> dict[str | None, str | None]:
    """Copy a board's rows under new ids; returns those by the old ones."""
    names = ", ".join(columns)
    rows = await tx.all(
        f"SELECT id, {names} FROM {table} WHERE board_id = ?",  # noqa: S608 - ours
        (board_id,),
    )
    ids: dict[str | None, str | None] = {row["id"]: new_id() for row in rows}
    await tx.insert_many(
        table,
        [
            {
                "id": ids[row["id"]],
                "board_id": copy_id,
                **{column: row[column] for column in columns},
            }
            for row in rows
        ],
    )
    return ids


async def _join(
    tx: Transaction,
    table: str,
    board_id: str,
    keys: Mapping[str, Ids],
    columns: Sequence[str],
    *,
    only: set[str] | None = None,
) -> None:
    """Copy the rows that belong to what was copied, with the new ids in `keys`.

    Rows that lead to another board are left out, and so are those whose first column is
    not among `only`.
    """
    key = next(iter(keys))
    names = ", ".join(f"p.{name}" for name in [*keys, *columns])
    rows = await tx.all(
        f"SELECT {names} FROM {key.removesuffix('_id')} AS o"  # noqa: S608 - ours
        f" CROSS JOIN {table} AS p WHERE o.board_id = ? AND p.{key} = o.id",
        (board_id,),
    )
    await tx.insert_many(
        table,
        [
            {
                **{key: new[row[key]] for key, new in keys.items()},
                **{column: row[column] for column in columns},
            }
            for row in rows
            if all(row[key] in new for key, new in keys.items())
            and (only is None or row[columns[0]] in only)
        ],
    )
