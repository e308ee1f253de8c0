"""Groups: who is in them, what their members may do, and in which order they count."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dashboard.accounts.administrators import keeping_an_admin
from dashboard.accounts.permissions import PERMISSIONS
from dashboard.accounts.rows import check_user, insert_member
from dashboard.database import Database, Readable, Transaction
from dashboard.errors import (
    InvalidAccountError,
    NameTakenError,
    ReservedGroupError,
    UnknownGroupError,
)
from dashboard.ids import new_id

#: Everybody who has ever logged in is in it.
EVERYONE = "everyone"
LONGEST_NAME = 64

_GROUPS = (
    'SELECT id, name, owner_id, position FROM "group"'
    " WHERE :id IS NULL OR id = :id ORDER BY position, name, id"
)
_PERMISSIONS = (
    'SELECT group_id, permission FROM "groupPermission"'
    " WHERE :id IS NULL OR group_id = :id"
)
_MEMBERS = (
    'SELECT m.group_id, m.user_id FROM "groupMember" AS m'
    ' JOIN "user" AS u ON u.id = m.user_id'
    " WHERE :id IS NULL OR m.group_id = :id ORDER BY lower(u.name), u.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group with its members and permissions."""

    id: str
    name: str
    owner_id: str | None
    #: The home board of the first group that has one counts; "everyone" has -1.
    position: int
    #: As they are given, without what they imply; in Homarr's order.
    permissions: tuple[str, ...]
    #: Ids of users, by name.
    member_ids: tuple[str, ...]

    @property
    def reserved(self) -> bool:
        """Whether it is the one that cannot be renamed, deleted, joined or left."""
        return self.name == EVERYONE


async def list_groups(database: Database) -> list[Group]:
    """All groups, in their order."""
    return await _load(database, None)


async def find_group(database: Database, group_id: str) -> Group | None:
    """One group, None if there is none of this id."""
    groups = await _load(database, group_id)
    return groups[0] if groups else None


async def create_group(database: Database, *, name: str, owner_id: str) -> Group:
    """Make a group without members or permissions, after all others.

    Raises InvalidAccountError for a name that breaks a rule, NameTakenError, which is
    one of them, and UnknownUserError.
    """
    name = check_group_name(name)
    async with database.write() as tx:
        await check_user(tx, owner_id)
        group_id = await insert_group(tx, name=name, owner_id=owner_id)
        rows = await tx.all(
            'SELECT id, name, owner_id, position FROM "group" WHERE id = ?', (group_id,)
        )

    return _group(rows[0], (), ())


async def insert_group(tx: Transaction, *, name: str, owner_id: str | None) -> str:
    """Add a group of a checked name, after all others; returns its id.

    Raises NameTakenError.
    """
    await _check_free(tx, name)
    group_id = new_id()
    await tx.execute(
        'INSERT INTO "group" (id, name, owner_id, position) VALUES'
        ' (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM "group"))',
        (group_id, name, owner_id),
    )
    return group_id


async def rename_group(database: Database, group_id: str, *, name: str) -> None:
    """Give a group another name; raises as `create_group`, and ReservedGroupError."""
    name = check_group_name(name)
    async with database.write() as tx:
        await _check_changeable(tx, group_id)
        await _check_free(tx, name, except_id=group_id)
        await tx.execute('UPDATE "group" SET name = ? WHERE id = ?', (name, group_id))


async def delete_group(database: Database, group_id: str) -> None:
    """Delete a group; raises UnknownGroupError, ReservedGroupError, LastAdminError."""
    async with database.write() as tx, keeping_an_admin(tx):
        await _check_changeable(tx, group_id)
        await tx.execute('DELETE FROM "group" WHERE id = ?', (group_id,))


async def add_member(database: Database, group_id: str, *, user_id: str) -> None:
    """Add a user; one who is in it already is no error.

    Raises UnknownGroupError, ReservedGroupError and UnknownUserError.
    """
    async with database.write() as tx:
        await _check_changeable(tx, group_id)
        await check_user(tx, user_id)
        await insert_member(tx, group_id, user_id)


async def remove_member(database: Database, group_id: str, *, user_id: str) -> None:
    """Remove a user; one who is not in it is no error.

    Raises UnknownGroupError, ReservedGroupError, and LastAdminError where nobody else
    could administrate.
    """
    async with database.write() as tx, keeping_an_admin(tx):
        await _check_changeable(tx, group_id)
        await tx.execute(
            'DELETE FROM "groupMember" WHERE group_id = ? AND user_id = ?',
            (group_id, user_id),
        )


