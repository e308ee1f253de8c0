"""The people who may log in: finding, making and deleting them, and their passwords."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field

from dashboard.accounts.administrators import find_admins, keeping_an_admin
from dashboard.accounts.hashing import BYTES, hash_password, to_bytes
from dashboard.accounts.passwords import (
    check_new_name,
    check_new_password,
    check_password_of,
)
from dashboard.accounts.rows import insert_member, insert_user, store_password
from dashboard.accounts.sessions import delete_sessions
from dashboard.database import Database
from dashboard.errors import (
    AdminExistsError,
    ForeignAccountError,
    InvalidAccountError,
    NameTakenError,
    UnknownProviderError,
    UnknownUserError,
    WrongPasswordError,
)
from dashboard.identity import PROVIDERS, Session, User
from dashboard.ids import new_id

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """What is known about somebody, whichever way they log in."""

    id: str
    #: Empty where a provider gave none.
    name: str
    email: str | None
    #: "credentials", "oidc" or "ldap".
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecreatedAdmin:
    """An administrator as `recreate_admin` made them; shown once."""

    user: User
    password: str = field(repr=False)
    #: The temporary name of their group, which is its id as well.
    group: str


def random_password() -> str:
    """A password of 48 hexadecimal digits, as Homarr's command line makes them."""
    return secrets.token_hex(24)


async def list_users(database: Database) -> list[UserRecord]:
    """Everybody, by name."""
    rows = await database.all(
        'SELECT id, name, email, provider FROM "user" ORDER BY lower(name), id'
    )
    return [_record(row) for row in rows]


async def find_user(
    database: Database, *, user_id: str | None = None, name: str | None = None
) -> UserRecord | None:
    """Somebody with a password here, by id or by the exact name.

    A user of another provider is never found, whatever their name.
    """
    if (user_id is None) == (name is None):
        raise TypeError("give user_id or name")

    row = await database.one(
        'SELECT id, name, email, provider FROM "user"'
        " WHERE (id = :id OR name = :name) AND provider = 'credentials'"
        " ORDER BY id LIMIT 1",
        {"id": _storable(user_id), "name": _storable(name)},
    )
    return None if row is None else _record(row)


async def find_user_by_email(
    database: Database, email: str, *, provider: str
) -> UserRecord | None:
    """The user whom this provider knows by this address.

    Somebody of another provider with the same address is somebody else. Raises
    UnknownProviderError rather than to look among all of them.
    """
    if provider not in PROVIDERS:
        raise UnknownProviderError(provider)

    row = await database.one(
        'SELECT id, name, email, provider FROM "user"'
        " WHERE email = ? AND provider = ? ORDER BY id LIMIT 1",
        (_storable(email), provider),
    )
    return None if row is None else _record(row)


async def create_user(
    database: Database,
    *,
    name: str,
    password: str,
    email: str | None = None,
    group_ids: Collection[str] = (),
) -> User:
    """Make a user with a password, and with no permission but those of these groups.

    Raises InvalidAccountError when the name or the password breaks a rule,
    NameTakenError, which is one of them, and UnknownGroupError.
    """
    name = check_new_name(name)
    check_new_password(password)
    hashed = await hash_password(password)
    async with database.write() as tx:
        user_id = await insert_user(tx, name=name, hashed=hashed, email=email or None)
        for group_id in dict.fromkeys(group_ids):
            await insert_member(tx, group_id, user_id)

    return User(id=user_id, name=name)


async def delete_user(
    database: Database, user_id: str, *, keep_last_admin: bool = False
) -> bool:
    """Delete a user of any provider with their sessions, keys and invites.

    Their boards and groups stay, without an owner. Returns whether there was one.
    With `keep_last_admin` it raises LastAdminError for the last who can log in as an
    administrator with a password.
    """
    async with (
        database.write() as tx,
        keeping_an_admin(tx) if keep_last_admin else nullcontext(),
    ):
        return await tx.execute('DELETE FROM "user" WHERE id = ?', (user_id,)) > 0


