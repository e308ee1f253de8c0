"""Writing sections and items, where they differ from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET

from dashboard.boards.content import Spot, Spots, Stored, StoredSection, find_changes
from dashboard.boards.edit import merge_options
from dashboard.boards.inputs import ItemInput, ItemPlace, SectionInput, SectionPlace
from dashboard.boards.kinds import find_kind
from dashboard.boards.looks import ITEM_LOOKS, SECTION_LOOKS, Looks
from dashboard.database import Transaction
from dashboard.errors import ProcedureError
from dashboard.stored import EMPTY, read_options

#: Those that we know; a section of another kind stays as it is.
SECTION_KINDS = frozenset({"category", "empty", "dynamic"})


async def save_sections(
    tx: Transaction,
    board_id: str,
    sections: Iterable[SectionInput],
    stored: Stored,
) -> None:
    """Add the sections that are new, and change those that are not as given.

    Raises ProcedureError for a new one of an unknown kind, and InvalidItemError.
    """
    added, changed = [], []
    for section in sections:
        before = stored.sections.get(section.id)
        if before is None:
            added.append((section.id, board_id, *_new_section(section)))
        elif before.kind in SECTION_KINDS:
            row = _changed_section(section, before)
            if row != (before.x_offset, before.y_offset, before.name, before.options):
                changed.append((*row, section.id))

    await tx.execute_many(
        "INSERT INTO section (id, board_id, kind, x_offset, y_offset, name, options)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        added,
    )
    await tx.execute_many(
        "UPDATE section SET x_offset = ?, y_offset = ?, name = ?, options = ?"
        " WHERE id = ?",
        changed,
    )
    await _place(tx, "section", "parent_section_id", sections, stored.section_spots)


def _new_section(section: SectionInput) -> tuple[Any, ...]:
    if section.kind not in SECTION_KINDS:
        reason = f"there is no kind of section {section.kind!r}"
        raise ProcedureError("BAD_REQUEST", reason)

    name = None if section.name is UNSET else section.name
    if section.kind == "dynamic":
        options = {} if section.options is UNSET else section.options
        return section.kind, None, None, name, _merge(EMPTY, options, SECTION_LOOKS)

    return section.kind, section.x_offset or 0, section.y_offset or 0, name, EMPTY


def _changed_section(section: SectionInput, before: StoredSection) -> tuple[Any, ...]:
    """Its kind is what it was; what is not given, or not its kind's, stays."""
    x, y, name, text = before.x_offset, before.y_offset, before.name, before.options
    if before.kind == "dynamic":
        if section.options is not UNSET:
            text = _merge(text, section.options, SECTION_LOOKS)

    else:
        x = x if section.x_offset is None else section.x_offset
        y = y if section.y_offset is None else section.y_offset
        if before.kind == "category" and section.name is not UNSET:
            name = section.name

    return x, y, name, text


async def save_items(
    tx: Transaction, board_id: str, items: Iterable[ItemInput], stored: Stored
) -> None:
    """Add the items that are new, and change those that are not as given.

    Raises InvalidItemError for options that cannot be stored, and ProcedureError for
    a kind that nobody knows, unless the item was of it before.
    """
    added, changed = [], []
    for item in items:
        before = stored.items.get(item.id)
        if find_kind(item.kind) is None and (
            before is None or before.kind != item.kind
        ):
            raise ProcedureError("BAD_REQUEST", f"there is no kind {item.kind!r}")

        options, advanced = EMPTY, EMPTY
        if before is not None:
            advanced = before.advanced_options
            # The options of another kind would mean something else.
            if before.kind == item.kind:
                options = before.options

        row = (
            item.kind,
            _merge(options, item.options),
            _merge(advanced, item.advanced_options, ITEM_LOOKS),
        )
        if before is None:
            added.append((item.id, board_id, *row))
        elif row != (before.kind, before.options, before.advanced_options):
            changed.append((*row, item.id))

    await tx.execute_many(
        "INSERT INTO item (id, board_id, kind, options, advanced_options)"
        " VALUES (?, ?, ?, ?, ?)",
        added,
    )
    await tx.execute_many(
        "UPDATE item SET kind = ?, options = ?, advanced_options = ? WHERE id = ?",
        changed,
    )
    await _place(tx, "item", "section_id", items, stored.item_spots)


def _merge(
    text: str | None, given: Mapping[str, Any], looks: Looks | None = None
) -> str | None:
    """The stored text, untouched where the given members have the values it has.

    With `looks`, its defaults count as stored, and what changes is checked.
    """
    before = read_options(text, "a part")
    if looks is not None:
        before = {**looks.defaults, **before}

    changes = find_changes(before, given)
    if not changes:
        return text

    if looks is not None:
        looks.check(changes)

    return merge_options(text or EMPTY, changes)


async def _place(
    tx: Transaction,
    owner: str,
    section: str,
    given: Iterable[SectionInput | ItemInput],
    spots: Spots,
) -> None:
    """Move what stands elsewhere; places in layouts that are not given stay."""
    keys, rows, moves = [], [], []
    for thing in given:
        for place in thing.layouts:
            key, spot = (thing.id, place.layout_id), spot_of(place)
            before = spots.get(key, [])
            if before == [spot]:
                continue

            if len(before) == 1:
                moves.append((*spot, *key))
                continue

            keys.append(key)
            rows.append((*key, *spot))

    table = f"{owner}_layout"
    mine = f"WHERE {owner}_id = ? AND layout_id = ?"
    await tx.execute_many(
        f"UPDATE {table} SET {section} = ?, x_offset = ?, y_offset = ?,"  # noqa: S608
        f" width = ?, height = ? {mine}",
        moves,
    )
    await tx.execute_many(f"DELETE FROM {table} {mine}", keys)  # noqa: S608
    await tx.execute_many(
        f"INSERT INTO {table} ({owner}_id, layout_id, {section}, x_offset,"  # noqa: S608
        " y_offset, width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def spot_of(place: ItemPlace | SectionPlace) -> Spot:
    """Where a place is, as it is stored."""
    section = (
        place.section_id if isinstance(place, ItemPlace) else place.parent_section_id
    )
    return section, place.x_offset, place.y_offset, place.width, place.height
