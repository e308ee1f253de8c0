"""What the tests of the administration share."""

from __future__ import annotations

from dashboard.accounts import find_user, list_groups
from dashboard.database import Database

from .helpers import GUEST


async def user_id(database: Database, name: str = GUEST) -> str:
    """Return the id of a user."""

    user = await find_user(database, name=name)
    assert user is not None, name
    return user.id


async def admin_group(database: Database) -> str:
    """Return the id of the group that makes administrators."""

    return next(
        group.id
        for group in await list_groups(database)
        if "admin" in group.permissions
    )
