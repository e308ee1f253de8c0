"""Checking a name and a password: the same work whatever the answer."""

from __future__ import annotations

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

    An unknown name takes as long as a wrong password. Raises TooBusyError when too
    many wait.
    """
    row = await database.one(
        'SELECT id, name, password FROM "user"'
        " WHERE lower(name) = ? AND provider = 'credentials' LIMIT 1",
        (normalize_name(name).encode("utf-8", "replace").decode(),),
    )
    stored = row["password"] if row is not None else None
    hashed = stored.encode() if isinstance(stored, str) else NOBODY
    matches = await check_password(password, hashed)
    if row is None or not isinstance(stored, str) or not matches:
        return None

    return User(id=row["id"], name=row["name"])


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
