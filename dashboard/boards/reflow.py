"""Fitting what stands on a grid into another number of columns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dashboard.boards.places import Rectangle, find_free_place

#: Sizes chosen for it make even these take half a second.
MAX_PIECES = 1000


class Piece(msgspec.Struct, kw_only=True):
    """An item, or a dynamic section with pieces of its own, in cells of its section."""

    id: str
    is_section: bool
    section_id: str | None
    x: int
    y: int
    width: int
    height: int


def reflow(
    pieces: Sequence[Piece], section_id: str, *, before: int, columns: int
) -> tuple[list[Piece], int]:
    """The pieces of a section, and of the sections within, as they stand in `columns`.

    In as many columns as `before` or more all keep their places. In fewer each is at
    most as wide as there are columns, and goes to the first free place, in the order of
    reading; a section grows with what it holds. Returns the rows that it takes as well.
    """
    return _reflow(pieces, section_id, before=before, columns=columns, inside=())


def _reflow(
    pieces: Sequence[Piece],
    section_id: str,
    *,
    before: int,
    columns: int,
    inside: tuple[str, ...],
) -> tuple[list[Piece], int]:
    moved: list[Piece] = []
    taken: list[Rectangle] = []
    #: By width and height, the row in which such a piece found its place last.
    rows: dict[tuple[int, int], int] = {}
    # A section that stands within itself, as a damaged file may have it, is left out.
    own = [p for p in pieces if p.section_id == section_id and p.id not in inside]
    for piece in sorted(own, key=lambda p: (p.y, p.x, p.id)):
        width = max(1, min(columns, piece.width))
        height = max(1, piece.height)
        if piece.is_section:
            within, needed = _reflow(
                pieces,
                piece.id,
                before=piece.width,
                columns=width,
                inside=(*inside, section_id, piece.id),
            )
            moved += within
            height = max(height, needed)

        x, y = piece.x, piece.y
        if columns < before:
            # Room is only taken: what is as large or larger fits nowhere before that.
            start = max(
                (row for (w, h), row in rows.items() if w <= width and h <= height),
                default=0,
            )
            x, y = find_free_place(
                taken, columns=columns, width=width, height=height, start=start
            )
            rows[width, height] = y

        taken.append((x, y, x + width, y + height))
        moved.append(
            msgspec.structs.replace(piece, x=x, y=y, width=width, height=height)
        )

    return moved, max((bottom for _, _, _, bottom in taken), default=0)
