"""The boards that somebody may see, as a list."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

import msgspec

from dashboard.boards.access import GRANTS, Access, is_id, judge
from dashboard.database import Readable
from dashboard.identity import Session

#: What no name contains.
NOTHING = " "


class BoardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One board of a list."""

    id: str
    name: str
    logo_image_url: str | None
    is_public: bool
    creator_id: str | None
    creator_name: str | None
    access: Access
    #: Whether the viewer chose it for "/", and for "/" on phones.
    is_home: bool
    is_mobile_home: bool


_LIST = (
    f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
    " SELECT b.id, b.name, b.logo_image_url, b.is_public, b.creator_id,"
    " c.name AS creator_name, g.permission,"
    " u.home_board_id IS b.id AS is_home,"
    " u.mobile_home_board_id IS b.id AS is_mobile_home"
    " FROM board AS b LEFT JOIN grants AS g ON g.board_id = b.id"
    ' LEFT JOIN "user" AS c ON c.id = b.creator_id'
    ' LEFT JOIN "user" AS u ON u.id = :user'
    " WHERE (:everywhere OR b.is_public OR b.creator_id = :user"
    " OR g.permission IS NOT NULL)"
    " AND (:query = '' OR instr(lower(b.name), lower(:query)))"
    " ORDER BY lower(b.name), b.id"
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
    granted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["permission"] is not None:
            granted[row["id"]].add(row["permission"])

    boards = {row["id"]: row for row in rows}
    return [
        BoardSummary(
            id=row["id"],
            name=row["name"],
            logo_image_url=row["logo_image_url"],
            is_public=bool(row["is_public"]),
            creator_id=row["creator_id"],
            creator_name=row["creator_name"],
            access=judge(
                session,
                creator_id=row["creator_id"],
                is_public=bool(row["is_public"]),
                granted=granted[row["id"]],
            ),
            is_home=bool(row["is_home"]),
            is_mobile_home=bool(row["is_mobile_home"]),
        )
        for row in islice(boards.values(), limit)
    ]
