"""Who was granted what on a board: the lists behind its page of permissions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dashboard.accounts.permissions import IMPLIED, with_implied
from dashboard.boards.access import Access, require_access, require_session
from dashboard.boards.inputs import Grant, read_input
from dashboard.database import Database, Transaction
from dashboard.errors import ProcedureError
from dashboard.identity import Session

BOARD_PERMISSIONS = ("board-view-all", "board-modify-all", "board-full-all")
#: Those that imply one of them, themselves included.
INHERITED = sorted(
    permission
    for permission in {*IMPLIED, *BOARD_PERMISSIONS}
    if with_implied([permission]) & set(BOARD_PERMISSIONS)
)

_USERS = (
    "SELECT u.id, u.name, u.image, p.permission"
    ' FROM "boardUserPermission" AS p JOIN "user" AS u ON u.id = p.user_id'
    " WHERE p.board_id = ? ORDER BY lower(u.name), u.id, p.permission"
)
_GROUPS = (
    "SELECT g.id, g.name, p.permission"
    ' FROM "boardGroupPermission" AS p JOIN "group" AS g ON g.id = p.group_id'
    " WHERE p.board_id = ? ORDER BY lower(g.name), g.id, p.permission"
)
_INHERITED = (
    "SELECT g.id, g.name, p.permission"
    ' FROM "groupPermission" AS p JOIN "group" AS g ON g.id = p.group_id'
    " WHERE p.permission IN (SELECT value FROM json_each(?))"
    " ORDER BY lower(g.name), g.id, p.permission"
)


class GrantedUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user, and one permission of theirs."""

    id: str
    name: str | None
    image: str | None
    permission: str


class GrantedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group, and one permission of its members."""

    id: str
    name: str
    permission: str


class BoardGrants(msgspec.Struct, frozen=True, kw_only=True):
    """All that was granted on a board, by name."""

    users: tuple[GrantedUser, ...]
    groups: tuple[GrantedGroup, ...]
    #: By the groups' own permissions, on every board.
    inherited: tuple[GrantedGroup, ...]


async def load_grants(
    database: Database, board_id: str, *, session: Session | None
) -> BoardGrants:
    """Who may do what with a board; for those who have full access to it.

    Raises ProcedureError: UNAUTHORIZED or NOT_FOUND.
    """
    require_session(session)
    async with database.read() as tx:
        await require_access(tx, board_id, session, needed=Access.OWN)
        users, groups, inherited = await tx.all_each(
            (_USERS, (board_id,)),
            (_GROUPS, (board_id,)),
            (_INHERITED, (msgspec.json.encode(INHERITED).decode(),)),
        )

    return BoardGrants(
        users=tuple(GrantedUser(**dict(row)) for row in users),
        groups=tuple(GrantedGroup(**dict(row)) for row in groups),
        inherited=tuple(GrantedGroup(**dict(row)) for row in inherited),
    )


async def save_user_grants(
    database: Database,
    board_id: str,
    grants: Iterable[Grant],
    *,
    session: Session | None,
) -> None:
    """Make these the users' permissions on a board, instead of all before.

    Raises ProcedureError: UNAUTHORIZED, NOT_FOUND, or BAD_REQUEST for a user who does
    not exist.
    """
    await _save(database, board_id, grants, session, kind="user")


async def save_group_grants(
    database: Database,
    board_id: str,
    grants: Iterable[Grant],
    *,
    session: Session | None,
) -> None:
    """Make these the groups' permissions on a board; raises as `save_user_grants`."""
    await _save(database, board_id, grants, session, kind="group")


async def _save(
    database: Database,
    board_id: str,
    grants: Iterable[Grant],
    session: Session | None,
    *,
    kind: str,
) -> None:
    require_session(session)
    wanted = {
        (grant.principal_id, grant.permission)
        for grant in read_input(list(grants), list[Grant])
    }
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.OWN)
        await _check_principals(tx, kind, {principal for principal, _ in wanted})
        table = f'"board{kind.capitalize()}Permission"'
        await tx.execute(
            f"DELETE FROM {table} WHERE board_id = ?",  # noqa: S608 - ours
            (board_id,),
        )
        await tx.execute_many(
            f"INSERT INTO {table} (board_id, {kind}_id, permission)"  # noqa: S608
            " VALUES (?, ?, ?)",
            [(board_id, *grant) for grant in sorted(wanted)],
        )


async def _check_principals(tx: Transaction, kind: str, ids: set[str]) -> None:
    rows = await tx.all(
        f'SELECT id FROM "{kind}" WHERE id IN'  # noqa: S608 - ours
        " (SELECT value FROM json_each(?))",
        (msgspec.json.encode(sorted(ids)).decode(),),
    )
    missing = ids - {row["id"] for row in rows}
    if missing:
        raise ProcedureError("BAD_REQUEST", f"there is no {kind} {min(missing)!r}")
