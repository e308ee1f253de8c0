"""API keys: the header `ApiKey: id.token` instead of a session."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.accounts.hashing import BYTES, hash_password, salt_of
from dashboard.accounts.passwords import check_password_of
from dashboard.accounts.permissions import with_implied
from dashboard.accounts.rows import check_user
from dashboard.database import Database
from dashboard.database.schema import has_column
from dashboard.identity import Session
from dashboard.ids import new_id

#: As hexadecimal digits they fit into what bcrypt looks at: every one counts.
TOKEN_BYTES = 32
#: What Homarr says of such a session; each request makes a new one.
SESSION_TIMEOUT = 86400.0
#: Keys in use at once whose token need not be hashed again.
MAX_KNOWN = 256

#: Homarr's ids have 8 or 24 characters and its tokens 48 or 128 digits.
_HEADER = re.compile(r"([0-9A-Za-z_-]{1,64})\.([0-9A-Za-z_-]{1,255})")

#: Digests of stored hash and token, once bcrypt has said that they belong together.
#: That stays true for ever, so nothing has to be dropped when a key is deleted: its
#: row, which is read each time, is gone. bcrypt takes 50 ms; a script that asks every
#: second would take a tenth of a core for it.
_known: OrderedDict[bytes, None] = OrderedDict()
_digest_key = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its token, which nobody can read again."""

    id: str
    user_id: str
    user_name: str
    #: The user's picture, as a data URL or the address of one.
    user_image: str | None = None


async def create_api_key(database: Database, *, user_id: str) -> tuple[ApiKey, str]:
    """Make a key with a user's permissions; returns it and the header's value.

    Raises UnknownUserError.
    """
    key_id, token = new_id(), secrets.token_hex(TOKEN_BYTES)
    hashed = await hash_password(token)
    async with database.write() as tx:
        await check_user(tx, user_id)
        if await has_column(tx, "apiKey", "salt"):
            # Homarr to 1.58 hashes the token with it and compares.
            await tx.execute(
                'INSERT INTO "apiKey" (id, api_key, salt, user_id) VALUES (?, ?, ?, ?)',
                (key_id, hashed, salt_of(hashed), user_id),
            )
        else:
            await tx.execute(
                'INSERT INTO "apiKey" (id, api_key, user_id) VALUES (?, ?, ?)',
                (key_id, hashed, user_id),
            )

        rows = await tx.all('SELECT name FROM "user" WHERE id = ?', (user_id,))

    key = ApiKey(id=key_id, user_id=user_id, user_name=rows[0]["name"] or "")
    return key, f"{key_id}.{token}"


async def list_api_keys(database: Database) -> list[ApiKey]:
    """All keys, by the name of their owner."""
    rows = await database.all(
        'SELECT k.id, k.user_id, u.name, u.image FROM "apiKey" AS k'
        ' JOIN "user" AS u ON u.id = k.user_id ORDER BY lower(u.name), k.id'
    )
    return [
        ApiKey(
            id=row["id"],
            user_id=row["user_id"],
            user_name=row["name"] or "",
            user_image=row["image"],
        )
        for row in rows
    ]


async def delete_api_key(database: Database, key_id: str) -> bool:
    """Delete a key, which is refused from then on; returns whether there was one."""
    async with database.write() as tx:
        return await tx.execute('DELETE FROM "apiKey" WHERE id = ?', (key_id,)) > 0


async def find_key_session(
    database: Database, header: str, *, clock: Callable[[], float] = time.time
) -> Session | None:
    """What the sender of this header may do; None unless it is a key, exactly.

    An unknown id takes as long as a wrong token. The session has no row; its token is
    the id of the key. Raises TooBusyError when too many wait.
    """
    match = _HEADER.fullmatch(header)
    if match is None:
        return None

    key_id, token = match.groups()
    rows = await database.all(
        'SELECT k.api_key, u.id, u.name, p.permission FROM "apiKey" AS k'
        ' JOIN "user" AS u ON u.id = k.user_id'
        ' LEFT JOIN "groupMember" AS m ON m.user_id = u.id'
        ' LEFT JOIN "groupPermission" AS p ON p.group_id = m.group_id'
        " WHERE k.id = ?",
        (key_id,),
    )
    if not await _is_token(rows[0]["api_key"] if rows else None, token):
        return None

    return Session(
        token=f"api-key.{key_id}",
        user_id=rows[0]["id"],
        user_name=rows[0]["name"] or "",
        permissions=with_implied(
            row["permission"] for row in rows if row["permission"]
        ),
        expires=clock() + SESSION_TIMEOUT,
    )


async def _is_token(stored: object, token: str) -> bool:
    digest = hmac.digest(
        _digest_key, f"{stored}\0{token[:BYTES]}".encode("utf-8", "replace"), "sha256"
    )
    if digest in _known:
        _known.move_to_end(digest)
        return True

    if not await check_password_of(stored, token):
        return False

    _known[digest] = None
    while len(_known) > MAX_KNOWN:
        _known.popitem(last=False)

    return True