async def set_password(database: Database, user_id: str, password: str) -> int:
    """Set somebody's password and end all their sessions; returns how many.

    Only what cannot be stored or typed is refused, with InvalidAccountError. Raises
    UnknownUserError, also for users of other providers. API keys go on working.
    """
    if not password:
        raise InvalidAccountError("password", "give at least 1 character")

    if len(to_bytes(password)) > BYTES:
        raise InvalidAccountError(
            "password", f"give at most {BYTES} bytes, which are as many plain letters"
        )

    hashed = await hash_password(password)
    async with database.write() as tx:
        row = await tx.one(
            "SELECT 1 FROM \"user\" WHERE id = ? AND provider = 'credentials'",
            (user_id,),
        )
        if row is None:
            raise UnknownUserError(user_id)

        await store_password(tx, user_id, hashed)
        return len(await delete_sessions(tx, user_id))


async def change_password(
    database: Database, session: Session, *, current: str, new: str
) -> list[str]:
    """Change one's own password; returns the tokens of the other sessions, now ended.

    Raises WrongPasswordError, and InvalidAccountError when the new one breaks a rule
    or the password is kept elsewhere.
    """
    check_new_password(new)
    row = await database.one(
        'SELECT password, provider FROM "user" WHERE id = ?', (session.user_id,)
    )
    if row is not None and row["provider"] != "credentials":
        raise ForeignAccountError("password", row["provider"])

    stored = None if row is None else row["password"]
    if not await check_password_of(stored, current):
        raise WrongPasswordError

    hashed = await hash_password(new)
    async with database.write() as tx:
        row = await tx.one(
            'SELECT password FROM "user" WHERE id = ?', (session.user_id,)
        )
        # Somebody else may have changed it meanwhile: then theirs is the current one.
        if row is None or row["password"] != stored:
            raise WrongPasswordError

        await store_password(tx, session.user_id, hashed)
        return await delete_sessions(tx, session.user_id, except_token=session.token)


async def fix_usernames(database: Database) -> list[tuple[str, str]]:
    """Lower the case of all names that log in with a password; returns old and new.

    A name that another user has already in lower case stays, and is logged.
    """
    changed = []
    async with database.write() as tx:
        rows = await tx.all(
            "SELECT id, name FROM \"user\" WHERE provider = 'credentials'"
            " AND name IS NOT NULL ORDER BY id"
        )
        taken = {row["name"] for row in rows}
        for row in rows:
            old, new = row["name"], row["name"].lower()
            if new == old:
                continue

            if new in taken:
                logger.warning("%r keeps its case: there is a user %r", old, new)
                continue

            await tx.execute(
                'UPDATE "user" SET name = ? WHERE id = ?', (new, row["id"])
            )
            taken.add(new)
            changed.append((old, new))

    return changed


async def recreate_admin(database: Database, *, name: str) -> RecreatedAdmin:
    """Make an administrator with a random password where none is left.

    Raises InvalidAccountError for a name that breaks a rule, AdminExistsError, and
    NameTakenError, also when the name is that of a user of another provider.
    """
    name = check_new_name(name)
    password = random_password()
    hashed = await hash_password(password)
    async with database.write() as tx:
        if await find_admins(tx):
            raise AdminExistsError

        if await tx.one('SELECT 1 FROM "user" WHERE lower(name) = ?', (name,)):
            raise NameTakenError(name)

        user_id = await insert_user(tx, name=name, hashed=hashed)
        group_id = new_id()
        await tx.execute(
            'INSERT INTO "group" (id, name, position)'
            ' VALUES (?, ?, (SELECT coalesce(max(position), 0) + 1 FROM "group"))',
            (group_id, group_id),
        )
        await tx.execute(
            'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
            (group_id, "admin"),
        )
        await tx.execute(
            'INSERT INTO "groupMember" (group_id, user_id) VALUES (?, ?)',
            (group_id, user_id),
        )

    return RecreatedAdmin(
        user=User(id=user_id, name=name), password=password, group=group_id
    )


def _record(row: sqlite3.Row) -> UserRecord:
    return UserRecord(
        id=row["id"],
        name=row["name"] or "",
        email=row["email"],
        provider=row["provider"],
    )


def _storable(text: str | None) -> str | None:
    # Half a character of UTF-16 cannot be stored, so nobody has it in their name.
    return None if text is None else text.encode("utf-8", "replace").decode()
