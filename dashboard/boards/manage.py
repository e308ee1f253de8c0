"""Boards as wholes: making, naming, showing, setting up and deleting them."""

from __future__ import annotations

from msgspec import UNSET

from dashboard.boards.access import (
    Access,
    is_id,
    require_access,
    require_permission,
    require_session,
)
from dashboard.boards.inputs import BoardSettings, Columns, Name, read_input
from dashboard.database import Database, Readable, Transaction
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.ids import new_id
from dashboard.stored import read_server_setting

DEFAULT_COLUMNS = 10

_SIMILAR = (
    "SELECT id FROM board WHERE lower(name) = lower(:name) AND id IS NOT :board LIMIT 1"
)
#: The settings of which an empty text means that there is none.
_NULLABLE = frozenset(
    {
        "page_title",
        "meta_title",
        "logo_image_url",
        "favicon_image_url",
        "background_image_url",
        "icon_color",
    }
)


async def create_board(
    database: Database,
    name: str,
    *,
    columns: int = DEFAULT_COLUMNS,
    is_public: bool = False,
    session: Session | None,
) -> str:
    """Make a board with one empty section and the layout "Base"; returns its id.

    It becomes its creator's home where they have none. Raises ProcedureError:
    UNAUTHORIZED, FORBIDDEN without "board-create", BAD_REQUEST, or CONFLICT where there
    is a board of such a name.
    """
    session = require_permission(session, "board-create")
    name, columns = read_input(name, Name), read_input(columns, Columns)
    async with database.write() as tx:
        await refuse_similar_name(tx, name)
        board_id = await insert_board(
            tx,
            name=name,
            columns=columns,
            is_public=is_public,
            creator_id=session.user_id,
        )
        await tx.execute(
            'UPDATE "user" SET home_board_id = coalesce(home_board_id, ?) WHERE id = ?',
            (board_id, session.user_id),
        )
        return board_id


async def insert_board(
    tx: Transaction, *, name: str, columns: int, is_public: bool, creator_id: str
) -> str:
    """Add a board as new ones are, checked by the caller; returns its id."""
    board_id = new_id()
    await tx.execute(
        "INSERT INTO board (id, name, is_public, creator_id) VALUES (?, ?, ?, ?)",
        (board_id, name, int(is_public), creator_id),
    )
    await tx.execute(
        "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
        " VALUES (?, 'Base', ?, ?, 0)",
        (new_id(), board_id, columns),
    )
    await tx.execute(
        "INSERT INTO section (id, board_id, kind, x_offset, y_offset)"
        " VALUES (?, ?, 'empty', 0, 0)",
        (new_id(), board_id),
    )
    return board_id


async def rename_board(
    database: Database, board_id: str, name: str, *, session: Session | None
) -> None:
    """Give a board another name; to write the same one differently is no conflict.

    Raises ProcedureError: UNAUTHORIZED, NOT_FOUND, BAD_REQUEST or CONFLICT.
    """
    require_session(session)
    name = read_input(name, Name)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.OWN)
        await refuse_similar_name(tx, name, except_id=board_id)
        await tx.execute("UPDATE board SET name = ? WHERE id = ?", (name, board_id))


async def delete_board(
    database: Database, board_id: str, *, session: Session | None
) -> None:
    """Delete a board with all that is on it; apps and integrations stay.

    Raises ProcedureError: UNAUTHORIZED or NOT_FOUND.
    """
    require_session(session)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.OWN)
        await tx.execute("DELETE FROM board WHERE id = ?", (board_id,))


async def set_visibility(
    database: Database, board_id: str, *, is_public: bool, session: Session | None
) -> None:
    """Show a board to everybody, or only to those with a permission.

    Raises ProcedureError: UNAUTHORIZED, NOT_FOUND, or BAD_REQUEST where the server's
    home board would not be seen any more.
    """
    require_session(session)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.OWN)
        setting = await read_server_setting(tx, "board")
        homes = (setting.get("homeBoardId"), setting.get("mobileHomeBoardId"))
        if not is_public and board_id in homes:
            raise ProcedureError("BAD_REQUEST", "Cannot make home board private")

        await tx.execute(
            "UPDATE board SET is_public = ? WHERE id = ?", (int(is_public), board_id)
        )


async def save_settings(
    database: Database,
    board_id: str,
    settings: BoardSettings,
    *,
    session: Session | None,
) -> None:
    """Change how a board looks; empty texts of titles and URLs are stored as none.

    Raises ProcedureError: UNAUTHORIZED, NOT_FOUND, or BAD_REQUEST that names the field.
    """
    require_session(session)
    given = read_input(settings, BoardSettings)
    values = {
        column: _or_none(value) if column in _NULLABLE else value
        for column in BoardSettings.__struct_fields__
        if (value := getattr(given, column)) is not UNSET
    }
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        if values:
            columns = ", ".join(f"{column} = :{column}" for column in values)
            await tx.execute(
                f"UPDATE board SET {columns} WHERE id = :board",  # noqa: S608 - ours
                {**values, "board": board_id},
            )


async def set_home_board(
    database: Database,
    board_id: str | None,
    *,
    mobile: bool = False,
    session: Session | None,
) -> None:
    """Choose what "/" shows to this user, on phones if `mobile`; None for no choice.

    Raises ProcedureError: UNAUTHORIZED, or NOT_FOUND for a board that they cannot see.
    """
    session = require_session(session)
    column = "mobile_home_board_id" if mobile else "home_board_id"
    async with database.write() as tx:
        if board_id is not None:
            await require_access(tx, board_id, session, needed=Access.VIEW)

        await tx.execute(
            f'UPDATE "user" SET {column} = ? WHERE id = ?',  # noqa: S608 - ours
            (board_id, session.user_id),
        )


async def set_collapsed(
    database: Database, section_id: str, *, collapsed: bool, session: Session | None
) -> None:
    """Fold a category for this user, or unfold it.

    Raises ProcedureError: UNAUTHORIZED, or NOT_FOUND for a section that is no category
    or that stands on a board which they cannot see.
    """
    session = require_session(session)
    async with database.write() as tx:
        row = None
        if is_id(section_id):
            row = await tx.one(
                "SELECT board_id FROM section WHERE id = ? AND kind = 'category'",
                (section_id,),
            )

        try:
            found = "" if row is None else row["board_id"]
            await require_access(tx, found, session, needed=Access.VIEW)
        except ProcedureError as error:
            message = f"Section not found id={section_id}"
            raise ProcedureError("NOT_FOUND", message) from error

        await tx.execute(
            "INSERT INTO section_collapse_state (user_id, section_id, collapsed)"
            " VALUES (?, ?, ?) ON CONFLICT (user_id, section_id)"
            " DO UPDATE SET collapsed = excluded.collapsed",
            (session.user_id, section_id, int(collapsed)),
        )


async def is_name_taken(source: Readable, name: str) -> bool:
    """Whether there is a board of this name, in large or small letters."""
    if not is_id(name):
        return False

    return await source.one(_SIMILAR, {"name": name, "board": None}) is not None


async def refuse_similar_name(
    tx: Transaction, name: str, *, except_id: str | None = None
) -> None:
    """Raise ProcedureError (CONFLICT) if another board has such a name."""
    if await tx.one(_SIMILAR, {"name": name, "board": except_id}) is not None:
        raise ProcedureError("CONFLICT", "Board with similar name already exists")


def _or_none(text: str | None) -> str | None:
    return text if text and text.strip() else None
