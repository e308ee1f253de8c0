"""Checking a name and a password: the same work whatever the answer."""

from __future__ import annotations

import sqlite3

from dashboard.accounts.hashing import BYTES, NOBODY, check_password, to_bytes
from dashboard.database import Database
from dashboard.errors import InvalidAccountError
from dashboard.identity import User

SHORTEST_NAME = 3
LONGEST_NAME = 255
SHORTEST_PASSWORD = 8


async def verify_password(
    database: Database, *, name: str, password: str
) -> User | None:
    """The user of this name if the password is theirs.

    An unknown name takes as long as a wrong password, and so does a name that only
    another provider knows. Raises TooBusyError when too many wait.
    """
    row = await _find(database, name)
    matches = await check_password_of(
        None if row is None else row["password"], password
    )
    if row is None or not matches:
        return None

    return User(id=row["id"], name=row["name"])


async def find_name(database: Database, name: str) -> str | None:
    """The stored name of the user who logs in with this one, if there is one."""
    row = await _find(database, name)
    return None if row is None else str(row["name"])


async def _find(database: Database, name: str) -> sqlite3.Row | None:
    stored_name = normalize_name(name).encode("utf-8", "replace").decode()
    # Of "Ada" and "ada", which old files have, the one that Homarr would take.
    return await database.one(
        'SELECT id, name, password FROM "user"'
        " WHERE lower(name) = ? AND provider = 'credentials'"
        " ORDER BY name = ? DESC, id LIMIT 1",
        (stored_name, stored_name),
    )


async def check_password_of(stored: object, password: str) -> bool:
    """Whether it is the password of a row's hash; the same work where there is none."""
    if not isinstance(stored, str):
        await check_password(password, NOBODY)
        return False

    return await check_password(password, to_bytes(stored))


def normalize_name(name: str) -> str:
    """The name as it is stored."""
    return name.strip().lower()


def check_new_name(name: str) -> str:
    """The name as it will be stored; raises InvalidAccountError."""
    stored = normalize_name(name)
    if not SHORTEST_NAME <= len(stored) <= LONGEST_NAME:
        raise InvalidAccountError(
            "name", f"give {SHORTEST_NAME} to {LONGEST_NAME} characters"
        )

    if not stored.isprintable():
        raise InvalidAccountError("name", "give visible characters and spaces only")

    return stored


def check_new_password(password: str) -> None:
    """Refuse what is too short, and what bcrypt would cut; raises InvalidAccountError.

    There is no rule about the kinds of characters: it would make no password stronger.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidAccountError(
            "password", f"give at least {SHORTEST_PASSWORD} characters"
        )

    if len(to_bytes(password)) > BYTES:
        raise InvalidAccountError(
            "password", f"give at most {BYTES} bytes, which are as many plain letters"
        )
