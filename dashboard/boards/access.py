"""Who may see a board, and who may change it."""

from __future__ import annotations

from enum import IntEnum

from dashboard.apps import list_app_ids
from dashboard.database import Readable, Transaction
from dashboard.errors import ProcedureError
from dashboard.identity import Session
from dashboard.stored import read_options


class Access(IntEnum):
    """What a viewer may do with a board; each includes the ones before it."""

    NONE = 0
    VIEW = 1
    MODIFY = 2
    OWN = 3


_GRANTED = {"view": Access.VIEW, "modify": Access.MODIFY, "full": Access.OWN}
_EVERYWHERE = (
    ("board-full-all", Access.OWN),
    ("board-modify-all", Access.MODIFY),
    ("board-view-all", Access.VIEW),
)

#: The boards and the permissions on them that the user :user has, by themselves and by
#: their groups.
GRANTS = (
    'SELECT board_id, permission FROM "boardUserPermission" WHERE user_id = :user'
    ' UNION ALL SELECT g.board_id, g.permission FROM "boardGroupPermission" AS g'
    ' JOIN "groupMember" AS m ON m.group_id = g.group_id WHERE m.user_id = :user'
)


async def find_access(
    tx: Transaction, board_id: str, session: Session | None
) -> Access | None:
    """What the viewer may do with a board; None if it does not exist."""
    if not board_id.isascii():
        # Ours all are; SQLite's text cannot even hold half a surrogate pair.
        return None

    rows = await tx.all(
        f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
        " SELECT b.creator_id, b.is_public, g.permission FROM board AS b"
        " LEFT JOIN grants AS g ON g.board_id = b.id WHERE b.id = :board",
        {"board": board_id, "user": session.user_id if session else None},
    )
    if not rows:
        return None

    access = Access.VIEW if rows[0]["is_public"] else Access.NONE
    if session is None:
        return access

    if rows[0]["creator_id"] == session.user_id:
        return Access.OWN

    for permission, granted in _EVERYWHERE:
        if session.may(permission):
            access = max(access, granted)

    for row in rows:
        # Any row lets its user view, also one with a word that we do not know.
        if row["permission"] is not None:
            access = max(access, _GRANTED.get(row["permission"], Access.VIEW))

    return access


async def require_modify(
    tx: Transaction, board_id: str, session: Session | None
) -> None:
    """Raise ProcedureError unless the viewer may change the board.

    A board that they may not even see is NOT_FOUND, like one that does not exist.
    """
    access = await find_access(tx, board_id, session)
    if not access:
        raise ProcedureError("NOT_FOUND", "Board not found")

    if access < Access.MODIFY:
        raise ProcedureError("FORBIDDEN", "Permission denied")


async def sees_app(source: Readable, app_id: str, session: Session | None) -> bool:
    """Whether an app is shown by an item of any board that the viewer may see."""
    if not app_id.isascii():
        return False

    everywhere = session is not None and session.may("board-view-all")
    rows = await source.all(
        f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
        " SELECT i.kind, i.options FROM item AS i JOIN board AS b ON b.id = i.board_id"
        " WHERE i.kind IN ('app', 'bookmarks') AND instr(i.options, :app)"
        " AND (:everywhere OR b.is_public OR b.creator_id = :user"
        " OR b.id IN (SELECT board_id FROM grants))",
        {
            "app": app_id,
            "everywhere": everywhere,
            "user": session.user_id if session else None,
        },
    )
    return any(
        app_id in list_app_ids(row["kind"], read_options(row["options"], "an item"))
        for row in rows
    )
