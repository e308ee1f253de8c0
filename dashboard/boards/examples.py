"""The board that a new installation starts with."""

from __future__ import annotations

from urllib.parse import quote

from dashboard.apps import insert_app
from dashboard.boards.edit import insert_item
from dashboard.database import Transaction
from dashboard.ids import new_id

NAME = "home"
COLUMNS = 10
NOTE = (
    "<p>This is your board. Add what you use, and take away what you do not: "
    "these items are only examples.</p>"
)


async def insert_home_board(tx: Transaction, *, owner_id: str) -> str:
    """Add a board with one item of each kind, as everybody's home; returns its id.

    Where there is a board of this name already, it is left as it is.
    """
    row = await tx.one("SELECT id FROM board WHERE lower(name) = ?", (NAME,))
    if row is not None:
        return str(row["id"])

    board_id = await _insert_board(tx, owner_id=owner_id)
    await _insert_items(tx, board_id)
    await _make_home(tx, board_id, owner_id=owner_id)
    return board_id


async def _insert_board(tx: Transaction, *, owner_id: str) -> str:
    board_id = new_id()
    await tx.execute(
        "INSERT INTO board (id, name, creator_id) VALUES (?, ?, ?)",
        (board_id, NAME, owner_id),
    )
    await tx.execute(
        "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
        " VALUES (?, 'Base', ?, ?, 0)",
        (new_id(), board_id, COLUMNS),
    )
    await tx.execute(
        "INSERT INTO section (id, board_id, kind, x_offset, y_offset)"
        " VALUES (?, ?, 'empty', 0, 0)",
        (new_id(), board_id),
    )
    return board_id


async def _insert_items(tx: Transaction, board_id: str) -> None:
    python = await insert_app(
        tx,
        name="Python",
        href="https://www.python.org/",
        icon_url=_icon("P", colour="#3776ab"),
    )
    sqlite = await insert_app(
        tx,
        name="SQLite",
        href="https://www.sqlite.org/",
        icon_url=_icon("S", colour="#0f80cc"),
    )
    # No ping: nothing leaves for the internet before somebody asks for it.
    app = {"appId": python, "pingEnabled": False}
    await insert_item(tx, board_id, kind="app", options=app)
    bookmarks = {"title": "Bookmarks", "items": [python, sqlite]}
    await insert_item(tx, board_id, kind="bookmarks", options=bookmarks)
    await insert_item(tx, board_id, kind="clock", options={})
    await insert_item(tx, board_id, kind="notebook", options={"content": NOTE})
    await insert_item(tx, board_id, kind="memory", options={})


async def _make_home(tx: Transaction, board_id: str, *, owner_id: str) -> None:
    await tx.execute(
        'UPDATE "user" SET home_board_id = coalesce(home_board_id, ?) WHERE id = ?',
        (board_id, owner_id),
    )
    await tx.execute(
        'UPDATE "group" SET home_board_id = coalesce(home_board_id, ?)'
        " WHERE name = 'everyone'",
        (board_id,),
    )
    await tx.execute(
        'INSERT INTO "boardGroupPermission" (board_id, group_id, permission)'
        " SELECT ?, id, 'view' FROM \"group\" WHERE name = 'everyone'",
        (board_id,),
    )


def _icon(letter: str, *, colour: str) -> str:
    """A tile with a letter, within the page: no request, no file."""
    image = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
        f"<rect width='16' height='16' rx='4' fill='{colour}'/>"
        "<text x='8' y='11.5' text-anchor='middle' font-family='sans-serif'"
        f" font-weight='bold' font-size='10' fill='white'>{letter}</text></svg>"
    )
    return f"data:image/svg+xml,{quote(image)}"
