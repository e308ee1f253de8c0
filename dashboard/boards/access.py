"""Who may see a board, and who may change it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from dashboard.apps import list_app_ids
from dashboard.bus import Bus
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


#: On the bus when somebody may have lost the right to see a board, or an app on it.
ACCESS_CHANGED = "access-changed"

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
    ' UNION ALL SELECT g.board_id, g.permission FROM "groupMember" AS m'
    ' JOIN "boardGroupPermission" AS g ON g.group_id = m.group_id'
    " WHERE m.user_id = :user"
)


def ask_access(target: str) -> str:
    """The query whose rows `judge_access` reads; `target` is the board's id, in SQL.

    Its parameters are :user and those of the target.
    """
    return (
        f"WITH target (id) AS MATERIALIZED (SELECT {target})"  # noqa: S608 - constants
        " SELECT b.id, b.creator_id, b.is_public, NULL AS permission"
        " FROM target AS t JOIN board AS b ON b.id = t.id"
        " UNION ALL SELECT t.id, NULL, NULL, p.permission"
        ' FROM target AS t JOIN "boardUserPermission" AS p ON p.board_id = t.id'
        " WHERE p.user_id = :user"
        " UNION ALL SELECT t.id, NULL, NULL, p.permission"
        ' FROM target AS t JOIN "boardGroupPermission" AS p ON p.board_id = t.id'
        ' JOIN "groupMember" AS m ON m.group_id = p.group_id AND m.user_id = :user'
    )


ASK_BY_ID = ask_access(":board")


def judge_access(
    rows: Iterable[Sequence[Any]], session: Session | None
) -> tuple[str, Access] | None:
    """The board's id, and what the viewer may do; None if there is no such board."""
    # The board's own row is the one that has no permission.
    board = next((row for row in rows if row[3] is None), None)
    if board is None:
        return None

    board_id, creator_id, is_public, _ = board
    return board_id, judge(
        session,
        creator_id=creator_id,
        is_public=bool(is_public),
        granted=[row[3] for row in rows if row is not board],
    )


def judge(
    session: Session | None,
    *,
    creator_id: str | None,
    is_public: bool,
    granted: Iterable[str],
) -> Access:
    """What the viewer may do, by whose board it is and what they were granted."""
    access = Access.VIEW if is_public else Access.NONE
    if session is None:
        return access

    if creator_id == session.user_id:
        return Access.OWN

    for permission, everywhere in _EVERYWHERE:
        if session.may(permission):
            access = max(access, everywhere)

    for word in granted:
        # Any row lets its user view, also one with a word that we do not know.
        access = max(access, _GRANTED.get(word, Access.VIEW))

    return access


async def find_access(
    tx: Transaction, board_id: str, session: Session | None
) -> Access | None:
    """What the viewer may do with a board; None if it does not exist."""
    if not is_id(board_id):
        return None

    names = {"board": board_id, "user": session.user_id if session else None}
    found = judge_access(await tx.all(ASK_BY_ID, names), session)
    return None if found is None else found[1]


async def require_access(
    tx: Transaction, board_id: str, session: Session | None, *, needed: Access
) -> None:
    """Raise ProcedureError (NOT_FOUND) unless the viewer may do that.

    A board that they may see, but not change, is answered like one that is not there:
    those are Homarr's words, and one answer gives away less than two.
    """
    access = await find_access(tx, board_id, session)
    if access is None or access < needed:
        raise ProcedureError("NOT_FOUND", "Board not found")


def require_session(session: Session | None) -> Session:
    """The session; raises ProcedureError (UNAUTHORIZED) where nobody is logged in."""
    if session is None:
        raise ProcedureError("UNAUTHORIZED")

    return session


def require_permission(session: Session | None, permission: str) -> Session:
    """The session; raises ProcedureError unless its user has the permission."""
    session = require_session(session)
    if not session.may(permission):
        raise ProcedureError("FORBIDDEN", "Permission denied")

    return session


async def sees_app(source: Readable, app_id: str, session: Session | None) -> bool:
    """Whether an app is shown by an item of any board that the viewer may see."""
    return app_id in await list_seen_apps(source, [app_id], session)


async def list_seen_apps(
    source: Readable, ids: Iterable[str], session: Session | None
) -> set[str]:
    """Those of these apps that are shown on any board that the viewer may see."""
    wanted = {app_id for app_id in ids if is_id(app_id)}
    if not wanted:
        return set()

    everywhere = session is not None and session.may("board-view-all")
    rows = await source.all(
        f"WITH grants AS ({GRANTS})"  # noqa: S608 - a constant
        " SELECT i.kind, i.options FROM item AS i JOIN board AS b ON b.id = i.board_id"
        " WHERE i.kind IN ('app', 'bookmarks') AND EXISTS"
        " (SELECT 1 FROM json_each(:apps) AS a WHERE instr(i.options, a.value))"
        " AND (:everywhere OR b.is_public OR b.creator_id = :user"
        " OR b.id IN (SELECT board_id FROM grants))",
        {
            "apps": msgspec.json.encode(sorted(wanted)).decode(),
            "everywhere": everywhere,
            "user": session.user_id if session else None,
        },
    )
    shown = {
        app_id
        for row in rows
        for app_id in list_app_ids(row["kind"], read_options(row["options"], "an item"))
    }
    return shown & wanted


def tell_access_changed(bus: Bus) -> None:
    """Have subscriptions end, in every process, that their viewers may not hear now.

    What changed the access has to be written already.
    """
    bus.publish(ACCESS_CHANGED, None, keep=False)


def is_id(text: str) -> bool:
    """Whether this can be an id: Homarr's all are ASCII.

    SQLite's text cannot even hold half a surrogate pair.
    """
    return text.isascii()
