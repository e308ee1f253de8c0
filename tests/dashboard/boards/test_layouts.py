from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dashboard.boards import Board, load_board
from dashboard.boards.inputs import LayoutInput
from dashboard.boards.layouts import MAX_LAYOUTS, save_layouts
from dashboard.boards.reflow import Piece, reflow
from dashboard.database import Database
from dashboard.identity import Session

from .conftest import Try


def read_drawing(*rows: str, section: str = "root") -> list[Piece]:
    """Pieces from a drawing: each letter is one, capitals are sections."""
    cells: dict[str, list[tuple[int, int]]] = {}
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            if letter != " ":
                cells.setdefault(letter, []).append((x, y))

    return [
        Piece(
            id=letter,
            is_section=letter.isupper(),
            section_id=section,
            x=min(x for x, _ in found),
            y=min(y for _, y in found),
            width=max(x for x, _ in found) - min(x for x, _ in found) + 1,
            height=max(y for _, y in found) - min(y for _, y in found) + 1,
        )
        for letter, found in cells.items()
    ]


def draw(pieces: list[Piece], columns: int, section: str = "root") -> list[str]:
    """The drawing of a section's pieces; no two may stand in one cell."""
    own = [piece for piece in pieces if piece.section_id == section]
    height = max((p.y + p.height for p in own), default=0)
    grid = [[" "] * columns for _ in range(height)]
    for piece in own:
        for y in range(piece.y, piece.y + piece.height):
            for x in range(piece.x, piece.x + piece.width):
                assert grid[y][x] == " "

                grid[y][x] = piece.id

    return ["".join(row) for row in grid]


@pytest.mark.parametrize(
    ("before", "columns", "after"),
    [
        (["aab", "aac"], 3, ["aab", "aac"]),
        (["aab", "aac"], 5, ["aab  ", "aac  "]),
        (["abcd"], 2, ["ab", "cd"]),
        (["aaab", "cddd"], 2, ["aa", "bc", "dd"]),
        (["aaaa", "bb c"], 3, ["aaa", "bbc"]),
        (["ab", "cb", "d "], 1, ["a", "b", "b", "c", "d"]),
        (["  a ", "    ", "b   "], 3, ["ab "]),
        ([], 3, []),
    ],
)
def test_pieces_go_to_the_first_free_place(
    before: list[str], columns: int, after: list[str]
):
    """In the order of reading; where there is as much room as before they stay."""
    width = len(before[0]) if before else 1
    moved, height = reflow(read_drawing(*before), "root", before=width, columns=columns)

    assert draw(moved, columns) == after
    assert height == len(after)


@pytest.mark.parametrize("seed", range(20))
def test_no_free_place_is_passed_over(seed: int):
    """Whatever came before: each stands where a look at every single cell puts it."""
    random = Random(seed)  # noqa: S311  # sizes, and no secrets
    pieces = [
        Piece(
            id=f"{number:02}",
            is_section=False,
            section_id="root",
            x=0,
            y=number,
            width=random.randint(1, 6),
            height=random.randint(1, 6),
        )
        for number in range(40)
    ]
    moved, _ = reflow(pieces, "root", before=12, columns=5)
    taken: set[tuple[int, int]] = set()
    for piece in moved:
        places = ((x, y) for y in range(999) for x in range(6 - piece.width))
        x, y = next(
            (x, y) for x, y in places if not taken & _list_cells(piece, at=(x, y))
        )

        assert (x, y) == (piece.x, piece.y)

        taken |= _list_cells(piece, at=(x, y))


def _list_cells(piece: Piece, *, at: tuple[int, int]) -> set[tuple[int, int]]:
    x, y = at
    return {
        (x + right, y + down)
        for right in range(piece.width)
        for down in range(piece.height)
    }


def test_a_section_grows_with_what_it_holds():
    """What it holds is fitted into it first, however deep."""
    pieces = [
        *read_drawing("AAAA", "bbbb"),
        *read_drawing("cdCC", section="A"),
        *read_drawing("ef", section="C"),
    ]
    moved, height = reflow(pieces, "root", before=4, columns=1)

    assert draw(moved, 1) == ["A", "A", "A", "A", "b"]
    assert draw(moved, 1, "A") == ["c", "d", "C", "C"]
    assert draw(moved, 1, "C") == ["e", "f"]
    assert height == 5


def test_sections_that_hold_each_other_end():
    """As a damaged file may have them."""
    pieces = [
        *read_drawing("A"),
        *read_drawing("B", section="A"),
        *read_drawing("A", section="B"),
    ]
    moved, _ = reflow(pieces, "root", before=2, columns=1)

    assert {piece.id for piece in moved} == {"A", "B"}


async def reload(database: Database, board: Board, session: Session) -> Board:
    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    return loaded


def give(board: Board, **changes: Any) -> LayoutInput:
    layout = board.layouts[0]
    values = {
        "id": layout.id,
        "name": layout.name,
        "column_count": layout.column_count,
        "breakpoint": layout.breakpoint,
    }
    return LayoutInput(**{**values, **changes})


