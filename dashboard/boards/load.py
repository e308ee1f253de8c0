"""Reading a board: one transaction, a fixed number of queries."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from dashboard.apps import list_app_ids, load_apps
from dashboard.boards.access import Access, find_access
from dashboard.boards.kinds import KINDS
from dashboard.boards.models import Board, Item, Layout, Placement, Section
from dashboard.database import Database, Transaction
from dashboard.identity import Session
from dashboard.stored import read_options, read_server_setting

Placements = Mapping[str, dict[str, Placement]]
Rows = list[sqlite3.Row]

_BOARD = (
    "SELECT id, name, is_public, creator_id, page_title, meta_title, logo_image_url,"
    " favicon_image_url, background_image_url, background_image_attachment,"
    " background_image_repeat, background_image_size, primary_color, secondary_color,"
    " opacity, custom_css, disable_status, item_radius, icon_color"
    " FROM board WHERE id = :board"
)
_LAYOUTS = (
    "SELECT id, name, column_count, breakpoint FROM layout WHERE board_id = :board"
    " ORDER BY breakpoint, id"
)
_SECTIONS = (
    "SELECT s.id, s.kind, s.name, s.options, s.x_offset AS x, s.y_offset AS y,"
    " coalesce(c.collapsed, 0) AS collapsed FROM section AS s"
    " LEFT JOIN section_collapse_state AS c"
    " ON c.section_id = s.id AND c.user_id = :user"
    " WHERE s.board_id = :board ORDER BY s.y_offset, s.x_offset, s.id"
)
_SECTION_PLACEMENTS = (
    "SELECT p.section_id AS owner_id, p.parent_section_id AS section_id,"
    " p.layout_id, p.x_offset, p.y_offset, p.width, p.height"
    " FROM section_layout AS p JOIN section AS s ON s.id = p.section_id"
    " WHERE s.board_id = :board"
)
_ITEMS = "SELECT id, kind, options, advanced_options FROM item WHERE board_id = :board"
_ITEM_PLACEMENTS = (
    "SELECT p.item_id AS owner_id, p.section_id, p.layout_id, p.x_offset,"
    " p.y_offset, p.width, p.height"
    " FROM item_layout AS p JOIN item AS i ON i.id = p.item_id"
    " WHERE i.board_id = :board"
)
_PARTS = (
    _BOARD,
    _LAYOUTS,
    _SECTIONS,
    _SECTION_PLACEMENTS,
    _ITEMS,
    _ITEM_PLACEMENTS,
)


async def find_home_board(database: Database, session: Session | None) -> Board | None:
    """The board that "/" shows to this viewer, None if there is none for them."""
    async with database.read() as tx:
        board_id = await _find_home_id(tx, session)
        return None if board_id is None else await _load(tx, board_id, session)


async def load_board(
    database: Database, board_id: str, session: Session | None
) -> Board | None:
    """The whole board; None if it does not exist or the viewer may not see it."""
    async with database.read() as tx:
        return await _load(tx, board_id, session)


async def _find_home_id(tx: Transaction, session: Session | None) -> str | None:
    """The user's own, else of their first group, else everyone's, else the server's."""
    if session is not None:
        row = await tx.one(
            "SELECT board_id FROM ("
            ' SELECT home_board_id AS board_id, 0 AS rank, 0 AS position FROM "user"'
            " WHERE id = :user"
            " UNION ALL"
            " SELECT g.home_board_id, iif(g.name = 'everyone', 2, 1), g.position"
            ' FROM "group" AS g JOIN "groupMember" AS m ON m.group_id = g.id'
            " WHERE m.user_id = :user"
            ") WHERE board_id IS NOT NULL ORDER BY rank, position LIMIT 1",
            {"user": session.user_id},
        )
        if row is not None:
            return str(row["board_id"])

    board_id = (await read_server_setting(tx, "board")).get("homeBoardId")
    return board_id if isinstance(board_id, str) else None


async def _load(
    tx: Transaction, board_id: str, session: Session | None
) -> Board | None:
    access = await find_access(tx, board_id, session)
    if not access:
        return None

    names = {"board": board_id, "user": session.user_id if session else None}
    parts = await tx.all_each(*((part, names) for part in _PARTS))
    boards, layout_rows, section_rows, section_placements, item_rows, placements = parts
    if not boards:
        return None

    layouts = tuple(Layout(**dict(row)) for row in layout_rows)
    sections = _make_sections(section_rows, _group(section_placements))
    items = _make_items(item_rows, _group(placements), layouts, sections)
    used = [i for item in items for i in list_app_ids(item.kind, item.options)]
    values = dict(boards[0])
    values["is_public"] = bool(values["is_public"])
    values["disable_status"] = bool(values["disable_status"])
    return Board(
        **values,
        layouts=layouts,
        sections=sections,
        items=items,
        apps=await load_apps(tx, used),
        may_modify=access >= Access.MODIFY,
        may_own=access >= Access.OWN,
    )


def _make_sections(rows: Rows, placements: Placements) -> tuple[Section, ...]:
    return tuple(
        Section(
            id=row["id"],
            kind=row["kind"],
            x=row["x"],
            y=row["y"],
            name=row["name"],
            collapsed=bool(row["collapsed"]),
            options=read_options(row["options"], f"section {row['id']!r}"),
            placements=placements.get(row["id"], {}),
        )
        for row in rows
    )


def _make_items(
    rows: Rows,
    placements: Placements,
    layouts: tuple[Layout, ...],
    sections: tuple[Section, ...],
) -> tuple[Item, ...]:
    first = layouts[0].id if layouts else ""
    items = [_make_item(row, placements.get(row["id"], {}), first) for row in rows]
    order = {section.id: index for index, section in enumerate(sections)}
    items.sort(
        key=lambda item: (
            order.get(item.section_id or "", len(order)),
            item.y,
            item.x,
            item.id,
        )
    )
    return tuple(items)


def _make_item(
    row: sqlite3.Row, placements: Mapping[str, Placement], first_layout: str
) -> Item:
    owner = f"item {row['id']!r}"
    kind = KINDS.get(row["kind"])
    # Homarr leaves out what equals its default.
    defaults = kind.defaults if kind is not None else {}
    place = placements.get(first_layout)
    return Item(
        id=row["id"],
        kind=row["kind"],
        options={**defaults, **read_options(row["options"], owner)},
        advanced_options=read_options(row["advanced_options"], owner),
        section_id=place.section_id if place else None,
        x=place.x if place else 0,
        y=place.y if place else 0,
        width=place.width if place else 1,
        height=place.height if place else 1,
        placements=placements,
    )


def _group(rows: Rows) -> Placements:
    """Placements by what stands there, then by layout."""
    found: dict[str, dict[str, Placement]] = defaultdict(dict)
    for row in rows:
        found[row["owner_id"]][row["layout_id"]] = Placement(
            layout_id=row["layout_id"],
            section_id=row["section_id"],
            x=row["x_offset"],
            y=row["y_offset"],
            width=row["width"],
            height=row["height"],
        )

    return found
