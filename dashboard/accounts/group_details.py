"""Groups as lists and forms show them: with their members, owner and home boards."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec
from msgspec import UNSET, UnsetType

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.database import Database, Transaction
from dashboard.errors import ProcedureError, UnknownGroupError


class GroupMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a group, or its owner."""

    id: str
    name: str | None
    email: str | None
    image: str | None
    provider: str


class GroupDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group in Homarr's words."""

    id: str
    name: str
    owner_id: str | None
    home_board_id: str | None
    mobile_home_board_id: str | None
    position: int
    #: By name.
    members: tuple[GroupMember, ...]
    #: In Homarr's order, then those that it does not know.
    permissions: tuple[str, ...]
    owner: GroupMember | None


_GROUPS = (
    "SELECT id, name, owner_id, home_board_id, mobile_home_board_id, position"
    ' FROM "group" WHERE (:id IS NULL OR id = :id)'
    " AND (:query = '' OR instr(lower(name), lower(:query)))"
    " ORDER BY position, name, id LIMIT :limit OFFSET :offset"
)
_COUNT = (
    'SELECT count(*) AS number FROM "group"'
    " WHERE :query = '' OR instr(lower(name), lower(:query))"
)
_THESE = "(SELECT value FROM json_each(?))"
_MEMBERS = (
    "SELECT m.group_id, u.id, u.name, u.email, u.image, u.provider"  # noqa: S608
    ' FROM "groupMember" AS m JOIN "user" AS u ON u.id = m.user_id'
    f" WHERE m.group_id IN {_THESE} ORDER BY lower(u.name), u.id"
)
_OWNERS = (
    'SELECT id, name, email, image, provider FROM "user"'  # noqa: S608
    f" WHERE id IN {_THESE}"
)
_PERMISSIONS = (
    'SELECT group_id, permission FROM "groupPermission"'  # noqa: S608
    f" WHERE group_id IN {_THESE}"
)


async def list_group_details(
    database: Database, *, query: str = "", limit: int = -1, offset: int = 0
) -> tuple[list[GroupDetails], int]:
    """A page of the groups with `query` in their name, and how many there are in all.

    In their order.
    """
    names = {"id": None, "query": query, "limit": limit, "offset": offset}
    async with database.read() as tx:
        rows, (count,) = await tx.all_each((_GROUPS, names), (_COUNT, {"query": query}))
        return await _complete(tx, rows), count["number"]


async def find_group_details(database: Database, group_id: str) -> GroupDetails:
    """One group; raises UnknownGroupError."""
    names = {"id": group_id, "query": "", "limit": 1, "offset": 0}
    async with database.read() as tx:
        found = await _complete(tx, await tx.all(_GROUPS, names))

    if not found:
        raise UnknownGroupError(group_id)

    return found[0]


async def set_group_homes(
    database: Database,
    group_id: str,
    *,
    home: str | UnsetType | None = UNSET,
    mobile_home: str | UnsetType | None = UNSET,
) -> None:
    """Choose what "/" shows to members; what is left out stays as it is.

    Raises UnknownGroupError, and ProcedureError (NOT_FOUND) for a board that does not
    exist.
    """
    given = {"home_board_id": home, "mobile_home_board_id": mobile_home}
    async with database.write() as tx:
        if await tx.one('SELECT 1 FROM "group" WHERE id = ?', (group_id,)) is None:
            raise UnknownGroupError(group_id)

        for column, board_id in given.items():
            if board_id is UNSET:
                continue

            row = await tx.one("SELECT 1 FROM board WHERE id = ?", (board_id,))
            if board_id is not None and row is None:
                raise ProcedureError("NOT_FOUND", "Board not found")

            await tx.execute(
                f'UPDATE "group" SET {column} = ? WHERE id = ?',  # noqa: S608 - ours
                (board_id, group_id),
            )


async def _complete(
    tx: Transaction, groups: Collection[sqlite3.Row]
) -> list[GroupDetails]:
    ids = _list(row["id"] for row in groups)
    owner_ids = _list(row["owner_id"] for row in groups)
    members, permissions, owners = await tx.all_each(
        (_MEMBERS, (ids,)), (_PERMISSIONS, (ids,)), (_OWNERS, (owner_ids,))
    )
    members_of: dict[str, list[GroupMember]] = defaultdict(list)
    for row in members:
        members_of[row["group_id"]].append(_member(row))

    permissions_of: dict[str, set[str]] = defaultdict(set)
    for row in permissions:
        permissions_of[row["group_id"]].add(row["permission"])

    owner_of = {row["id"]: _member(row) for row in owners}
    return [
        GroupDetails(
            **dict(row),
            members=tuple(members_of[row["id"]]),
            permissions=_in_order(permissions_of[row["id"]]),
            owner=owner_of.get(row["owner_id"]),
        )
        for row in groups
    ]


def _list(ids: Iterable[str | None]) -> str:
    return msgspec.json.encode([one for one in ids if one is not None]).decode()


def _member(row: sqlite3.Row) -> GroupMember:
    return GroupMember(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        image=row["image"],
        provider=row["provider"],
    )


def _in_order(given: set[str]) -> tuple[str, ...]:
    known = [word for word in PERMISSIONS if word in given]
    return (*known, *sorted(given.difference(known)))
