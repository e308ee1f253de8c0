from __future__ import annotations

from dashboard.boards import Board
from dashboard.boards.access import Access
from dashboard.boards.listing import list_boards
from dashboard.boards.manage import create_board, set_home_board
from dashboard.database import Database
from dashboard.identity import Session

from .conftest import LogIn


async def test_everybody_lists_what_they_may_see(
    database: Database, session: Session, visitor: Session, board: Board
):
    """Once each, by name, with what they may do and which is their home."""
    await create_board(database, "Zoo", is_public=True, session=session)
    hidden = await create_board(database, "hidden", session=session)
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO boardUserPermission VALUES (?, 'visitor', ?)",
            [(board.id, "view"), (board.id, "modify")],
        )

    await set_home_board(database, board.id, mobile=True, session=visitor)

    async def names(viewer: Session | None) -> list[str]:
        return [summary.name for summary in await list_boards(database, viewer)]

    assert await names(None) == ["Zoo"]
    assert await names(visitor) == ["home", "Zoo"]
    assert await names(session) == ["hidden", "home", "Zoo"]

    own = next(s for s in await list_boards(database, session) if s.id == hidden)
    home = (await list_boards(database, visitor))[0]

    assert own.shares.creator is not None
    assert (own.access, own.shares.creator.name, own.is_public) == (
        Access.OWN,
        "admin",
        False,
    )
    assert (home.access, home.is_home, home.is_mobile_home) == (
        Access.MODIFY,
        False,
        True,
    )


async def test_a_search_looks_in_names_and_ends_early(
    database: Database, log_in: LogIn
):
    """In large and small letters; signs of patterns are only signs."""
    viewer = await log_in("viewer", "board-create")
    for name in ("lab_one", "LAB-two", "garden", "labXthree"):
        await create_board(database, name, session=viewer)

    async def search(query: str, limit: int | None = None) -> list[str]:
        found = await list_boards(database, viewer, query=query, limit=limit)
        return [summary.name for summary in found]

    assert await search("lab") == ["LAB-two", "lab_one", "labXthree"]
    assert await search("lab", 2) == ["LAB-two", "lab_one"]
    assert await search("LAB_") == ["lab_one"]
    assert await search("%") == []
    assert await search("\ud800") == []
    assert await search("ä") == []
