"""What is on a board, as it is saved: made from a loaded one, and compared with one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from dashboard.boards.inputs import (
    Content,
    ItemInput,
    ItemPlace,
    SectionInput,
    SectionPlace,
)
from dashboard.boards.models import Board
from dashboard.database import Transaction

#: The section, or the parent section, then x, y, width and height.
Spot = tuple[str | None, int, int, int, int]
#: By item or section, and layout; more than one only in a file that is damaged.
Spots = Mapping[tuple[str, str], list[Spot]]

_CELLS = "p.x_offset, p.y_offset, p.width, p.height"
#: The queries for the members of `Stored`, each by :board.
_PARTS = (
    "SELECT id FROM layout WHERE board_id = :board",
    (
        "SELECT id, kind, x_offset, y_offset, name, options FROM section"
        " WHERE board_id = :board"
    ),
    (
        f"SELECT p.section_id, p.layout_id, p.parent_section_id, {_CELLS}"  # noqa: S608
        " FROM section AS s CROSS JOIN section_layout AS p"
        " WHERE s.board_id = :board AND p.section_id = s.id"
    ),
    "SELECT id, kind, options, advanced_options FROM item WHERE board_id = :board",
    (
        f"SELECT p.item_id, p.layout_id, p.section_id, {_CELLS}"  # noqa: S608
        " FROM item AS i CROSS JOIN item_layout AS p"
        " WHERE i.board_id = :board AND p.item_id = i.id"
    ),
    (
        "SELECT n.item_id, n.integration_id FROM item AS i"
        " CROSS JOIN integration_item AS n"
        " WHERE i.board_id = :board AND n.item_id = i.id"
    ),
)


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as its row has it."""

    id: str
    kind: str
    options: str
    advanced_options: str


class StoredSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section as its row has it."""

    id: str
    kind: str
    x_offset: int | None
    y_offset: int | None
    name: str | None
    options: str | None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """All that the database has of a board's content."""

    layouts: frozenset[str]
    sections: Mapping[str, StoredSection]
    section_spots: Spots
    items: Mapping[str, StoredItem]
    item_spots: Spots
    #: Of an item and an integration.
    integrations: frozenset[tuple[str, str]]


def make_content(board: Board) -> Content:
    """The content of a board as it was loaded: saving it as it is changes nothing."""
    return Content(
        sections=tuple(
            SectionInput(
                id=section.id,
                kind=section.kind,
                name=section.name,
                x_offset=section.x,
                y_offset=section.y,
                options=dict(section.options) or UNSET,
                layouts=tuple(
                    SectionPlace(
                        layout_id=place.layout_id,
                        parent_section_id=place.section_id,
                        x_offset=place.x,
                        y_offset=place.y,
                        width=place.width,
                        height=place.height,
                    )
                    for place in section.placements.values()
                ),
            )
            for section in board.sections
        ),
        items=tuple(
            ItemInput(
                id=item.id,
                kind=item.kind,
                options=dict(item.stored),
                advanced_options=dict(item.advanced_options),
                integration_ids=item.integration_ids,
                layouts=tuple(
                    ItemPlace(
                        layout_id=place.layout_id,
                        section_id=place.section_id or "",
                        x_offset=place.x,
                        y_offset=place.y,
                        width=place.width,
                        height=place.height,
                    )
                    for place in item.placements.values()
                ),
            )
            for item in board.items
        ),
    )


async def read_stored(tx: Transaction, board_id: str) -> Stored:
    """Read what a board has, for comparing."""
    (
        layouts,
        sections,
        section_spots,
        items,
        item_spots,
        integrations,
    ) = await tx.all_each(*((part, {"board": board_id}) for part in _PARTS))
    return Stored(
        layouts=frozenset(row["id"] for row in layouts),
        sections={row["id"]: StoredSection(**dict(row)) for row in sections},
        section_spots=_group(section_spots),
        items={row["id"]: StoredItem(**dict(row)) for row in items},
        item_spots=_group(item_spots),
        integrations=frozenset((row[0], row[1]) for row in integrations),
    )


def find_changes(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given members that have another value than before."""
    return {
        key: value
        for key, value in given.items()
        if key not in before or not is_same(before[key], value)
    }


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are stored alike; in Python, True is 1 and NaN not itself."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            is_same(value, other[key]) for key, value in one.items()
        )

    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))

    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)

    return type(one) is type(other) and bool(one == other)


def _group(rows: Any) -> Spots:
    spots: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    for owner, layout, section, x, y, width, height in rows:
        spots[owner, layout].append((section, x, y, width, height))

    return spots