async def test_a_new_layout_holds_everything(
    database: Database, session: Session, board: Board
):
    """In as many columns as it has, and dynamic sections with what is in them."""
    section, layout = board.sections[0].id, board.layouts[0].id
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO section (id, board_id, kind) VALUES ('d', ?, 'dynamic')",
            (board.id,),
        )
        await tx.execute(
            "INSERT INTO section_layout VALUES ('d', ?, ?, 0, 9, 4, 1)",
            (layout, section),
        )
        await tx.execute_many(
            "INSERT INTO item (id, board_id, kind) VALUES (?, ?, 'clock')",
            [("in1", board.id), ("in2", board.id)],
        )
        await tx.execute_many(
            "INSERT INTO item_layout VALUES (?, 'd', ?, ?, 0, 2, 1)",
            [("in1", layout, 0), ("in2", layout, 2)],
        )

    small = LayoutInput(id="", name=" Small ", column_count=2, breakpoint=0)
    wide = give(board, breakpoint=800)
    await save_layouts(database, board.id, [wide, small], session=session)
    found = await reload(database, board, session)
    first, second = found.layouts
    places = {item.id: item.placements[first.id] for item in found.items}
    free = next(s for s in found.sections if s.id == "d").placements[first.id]

    assert (first.name, first.column_count, first.breakpoint) == ("Small", 2, 0)
    assert (second.id, second.breakpoint) == (layout, 800)
    assert len(places) == len(board.items) + 2
    assert all(p.x + p.width <= 2 for p in places.values())
    assert (places["in1"].y, places["in2"].y) == (0, 1)
    assert (free.section_id, free.width, free.height) == (section, 2, 2)
    for item in board.items:
        assert found.items
        assert (
            item.placements[layout]
            == next(i for i in found.items if i.id == item.id).placements[layout]
        )


async def test_a_new_layout_is_made_of_the_next_wider_one(
    database: Database, session: Session, board: Board
):
    """And of the widest where none is wider."""
    item = board.items[0].id
    layouts = [
        give(board),
        LayoutInput(name="Twenty", column_count=20, breakpoint=1200),
    ]
    await save_layouts(database, board.id, layouts, session=session)
    found = await reload(database, board, session)
    twenty = found.layouts[1]
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item_layout SET x_offset = 15 WHERE item_id = ? AND layout_id = ?",
            (item, twenty.id),
        )

    layouts = [
        LayoutInput(id=p.id, name=p.name, column_count=p.column_count,
                    breakpoint=p.breakpoint)
        for p in found.layouts
    ]  # fmt: skip
    layouts += [
        LayoutInput(name="Eight", column_count=8, breakpoint=1),
        LayoutInput(name="Most", column_count=24, breakpoint=1400),
    ]
    await save_layouts(database, board.id, layouts, session=session)
    found = await reload(database, board, session)
    names = {layout.name: layout.id for layout in found.layouts}
    places = next(i for i in found.items if i.id == item).placements

    assert places[names["Most"]].x == 15
    assert places[names["Eight"]].x == places[names["Base"]].x == 0


async def test_fewer_columns_move_everything_together(
    database: Database, session: Session, board: Board
):
    """Names and breakpoints alone move nothing, not even what is too wide."""
    async with database.write() as tx:
        await tx.execute(
            "UPDATE item_layout SET width = 99 WHERE item_id = ?",
            (board.items[-1].id,),
        )

    board = await reload(database, board, session)
    renamed = give(board, name="Renamed", breakpoint=7)
    await save_layouts(database, board.id, [renamed], session=session)
    same = await reload(database, board, session)

    assert [item.placements for item in same.items] == [
        item.placements for item in board.items
    ]
    assert (same.layouts[0].name, same.layouts[0].breakpoint) == ("Renamed", 7)

    await save_layouts(
        database, board.id, [give(board, column_count=3)], session=session
    )
    found = await reload(database, board, session)
    cells = [
        (item.x + x, item.y + y)
        for item in found.items
        for x in range(item.width)
        for y in range(item.height)
    ]

    assert found.layouts[0].column_count == 3
    assert max(x for x, _ in cells) == 2
    assert len(set(cells)) == len(cells)


async def test_too_many_items_are_not_fitted_into_fewer_columns(
    database: Database,
    session: Session,
    board: Board,
    refused: Try,
    monkeypatch: pytest.MonkeyPatch,
):
    """It could take seconds; more columns move nothing, and are given."""
    limit = len(board.items) - 1
    monkeypatch.setattr("dashboard.boards.layouts.MAX_PIECES", limit)
    fewer = give(board, column_count=3)
    message = await refused(save_layouts(database, board.id, [fewer], session=session))

    assert message == (
        f"BAD_REQUEST: more than {limit} items cannot be fitted into fewer columns"
    )

    wider = give(board, column_count=24)
    await save_layouts(database, board.id, [wider], session=session)

    assert (await reload(database, board, session)).layouts[0].column_count == 24


async def test_a_layout_that_is_left_out_goes(
    database: Database, session: Session, board: Board
):
    """With its places; the items stay. One of another board is out of reach."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO board (id, name) VALUES ('other', 'other')")
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count)"
            " VALUES ('theirs', 'Theirs', 'other', 5)"
        )

    other = LayoutInput(id="theirs", name="Mine", column_count=6, breakpoint=0)
    await save_layouts(database, board.id, [other], session=session)
    found = await reload(database, board, session)
    row = await database.one("SELECT name, board_id FROM layout WHERE id = 'theirs'")

    assert [layout.name for layout in found.layouts] == ["Mine"]
    assert found.layouts[0].id not in {"theirs", board.layouts[0].id}
    assert all(len(item.placements) == 1 for item in found.items)
    assert row is not None
    assert tuple(row) == ("Theirs", "other")


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [{}, {}],
        [{"name": " "}],
        [{"name": "x" * 33}],
        [{"column_count": 0}],
        [{"column_count": 25}],
        [{"breakpoint": -1}],
        [{"breakpoint": 32768}],
        [{"id": ""}] * (MAX_LAYOUTS + 1),
    ],
)
async def test_layouts_have_limits(
    database: Database, session: Session, board: Board, refused: Try, changes: Any
):
    """A board has one at least, and each has a name and 1 to 24 columns."""
    layouts = [give(board, **change) for change in changes or []]
    message = await refused(save_layouts(database, board.id, layouts, session=session))

    assert message.startswith("BAD_REQUEST: ")
    assert await reload(database, board, session) == board
