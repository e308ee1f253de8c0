"""A file that Homarr made, and that Homarr will open again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dashboard.boards import load_board
from dashboard.boards.content import make_content
from dashboard.boards.inputs import BoardSettings, LayoutInput
from dashboard.boards.layouts import save_layouts
from dashboard.boards.manage import save_settings
from dashboard.boards.save import save_board
from dashboard.database import Database
from dashboard.identity import Session

from ..database.homarr_file import LEVELS, dump, make_homarr_file

ADMIN = Session(
    token="t",
    user_id="user1",
    user_name="user1",
    permissions=frozenset({"board-full-all", "integration-use-all"}),
    expires=0.0,
)


@pytest.fixture(name="level", params=(LEVELS[0], LEVELS[-1]))
def _level(request: pytest.FixtureRequest, path: Path) -> int:
    """Boards with widgets, options, a column and a table that nobody knows."""
    make_homarr_file(path, request.param)
    return int(request.param)


def rows_of(found: dict[str, Any]) -> dict[str, list[Any]]:
    """The rows of each table, but those of the planner."""
    return {
        name: rows
        for name, rows in found["rows"].items()
        if not name.startswith("sqlite_")
    }


@pytest.mark.usefixtures("level")
async def test_a_board_of_homarr_s_survives_being_saved(path: Path, driver: str):
    """Widgets, options, columns and tables of tomorrow are what they were."""
    before = rows_of(dump(path))
    database = Database(path, driver=driver)
    try:
        board = await load_board(database, "board1", ADMIN)
        assert board is not None
        content = make_content(board)
        await save_board(database, "board1", content, session=ADMIN)
        seen = tuple(item for item in content.items if item.id != "odd")
        part = replace(content, items=seen)
        await save_board(database, "board1", part, session=ADMIN)
        await save_settings(database, "board1", BoardSettings(), session=ADMIN)
        layouts = [
            LayoutInput(
                id=layout.id,
                name=layout.name,
                column_count=layout.column_count,
                breakpoint=layout.breakpoint,
            )
            for layout in board.layouts
        ]
        await save_layouts(database, "board1", layouts, session=ADMIN)
    finally:
        await database.close()

    assert "odd" in {item.id for item in board.items}
    assert rows_of(dump(path)) == before
