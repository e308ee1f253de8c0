"""The boards that somebody may see, as a list."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import islice

import msgspec

from dashboard.accounts.permissions import with_implied
from dashboard.boards.access import Access, is_id, judge
from dashboard.database import Readable
from dashboard.identity import Session

#: What no name contains.
NOTHING = " "


class BoardName(msgspec.Struct, frozen=True, kw_only=True):
    """A board to choose."""

    id: str
    name: str
    logo_image_url: str | None


class Creator(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a board."""

    id: str
    name: str | None
    image: str | None


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a board, and what the viewer was granted on it."""

    creator: Creator | None
    #: Words: view, modify or full.
    user_permissions: tuple[str, ...]
    #: Of a group of the viewer's and a word.
    group_permissions: tuple[tuple[str, str], ...]


class BoardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One board of a list."""

    id: str
    name: str
    logo_image_url: str | None
    is_public: bool
    shares: Shares
    access: Access
    #: Whether the viewer chose it for "/", and for "/" on phones.
    is_home: bool
    is_mobile_home: bool


#: As `access.GRANTS`, and by which of the user's groups; NULL for themselves.
_GRANTS = (
    "SELECT board_id, NULL AS group_id, permission"
    ' FROM "boardUserPermission" WHERE user_id = :user'
    ' UNION ALL SELECT g.board_id, g.group_id, g.permission FROM "groupMember" AS m'
    ' JOIN "boardGroupPermission" AS g ON g.group_id = m.group_id'
    " WHERE m.user_id = :user"
)
_LIST = (
    f"WITH grants AS ({_GRANTS})"  # noqa: S608 - a constant
    " SELECT b.id, b.name, b.logo_image_url, b.is_public, c.id AS creator_id,"
    " c.name AS creator_name, c.image AS creator_image, g.group_id, g.permission,"
    " u.home_board_id IS b.id AS is_home,"
    " u.mobile_home_board_id IS b.id AS is_mobile_home"
    " FROM board AS b LEFT JOIN grants AS g ON g.board_id = b.id"
    ' LEFT JOIN "user" AS c ON c.id = b.creator_id'
    ' LEFT JOIN "user" AS u ON u.id = :user'
    " WHERE (:everywhere OR b.is_public OR b.creator_id = :user"
    " OR g.permission IS NOT NULL)"
    " AND (:query = '' OR instr(lower(b.name), lower(:query)))"
    " ORDER BY lower(b.name), b.id, g.group_id, g.permission"
)
_SHARES = (
    f"WITH grants AS ({_GRANTS})"  # noqa: S608 - a constant
    " SELECT c.id AS creator_id, c.name AS creator_name, c.image AS creator_image,"
    " g.group_id, g.permission"
    ' FROM board AS b LEFT JOIN "user" AS c ON c.id = b.creator_id'
    " LEFT JOIN grants AS g ON g.board_id = b.id WHERE b.id = :board"
    " ORDER BY g.group_id, g.permission"
)


async def list_boards(
    source: Readable,
    session: Session | None,
    *,
    query: str = "",
    limit: int | None = None,
) -> list[BoardSummary]:
    """The boards that the viewer may see, by name; those with `query` in their name."""
    rows = await source.all(
        _LIST,
        {
            "user": session.user_id if session else None,
            "everywhere": session is not None and session.may("board-view-all"),
            "query": query if is_id(query) else NOTHING,
        },
    )
    boards: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        boards.setdefault(row["id"], []).append(row)

    return [
        BoardSummary(
            id=row["id"],
            name=row["name"],
            logo_image_url=row["logo_image_url"],
            is_public=bool(row["is_public"]),
            shares=_read_shares([row, *more]),
            access=judge(
                session,
                creator_id=row["creator_id"],
                is_public=bool(row["is_public"]),
                granted=[r["permission"] for r in (row, *more) if r["permission"]],
            ),
            is_home=bool(row["is_home"]),
            is_mobile_home=bool(row["is_mobile_home"]),
        )
        for row, *more in islice(boards.values(), limit)
    ]


async def load_shares(
    source: Readable, board_id: str, session: Session | None
) -> Shares:
    """Who made a board, and what the viewer was granted on it."""
    names = {"board": board_id, "user": session.user_id if session else None}
    return _read_shares(await source.all(_SHARES, names))


async def list_public_boards(source: Readable) -> list[BoardName]:
    """The boards that everybody may see, by name."""
    rows = await source.all(
        "SELECT id, name, logo_image_url FROM board WHERE is_public"
        " ORDER BY lower(name), id"
    )
    return [BoardName(**dict(row)) for row in rows]


async def list_boards_of_group(source: Readable, group_id: str) -> list[BoardName]:
    """The boards that every member of a group may see, by name."""
    permissions = await source.all(
        'SELECT p.permission FROM "groupPermission" AS p JOIN "group" AS g'
        " ON g.id = p.group_id WHERE g.id = :group OR g.name = 'everyone'",
        {"group": group_id},
    )
    held = with_implied(row["permission"] for row in permissions)
    rows = await source.all(
        "SELECT id, name, logo_image_url FROM board"
        " WHERE :everywhere OR is_public OR id IN"
        ' (SELECT p.board_id FROM "boardGroupPermission" AS p JOIN "group" AS g'
        " ON g.id = p.group_id WHERE g.id = :group OR g.name = 'everyone')"
        " ORDER BY lower(name), id",
        {"group": group_id, "everywhere": "board-view-all" in held},
    )
    return [BoardName(**dict(row)) for row in rows]


def _read_shares(rows: Sequence[sqlite3.Row]) -> Shares:
    """The shares of one board, of which there is a row for each permission."""
    creator = None
    if rows and rows[0]["creator_id"] is not None:
        first = rows[0]
        creator = Creator(
            id=first["creator_id"],
            name=first["creator_name"],
            image=first["creator_image"],
        )

    granted = [(row["group_id"], row["permission"]) for row in rows]
    return Shares(
        creator=creator,
        user_permissions=tuple(
            permission for group, permission in granted if permission and not group
        ),
        group_permissions=tuple(
            (group, permission) for group, permission in granted if group
        ),
    )
