"""Who can administrate, so that no click ever takes away the last one who can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dashboard.accounts import Group, UserRecord, list_groups, list_users
from dashboard.database import Database

ADMIN = "admin"


class LastAdministratorError(Exception):
    """After this change nobody could administrate any more."""


def find_administrators(
    groups: Iterable[Group], users: Iterable[UserRecord]
) -> frozenset[str]:
    """Return the ids of the users who can log in here and may do everything.

    Accounts of other providers do not count: their sign-in may be switched off.
    """

    members = {
        user_id
        for group in groups
        if ADMIN in group.permissions
        for user_id in group.member_ids
    }
    return frozenset(
        user.id
        for user in users
        if user.id in members and user.provider == "credentials"
    )


async def check_without_user(database: Database, user_id: str) -> None:
    """Raise LastAdministratorError where deleting this user leaves no other."""

    groups, users = await list_groups(database), await list_users(database)
    _check(groups, users, [user for user in users if user.id != user_id], groups)


async def check_without_member(database: Database, group_id: str, user_id: str) -> None:
    """The same for a user who is to leave a group."""

    def leave(group: Group) -> Group:
        kept = tuple(one for one in group.member_ids if one != user_id)
        return replace(group, member_ids=kept)

    groups, users = await list_groups(database), await list_users(database)
    changed = [leave(one) if one.id == group_id else one for one in groups]
    _check(groups, users, users, changed)


async def check_permissions(
    database: Database, group_id: str, permissions: Iterable[str]
) -> None:
    """The same for a group whose permissions are to be these; none if deleted."""

    wanted = tuple(permissions)
    groups, users = await list_groups(database), await list_users(database)
    changed = [
        replace(one, permissions=wanted) if one.id == group_id else one
        for one in groups
    ]
    _check(groups, users, users, changed)


def _check(
    groups_before: Iterable[Group],
    users_before: Iterable[UserRecord],
    users: Iterable[UserRecord],
    groups: Iterable[Group],
) -> None:
    # A file that has none at all is not made worse.
    if not find_administrators(groups_before, users_before):
        return

    if not find_administrators(groups, users):
        raise LastAdministratorError
