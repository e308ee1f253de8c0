"""Saving what is on a board: only what differs is written, in one transaction.

What it does not know stays: items of a newer version's kinds that the content leaves
out, options that it does not name, columns and tables that are not ours. The stored
text of options that are the same is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

import msgspec
from msgspec import UNSET

from dashboard.boards.access import Access, require_access, require_session
from dashboard.boards.content import Spots, Stored, read_stored
from dashboard.boards.inputs import Content, ItemInput, SectionInput, read_input
from dashboard.boards.integrations import require_usable
from dashboard.boards.kinds import HOMARR_KINDS, KINDS
from dashboard.boards.parts import SECTION_KINDS, save_items, save_sections, spot_of
from dashboard.boards.places import find_places
from dashboard.database import Database, Transaction
from dashboard.errors import InvalidItemError, ProcedureError
from dashboard.identity import Session


async def save_board(
    database: Database, board_id: str, content: Content, *, session: Session | None
) -> None:
    """Make this the content of a board: what is not in it goes, by its id.

    Raises ProcedureError: UNAUTHORIZED, NOT_FOUND, or BAD_REQUEST, which says what does
    not fit together; then nothing was changed.
    """
    session = require_session(session)
    given = read_input(content, Content)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        stored = await read_stored(tx, board_id)
        await _check(tx, given, stored)
        try:
            await save_sections(tx, board_id, given.sections, stored)
            await save_items(tx, board_id, given.items, stored)
        except InvalidItemError as error:
            raise ProcedureError("BAD_REQUEST", error.reason) from error

        await _save_integrations(tx, given.items, stored, session)
        await _remove(tx, board_id, given, stored)


async def _check(tx: Transaction, given: Content, stored: Stored) -> None:
    """Raise ProcedureError where the content leads nowhere, or into another board."""
    sections = [section.id for section in given.sections]
    items = [item.id for item in given.items]
    if len(set(sections)) < len(sections) or len(set(items)) < len(items):
        raise ProcedureError("BAD_REQUEST", "two parts of the board have the same id")

    new = set(sections) - stored.sections.keys(), set(items) - stored.items.keys()
    for table, ids in zip(("section", "item"), new, strict=True):
        row = await tx.one(
            f"SELECT id FROM {table} WHERE id IN"  # noqa: S608 - ours
            " (SELECT value FROM json_each(?)) LIMIT 1",
            (msgspec.json.encode(sorted(ids)).decode(),),
        )
        if row is not None:
            reason = f"the id {row['id']!r} is another {table}'s"
            raise ProcedureError("BAD_REQUEST", reason)

    targets = {None, *sections}
    targets |= {s.id for s in stored.sections.values() if s.kind not in SECTION_KINDS}
    for section in given.sections:
        _check_places(section, stored, stored.section_spots, targets)

    for item in given.items:
        _check_places(item, stored, stored.item_spots, targets)


def _check_places(
    owner: SectionInput | ItemInput,
    stored: Stored,
    spots: Spots,
    targets: Set[str | None],
) -> None:
    seen: set[str] = set()
    for place in owner.layouts:
        if place.layout_id not in stored.layouts or place.layout_id in seen:
            reason = f"{owner.id!r} has no place in layout {place.layout_id!r}"
            raise ProcedureError("BAD_REQUEST", reason)

        seen.add(place.layout_id)
        spot = spot_of(place)
        # What stands in itself in the file may stay as it is.
        looped = spot[0] == owner.id and spot not in spots.get(
            (owner.id, place.layout_id), ()
        )
        if spot[0] not in targets or looped:
            reason = f"{owner.id!r} cannot be in section {spot[0]!r}"
            raise ProcedureError("BAD_REQUEST", reason)


async def _save_integrations(
    tx: Transaction, items: Iterable[ItemInput], stored: Stored, session: Session
) -> None:
    named = [item for item in items if item.integration_ids is not UNSET]
    wanted = {(i.id, id_) for i in named for id_ in i.integration_ids or ()}
    ids = {item.id for item in named}
    gone = {pair for pair in stored.integrations if pair[0] in ids} - wanted
    added = wanted - stored.integrations
    await require_usable(tx, {integration for _, integration in added}, session)
    await tx.execute_many(
        "DELETE FROM integration_item WHERE item_id = ? AND integration_id = ?",
        sorted(gone),
    )
    await tx.execute_many(
        "INSERT INTO integration_item (item_id, integration_id) VALUES (?, ?)",
        sorted(added),
    )


async def _remove(
    tx: Transaction, board_id: str, given: Content, stored: Stored
) -> None:
    """Take away what is not given, if it is of a kind that can have been seen."""
    sections = {section.id for section in given.sections}
    gone = {
        section.id
        for section in stored.sections.values()
        if section.id not in sections and section.kind in SECTION_KINDS
    }
    items = {item.id for item in given.items}
    left = [item for item in stored.items.values() if item.id not in items]
    known = HOMARR_KINDS | KINDS.keys()
    dropped = [item.id for item in left if item.kind in known]
    await tx.delete_many("item", "id", dropped)
    await tx.delete_many("section", "id", sorted(gone))
    for item in left:
        spots = [
            spot
            for (owner, _), there in stored.item_spots.items()
            for spot in there
            if owner == item.id
        ]
        if item.kind in known or not all(spot[0] in gone for spot in spots):
            continue

        # Its section is gone, and it was not asked about: it goes where there is room.
        _, _, _, width, height = max(spots, default=(None, 0, 0, 1, 1))
        places = await find_places(tx, board_id, width=width, height=height)
        await tx.execute_many(
            "INSERT INTO item_layout (item_id, section_id, layout_id, x_offset,"
            " y_offset, width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (item.id, p.section_id, p.layout_id, p.x, p.y, p.width, p.height)
                for p in places
            ],
        )
