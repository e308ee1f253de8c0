"""Finding room on a board: where the next item goes in each layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

from dashboard.boards.models import Placement
from dashboard.database import Transaction

#: Left, top, right and bottom, in cells.
Rectangle = tuple[int, int, int, int]


async def find_places(
    tx: Transaction, board_id: str, *, width: int, height: int
) -> list[Placement]:
    """The first free place in the board's topmost plain section, for each layout."""
    section = await tx.one(
        "SELECT id FROM section WHERE board_id = ? AND kind IN ('empty', 'category')"
        " ORDER BY kind = 'category', y_offset, x_offset, id LIMIT 1",
        (board_id,),
    )
    if section is None:
        return []

    # Placed sections stand among the items and take room as well.
    taken: dict[str, list[Rectangle]] = defaultdict(list)
    rows = await tx.all(
        "SELECT layout_id, x_offset, y_offset, width, height FROM item_layout"
        " WHERE section_id = :section UNION ALL"
        " SELECT layout_id, x_offset, y_offset, width, height FROM section_layout"
        " WHERE parent_section_id = :section",
        {"section": section["id"]},
    )
    for row in rows:
        left, top = row["x_offset"], row["y_offset"]
        rectangle = (left, top, left + row["width"], top + row["height"])
        taken[row["layout_id"]].append(rectangle)

    layouts = await tx.all(
        "SELECT id, column_count FROM layout WHERE board_id = ?", (board_id,)
    )
    places = []
    for layout in layouts:
        fitting = max(1, min(width, layout["column_count"]))
        x, y = find_free_place(
            taken[layout["id"]],
            columns=layout["column_count"],
            width=fitting,
            height=height,
        )
        places.append(
            Placement(
                layout_id=layout["id"],
                section_id=section["id"],
                x=x,
                y=y,
                width=fitting,
                height=height,
            )
        )

    return places


def find_free_place(
    taken: Sequence[Rectangle], *, columns: int, width: int, height: int, start: int = 0
) -> tuple[int, int]:
    """The first place that the size fits in, row by row; at the latest below all.

    Above the row `start` it is known to fit nowhere.
    """
    coming = sorted(
        ((r for r in taken if r[3] > start)), key=itemgetter(1), reverse=True
    )
    near: list[Rectangle] = []
    y = start
    while True:
        while coming and coming[-1][1] < y + height:
            near.append(coming.pop())

        near = [r for r in near if r[3] > y]
        ends = []
        for x in range(columns - width + 1):
            below = [r[3] for r in near if r[0] < x + width and x < r[2]]
            if not below:
                return x, y

            ends.append(max(below))

        # Further up, whatever is in the way here is in the way as well.
        y = min(ends)
