"""Rows of accounts as the file at hand wants them, whichever Homarr made it."""

from __future__ import annotations

from dashboard.accounts.hashing import salt_of
from dashboard.database import Readable, Transaction
from dashboard.database.schema import has_column
from dashboard.errors import NameTakenError, UnknownGroupError, UnknownUserError
from dashboard.ids import new_id


async def insert_user(
    tx: Transaction, *, name: str, hashed: str, email: str | None = None
) -> str:
    """Insert a user who logs in with a password; returns the id.

    The name is stored as given. Raises NameTakenError; users of other providers may
    have the same name.
    """
    await check_name_free(tx, name)
    user_id = new_id()
    await tx.execute(
        'INSERT INTO "user" (id, name, email, provider)'
        " VALUES (?, ?, ?, 'credentials')",
        (user_id, name, email),
    )
    await store_password(tx, user_id, hashed)
    return user_id


async def check_name_free(tx: Readable, name: str, *, except_id: str = "") -> None:
    """Raise NameTakenError where somebody else logs in by this name."""
    taken = await tx.one(
        "SELECT 1 FROM \"user\" WHERE lower(name) = ? AND provider = 'credentials'"
        " AND id <> ?",
        (name, except_id),
    )
    if taken is not None:
        raise NameTakenError(name)


async def insert_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Put a user into a group, if they are not in it; raises UnknownGroupError."""
    if await tx.one('SELECT 1 FROM "group" WHERE id = ?', (group_id,)) is None:
        raise UnknownGroupError(group_id)

    await tx.execute(
        'INSERT INTO "groupMember" (group_id, user_id) VALUES (?, ?)'
        " ON CONFLICT DO NOTHING",
        (group_id, user_id),
    )


async def store_password(tx: Transaction, user_id: str, hashed: str) -> None:
    """Give a user another hash, and its salt where the table has the column."""
    await tx.execute('UPDATE "user" SET password = ? WHERE id = ?', (hashed, user_id))
    # Homarr to 1.58 checks the "previous password" with it.
    if await has_column(tx, "user", "salt"):
        await tx.execute(
            'UPDATE "user" SET salt = ? WHERE id = ?', (salt_of(hashed), user_id)
        )


async def check_user(tx: Readable, user_id: str) -> None:
    """Raise UnknownUserError unless there is a user of this id."""
    row = await tx.one('SELECT 1 FROM "user" WHERE id = ?', (user_id,))
    if row is None:
        raise UnknownUserError(user_id)
