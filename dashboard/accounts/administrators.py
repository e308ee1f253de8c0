"""Who can administrate, so that no change ever takes away the last one who can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.database import Database, Readable, Transaction
from dashboard.errors import LastAdminError


async def find_admins(database: Readable | Database) -> set[str]:
    """The ids of all who can log in as administrators with a password.

    Accounts of other providers do not count: their sign-in may be switched off.
    """
    rows = await database.all(
        'SELECT m.user_id FROM "groupPermission" AS p'
        ' JOIN "groupMember" AS m ON m.group_id = p.group_id'
        ' JOIN "user" AS u ON u.id = m.user_id'
        " WHERE p.permission = 'admin' AND u.provider = 'credentials'"
    )
    return {row["user_id"] for row in rows}


@asynccontextmanager
async def keeping_an_admin(tx: Transaction) -> AsyncIterator[None]:
    """Take back what is written in here where nobody could administrate after it.

    Raises LastAdminError then, out of the transaction. A file that had nobody before
    is not made worse.
    """
    before = await find_admins(tx)
    yield
    if before and not await find_admins(tx):
        raise LastAdminError(min(before))
