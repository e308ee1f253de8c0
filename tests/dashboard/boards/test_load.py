from __future__ import annotations

from typing import Any

import pytest

from dashboard.accounts import open_session
from dashboard.boards import Board, add_item, load_board
from dashboard.boards.assemble import PARTS
from dashboard.database import Database, drivers
from dashboard.identity import Session, User

TEXT = (
    '{"json":{"when":"2026-01-02T03:04:05.000Z"},"meta":{"values":{"when":["Date"]}}}'
)


class Statements:
    """What the readers are asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []


@pytest.fixture(name="statements")
def _statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    statements = Statements()
    for driver in (drivers.SqliteConnection, drivers.AiosqliteConnection):
        fetch_plain = driver.fetch_plain

        async def counted(
            self: Any, *queries: Any, fetch_plain: Any = fetch_plain
        ) -> list[list[tuple[Any, ...]]]:
            statements.texts += [sql for sql, _ in queries]
            rows: list[list[tuple[Any, ...]]] = await fetch_plain(self, *queries)
            return rows

        monkeypatch.setattr(driver, "fetch_plain", counted)

    return statements


async def test_a_board_is_loaded_whole(database: Database, board: Board):
    """With its layouts, sections, items by place, and the apps that they show."""
    assert [layout.name for layout in board.layouts] == ["Base"]
    assert [section.kind for section in board.sections] == ["empty"]
    assert [item.kind for item in board.items][:2] == ["app", "bookmarks"]

    app, bookmarks = board.items[:2]

    assert app.section_id == board.sections[0].id
    assert (app.x, app.y, app.width, app.height) == (0, 0, 1, 1)
    assert app.placements[board.layouts[0].id].width == 1
    assert set(board.apps) == {app.options["appId"], *bookmarks.options["items"]}


async def test_the_number_of_queries_does_not_grow_with_the_items(
    database: Database, session: Session, board: Board, statements: Statements
):
    """One transaction, and as many statements for one item as for 200."""
    async with database.write() as tx:
        await tx.execute("DELETE FROM item WHERE id <> ?", (board.items[0].id,))

    await load_board(database, board.id, session)
    few = list(statements.texts)
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO item (id, board_id, kind) VALUES (?, ?, 'clock')",
            [(str(number), board.id) for number in range(199)],
        )

    statements.texts.clear()
    loaded = await load_board(database, board.id, session)

    assert loaded is not None
    assert len(loaded.items) == 200
    assert statements.texts == few
    assert statements.texts[0] == "BEGIN"
    assert statements.texts[-1] == "COMMIT"
    assert len(statements.texts) <= 13


async def test_a_board_is_read_without_the_items_of_other_boards(
    database: Database, board: Board
):
    """The index on kinds would lead to those of all."""
    steps = [
        str(step["detail"])
        for part in PARTS
        for step in await database.all(
            f"EXPLAIN QUERY PLAN {part}", {"board": board.id}
        )
    ]

    assert any("oneroof_item_board" in step for step in steps)
    assert not any("oneroof_item_kind" in step for step in steps)


async def test_unknown_kinds_and_options_are_loaded_as_they_are(
    database: Database, session: Session, board: Board
):
    """A newer Homarr knows more widgets than we do."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options) VALUES ('i', ?, 'vpn', ?)",
            (board.id, TEXT),
        )

    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    item = next(item for item in loaded.items if item.id == "i")

    assert item.kind == "vpn"
    assert item.options["when"].year == 2026
    assert item.section_id is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"json":[]}', '{"json":null}'])
async def test_options_that_cannot_be_read_do_not_stop_the_board(
    database: Database, session: Session, board: Board, text: str
):
    """The item has its kind's defaults, and the file is left alone."""
    clock = next(item for item in board.items if item.kind == "clock")
    async with database.write() as tx:
        await tx.execute("UPDATE item SET options = ?", (text,))

    loaded = await load_board(database, board.id, session)
    row = await database.one("SELECT options FROM item WHERE id = ?", (clock.id,))

    assert loaded is not None
    assert row is not None
    assert row["options"] == text
    assert next(i for i in loaded.items if i.id == clock.id).options == clock.options


async def test_an_app_that_is_gone_is_left_out(
    database: Database, session: Session, board: Board
):
    """Its item stays."""
    async with database.write() as tx:
        await tx.execute("DELETE FROM app")

    loaded = await load_board(database, board.id, session)

    assert loaded is not None
    assert loaded.apps == {}
    assert len(loaded.items) == len(board.items)


async def test_items_have_the_place_of_the_smallest_layout(
    database: Database, session: Session, board: Board
):
    """And every layout's place by its id."""
    item = board.items[0]
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
            " VALUES ('wide', 'Wide', ?, 20, 1200)",
            (board.id,),
        )
        await tx.execute(
            "INSERT INTO item_layout VALUES (?, ?, 'wide', 7, 8, 2, 3)",
            (item.id, item.section_id),
        )

    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    found = next(i for i in loaded.items if i.id == item.id)

    assert [layout.breakpoint for layout in loaded.layouts] == [0, 1200]
    assert (found.x, found.y) == (item.x, item.y)
    assert found.placements["wide"].x == 7
    assert found.placements["wide"].height == 3


async def test_sections_stand_in_their_order_with_their_state(
    database: Database, session: Session, board: Board
):
    """Categories collapse for each user, dynamic sections have places."""
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset, name)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("low", board.id, "category", 0, 2, "Low"),
                ("high", board.id, "category", 0, 1, "High"),
                ("free", board.id, "dynamic", None, None, None),
            ],
        )
        await tx.execute(
            "INSERT INTO section_collapse_state VALUES (?, 'low', 1)",
            (session.user_id,),
        )
        await tx.execute(
            "INSERT INTO section_layout VALUES ('free', ?, ?, 1, 2, 3, 4)",
            (board.layouts[0].id, board.sections[0].id),
        )

    loaded = await load_board(database, board.id, session)
    assert loaded is not None
    found = {section.id: section for section in loaded.sections}
    ordered = [section.id for section in loaded.sections]

    assert ordered.index("high") < ordered.index("low")
    assert (found["low"].collapsed, found["high"].collapsed) == (True, False)
    assert found["low"].name == "Low"

    place = found["free"].placements[board.layouts[0].id]

    assert (place.section_id, place.x, place.height) == (board.sections[0].id, 1, 4)


@pytest.mark.parametrize("board_id", ["", "nothing", "\0", "\ud800", "' OR 1"])
async def test_a_board_that_is_not_there_is_none(
    database: Database, session: Session, board_id: str
):
    """Whatever a URL says."""
    assert await load_board(database, board_id, session) is None


async def test_a_board_loaded_while_others_write_is_of_one_moment(
    database: Database, session: Session, board: Board, admin: User
):
    """Every item has its place, whatever is being added."""
    for _ in range(10):
        await add_item(database, board.id, kind="clock", options={}, session=session)
        loaded = await load_board(
            database, board.id, await open_session(database, admin)
        )

        assert loaded is not None
        assert all(item.section_id for item in loaded.items)
