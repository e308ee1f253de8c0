"""Invites: a link that lets one person make themselves an account, once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dashboard.accounts.hashing import hash_password
from dashboard.accounts.passwords import check_new_name, check_new_password
from dashboard.accounts.rows import check_user, insert_user
from dashboard.database import Database
from dashboard.errors import InvalidAccountError, InvalidInviteError
from dashboard.identity import User
from dashboard.ids import new_id

TOKEN_BYTES = 20
LONGEST_TOKEN = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invite; its link is /auth/invite/<id>?token=<token>."""

    id: str
    #: None in lists: the link is shown when it is made, and not again.
    token: str | None = field(default=None, repr=False)
    #: Unix seconds, whole ones.
    expires: float
    #: The user who made it, and their name.
    creator_id: str
    creator: str


async def create_invite(
    database: Database,
    *,
    creator_id: str,
    expires: float,
    clock: Callable[[], float] = time.time,
) -> Invite:
    """Make an invite that ends at `expires`, in Unix seconds.

    Raises InvalidAccountError for a time that has passed, and UnknownUserError.
    """
    if not clock() < expires < 2**53:
        raise InvalidAccountError("expires", "give a time in the future")

    invite_id, token = new_id(), secrets.token_hex(TOKEN_BYTES)
    async with database.write() as tx:
        await check_user(tx, creator_id)
        await tx.execute(
            "INSERT INTO invite (id, token, expiration_date, creator_id)"
            " VALUES (?, ?, ?, ?)",
            (invite_id, token, int(expires), creator_id),
        )
        rows = await tx.all('SELECT name FROM "user" WHERE id = ?', (creator_id,))

    return Invite(
        id=invite_id,
        token=token,
        expires=float(int(expires)),
        creator_id=creator_id,
        creator=rows[0]["name"] or "",
    )


async def list_invites(database: Database) -> list[Invite]:
    """All invites that nobody has used, expired ones too; the next to end first."""
    rows = await database.all(
        "SELECT i.id, i.expiration_date, i.creator_id, u.name FROM invite AS i"
        ' JOIN "user" AS u ON u.id = i.creator_id ORDER BY i.expiration_date, i.id'
    )
    return [
        Invite(
            id=row["id"],
            expires=float(row["expiration_date"]),
            creator_id=row["creator_id"],
            creator=row["name"] or "",
        )
        for row in rows
    ]


async def delete_invite(database: Database, invite_id: str) -> bool:
    """Withdraw an invite; returns whether there was one."""
    async with database.write() as tx:
        return await tx.execute("DELETE FROM invite WHERE id = ?", (invite_id,)) > 0


async def delete_expired_invites(
    database: Database, *, clock: Callable[[], float] = time.time
) -> int:
    """Delete the invites whose time has passed; returns how many they were."""
    async with database.write() as tx:
        return await tx.execute(
            "DELETE FROM invite WHERE expiration_date <= ?", (clock(),)
        )


async def find_invite(
    database: Database,
    invite_id: str,
    token: str,
    *,
    clock: Callable[[], float] = time.time,
) -> Invite | None:
    """The invite of this link while it can be used, for showing its form."""
    if not _looks_right(invite_id, token):
        return None

    row = await database.one(
        "SELECT i.token, i.expiration_date, i.creator_id, u.name FROM invite AS i"
        ' JOIN "user" AS u ON u.id = i.creator_id WHERE i.id = ?',
        (invite_id,),
    )
    if row is None or not secrets.compare_digest(row["token"].encode(), token.encode()):
        return None

    if row["expiration_date"] <= clock():
        return None

    return Invite(
        id=invite_id,
        token=token,
        expires=float(row["expiration_date"]),
        creator_id=row["creator_id"],
        creator=row["name"] or "",
    )


async def register(
    database: Database,
    *,
    invite_id: str,
    token: str,
    name: str,
    password: str,
    clock: Callable[[], float] = time.time,
) -> User:
    """Make an account with an invite, which is used up by it.

    Raises InvalidInviteError, and InvalidAccountError when the name or the password
    breaks a rule: the invite is still good then. Of two at once, one wins.
    """
    # First, so that nobody without an invite learns a name or makes work.
    if await find_invite(database, invite_id, token, clock=clock) is None:
        raise InvalidInviteError

    name = check_new_name(name)
    check_new_password(password)
    hashed = await hash_password(password)
    async with database.write() as tx:
        used = await tx.execute(
            "DELETE FROM invite WHERE id = ? AND token = ? AND expiration_date > ?",
            (invite_id, token, clock()),
        )
        if used == 0:
            raise InvalidInviteError

        user_id = await insert_user(tx, name=name, hashed=hashed)

    return User(id=user_id, name=name)


def _looks_right(invite_id: str, token: str) -> bool:
    return all(
        text.isascii() and 0 < len(text) <= LONGEST_TOKEN for text in (invite_id, token)
    )