async def set_permissions(
    database: Database, group_id: str, permissions: Iterable[str]
) -> None:
    """Set what the members of a group may do, "everyone" included.

    Raises UnknownGroupError, LastAdminError where nobody could administrate any more,
    and InvalidAccountError for a word that is neither Homarr's nor the group's already:
    a newer Homarr may have added some.
    """
    wanted = list(dict.fromkeys(permissions))
    async with database.write() as tx, keeping_an_admin(tx):
        await _name_of(tx, group_id)
        rows = await tx.all(
            'SELECT permission FROM "groupPermission" WHERE group_id = ?', (group_id,)
        )
        known = {*PERMISSIONS, *(row["permission"] for row in rows)}
        for permission in wanted:
            if permission not in known:
                raise InvalidAccountError(
                    "permission", f"give Homarr's words, not {permission!r}"
                )

        await tx.execute(
            'DELETE FROM "groupPermission" WHERE group_id = ?', (group_id,)
        )
        if wanted:
            await tx.execute_many(
                'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
                [(group_id, permission) for permission in wanted],
            )


async def transfer_group(database: Database, group_id: str, *, owner_id: str) -> None:
    """Give a group another owner; raises as `add_member`."""
    async with database.write() as tx:
        await _check_changeable(tx, group_id)
        await check_user(tx, owner_id)
        await tx.execute(
            'UPDATE "group" SET owner_id = ? WHERE id = ?', (owner_id, group_id)
        )


async def order_groups(database: Database, group_ids: Sequence[str]) -> None:
    """Put groups into this order, from position 1; others keep theirs.

    "everyone" stays before them. An unknown id is no error: somebody else may have
    deleted the group.
    """
    places = [(place, group_id) for place, group_id in enumerate(group_ids, start=1)]
    if not places:
        return

    async with database.write() as tx:
        await tx.execute_many(
            "UPDATE \"group\" SET position = ? WHERE id = ? AND name <> 'everyone'",
            places,
        )


async def synchronize_groups(
    database: Database, user_id: str, names: Collection[str]
) -> None:
    """Put a user into the groups that their provider names, and no others.

    Only groups that exist, and never out of "everyone". Raises UnknownUserError.
    """
    async with database.write() as tx:
        await check_user(tx, user_id)
        groups = await tx.all('SELECT id, name FROM "group" ORDER BY id')
        for group in groups:
            if group["name"] in names:
                await insert_member(tx, group["id"], user_id)
            elif group["name"] != EVERYONE:
                await tx.execute(
                    'DELETE FROM "groupMember" WHERE group_id = ? AND user_id = ?',
                    (group["id"], user_id),
                )


def check_group_name(name: str) -> str:
    """The name as it will be stored; raises InvalidAccountError."""
    stored = name.strip()
    if not 1 <= len(stored) <= LONGEST_NAME:
        raise InvalidAccountError("name", f"give 1 to {LONGEST_NAME} characters")

    if not stored.isprintable():
        raise InvalidAccountError("name", "give visible characters and spaces only")

    if stored.lower() == EVERYONE:
        raise InvalidAccountError("name", "give another name; this one is reserved")

    return stored


async def _name_of(tx: Transaction, group_id: str) -> str:
    row = await tx.one('SELECT name FROM "group" WHERE id = ?', (group_id,))
    if row is None:
        raise UnknownGroupError(group_id)

    return str(row["name"])


async def _check_changeable(tx: Transaction, group_id: str) -> None:
    name = await _name_of(tx, group_id)
    if name == EVERYONE:
        raise ReservedGroupError(name)


async def _check_free(tx: Readable, name: str, *, except_id: str = "") -> None:
    rows = await tx.all('SELECT name FROM "group" WHERE id <> ?', (except_id,))
    # SQLite's own lower() knows the letters of English only.
    if name.lower() in {row["name"].lower() for row in rows}:
        raise NameTakenError(name, kind="group")


async def _load(database: Database, group_id: str | None) -> list[Group]:
    only = {"id": group_id}
    async with database.read() as tx:
        groups, permissions, members = await tx.all_each(
            (_GROUPS, only), (_PERMISSIONS, only), (_MEMBERS, only)
        )

    return [_group(row, permissions, members) for row in groups]


def _group(
    row: sqlite3.Row, permissions: Sequence[sqlite3.Row], members: Sequence[sqlite3.Row]
) -> Group:
    given = {p["permission"] for p in permissions if p["group_id"] == row["id"]}
    known = [word for word in PERMISSIONS if word in given]
    return Group(
        id=row["id"],
        name=row["name"],
        owner_id=row["owner_id"],
        position=row["position"],
        permissions=(*known, *sorted(given.difference(known))),
        member_ids=tuple(m["user_id"] for m in members if m["group_id"] == row["id"]),
    )
