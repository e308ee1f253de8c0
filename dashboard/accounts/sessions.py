"""Sessions: rows with Homarr's tokens and milliseconds, checked against the clock."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection

from dashboard.accounts.permissions import with_implied
from dashboard.database import Database, Transaction
from dashboard.errors import DatabaseBusyError, DatabaseFullError
from dashboard.identity import PROVIDERS, Session, User

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT = 30 * 86400.0
#: A session in use is prolonged once this much of its time has passed.
PROLONG_AFTER = 86400.0
TOKEN_BYTES = 48
LONGEST_TOKEN = 255


async def open_session(
    database: Database,
    user: User,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    clock: Callable[[], float] = time.time,
) -> Session:
    """Log a user in, under a new token of 96 hexadecimal digits."""
    token = secrets.token_hex(TOKEN_BYTES)
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "session" (session_token, user_id, expires) VALUES (?, ?, ?)',
            (token, user.id, _milliseconds(clock() + timeout)),
        )
        # As Homarr does at each login: everyone is in "everyone".
        await tx.execute(
            'INSERT INTO "groupMember" (group_id, user_id)'
            " SELECT id, ? FROM \"group\" WHERE name = 'everyone'"
            " ON CONFLICT DO NOTHING",
            (user.id,),
        )

    session = await find_session(database, token, timeout=timeout, clock=clock)
    if session is None:
        raise RuntimeError(f"the session of {user.name!r} ended as it began")

    return session


async def find_session(
    database: Database,
    token: str,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    clock: Callable[[], float] = time.time,
) -> Session | None:
    """The session of a token, None if there is none or it has expired.

    A session in use is prolonged to `timeout` from now, at most once a day.
    """
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        return None

    rows = await database.all(
        "SELECT s.expires, u.id, u.name, p.permission"
        ' FROM "session" AS s JOIN "user" AS u ON u.id = s.user_id'
        ' LEFT JOIN "groupMember" AS m ON m.user_id = u.id'
        ' LEFT JOIN "groupPermission" AS p ON p.group_id = m.group_id'
        " WHERE s.session_token = ?",
        (token,),
        remember=True,
    )
    now = clock()
    if not rows or rows[0]["expires"] <= _milliseconds(now):
        return None

    expires = rows[0]["expires"] / 1000
    if expires - timeout + PROLONG_AFTER <= now:
        expires = await _prolong(database, token, expires=expires, until=now + timeout)

    return Session(
        token=token,
        user_id=rows[0]["id"],
        user_name=rows[0]["name"] or "",
        permissions=with_implied(
            row["permission"] for row in rows if row["permission"]
        ),
        expires=expires,
    )


async def close_session(database: Database, token: str) -> None:
    """Log out; an unknown token is no error."""
    if not token.isascii():
        return

    async with database.write() as tx:
        await tx.execute('DELETE FROM "session" WHERE session_token = ?', (token,))


async def close_sessions(
    database: Database, user_id: str, *, except_token: str | None = None
) -> list[str]:
    """Log a user out everywhere, but for one session; returns the ended tokens."""
    async with database.write() as tx:
        return await delete_sessions(tx, user_id, except_token=except_token)


async def delete_sessions(
    tx: Transaction, user_id: str, *, except_token: str | None = None
) -> list[str]:
    """The same inside a transaction."""
    rows = await tx.all(
        'SELECT session_token FROM "session" WHERE user_id = ?', (user_id,)
    )
    tokens = [row["session_token"] for row in rows]
    ended = [token for token in tokens if token != except_token]
    if ended:
        await tx.execute_many(
            'DELETE FROM "session" WHERE session_token = ?',
            [(token,) for token in ended],
        )

    return ended


async def close_disabled_sessions(
    database: Database, *, providers: Collection[str]
) -> int:
    """End the sessions of users whose provider is not one of these; returns how many.

    As Homarr does when its tasks start; a provider that nobody knows is left alone.
    """
    disabled = [name for name in PROVIDERS if name not in providers]
    deleted = 0
    async with database.write() as tx:
        for provider in disabled:
            deleted += await tx.execute(
                'DELETE FROM "session" WHERE user_id IN'
                ' (SELECT id FROM "user" WHERE provider = ?)',
                (provider,),
            )

    return deleted


async def delete_expired_sessions(
    database: Database, *, clock: Callable[[], float] = time.time
) -> int:
    """Delete the rows of expired sessions; returns how many."""
    async with database.write() as tx:
        return await tx.execute(
            'DELETE FROM "session" WHERE expires <= ?', (_milliseconds(clock()),)
        )


async def _prolong(
    database: Database, token: str, *, expires: float, until: float
) -> float:
    try:
        async with database.write() as tx:
            # Not if it was closed or prolonged meanwhile.
            await tx.execute(
                'UPDATE "session" SET expires = ?'
                " WHERE session_token = ? AND expires = ?",
                (_milliseconds(until), token, _milliseconds(expires)),
            )
    except (
        sqlite3.OperationalError,
        DatabaseBusyError,
        DatabaseFullError,
    ) as error:
        # It is valid as it is; the next request tries again.
        logger.warning("a session could not be prolonged: %s", error)
        return expires

    return _milliseconds(until) / 1000


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
