"""The commands about users; all but `list` and `delete` are about passwords."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from dashboard.accounts.administrators import find_admins
from dashboard.accounts.users import (
    UserRecord,
    delete_user,
    find_user,
    fix_usernames,
    list_users,
    random_password,
    recreate_admin,
    set_password,
)
from dashboard.cli.answers import (
    FAILED,
    USAGE,
    Answer,
    CommandError,
    show,
    show_table,
)
from dashboard.cli.opened import open_database
from dashboard.cli.passwords import read_password
from dashboard.database import Database
from dashboard.errors import (
    AdminExistsError,
    InvalidAccountError,
    LastAdminError,
    NameTakenError,
)
from dashboard.settings import Settings

CREDENTIALS = "credentials"
#: What a command prints is its interface: programs look for Homarr's own words.
MADE_ADMIN = (
    "We created a new admin user for you. Please keep in mind, that the admin group of "
    "it has a temporary name. You should change it to something more meaningful."
)
NO_ADMIN = (
    "no administrator with a password is left; to make one: recreate-admin -u NAME"
)


async def reset_password(arguments: Namespace, settings: Settings) -> Answer:
    """Give a user the password of the command line, or a random one."""
    _check_credentials_enabled(settings)
    given = arguments.password is not None
    password = read_password(arguments.password) if given else random_password()
    shown = show(arguments.username)
    async with open_database(settings) as database:
        user = await find_user(database, name=arguments.username)
        if user is None:
            hints = await _find_hints(database, arguments.username)
            raise CommandError(f"User {shown} not found", *hints)

        await set_password(database, user.id, password)

    return Answer(
        lines=[
            f"All sessions for user {shown} have been deleted",
            "You can now login with the new password",
            f"Password for user {shown} has been set to the provided value"
            if given
            else f"New password for user {shown}: {password}",
        ]
    )


async def repair_names(arguments: Namespace, settings: Settings) -> Answer:
    """Change the names of all users with a password to lower case."""
    _check_credentials_enabled(settings)
    async with open_database(settings) as database:
        changed = await fix_usernames(database)
        left = [
            user
            for user in await list_users(database)
            if user.provider == CREDENTIALS and user.name != user.name.lower()
        ]

    lines = [
        f"Changed username from {show(old)} to {show(new)}" for old, new in changed
    ]
    if not left:
        return Answer(lines=[*lines, "All usernames have been fixed"])

    names = ", ".join(f"{show(user.name)} ({show(user.id)})" for user in left)
    return Answer(
        lines=lines,
        errors=[f"error: others have these names in lower case; delete one: {names}"],
        exit_code=FAILED,
    )


async def make_admin(arguments: Namespace, settings: Settings) -> Answer:
    """Make an administrator, where there is none with a password."""
    _check_credentials_enabled(settings)
    async with open_database(settings) as database:
        try:
            admin = await recreate_admin(database, name=arguments.username)
        except AdminExistsError:
            raise CommandError("Credentials admin user exists") from None
        except NameTakenError:
            raise CommandError("User with this name already exists") from None
        except InvalidAccountError as error:
            raise CommandError("Invalid username:", f"- {error.reason}") from None

    return Answer(
        lines=[
            MADE_ADMIN,
            f"\tUsername: {show(admin.user.name)}",
            f"\tPassword: {admin.password}",
            f"\tGroup: {show(admin.group)}",
            "",
        ]
    )


async def show_users(arguments: Namespace, settings: Settings) -> Answer:
    """Show every user's id, name and e-mail address, whoever vouches for them."""
    async with open_database(settings) as database:
        found = await list_users(database)

    if arguments.json:
        return Answer(lines=[json.dumps([asdict(user) for user in found], indent=2)])

    if not found:
        return Answer(lines=["No users found"])

    rows = [(one.id, show(one.name), show(one.email)) for one in found]
    return Answer(lines=show_table("ID\t\t\t\tUsername\tEmail", rows))


async def remove_user(arguments: Namespace, settings: Settings) -> Answer:
    """Delete the user of an id or of a name; the last administrator by force only."""
    _check_who(arguments)
    async with open_database(settings) as database:
        user = _choose(await list_users(database), arguments)
        if user is None:
            raise CommandError("User not found")

        shown = show(user.name or user.id)
        was_last = await find_admins(database) == {user.id}
        try:
            await delete_user(database, user.id, keep_last_admin=not arguments.force)
        except LastAdminError:
            raise CommandError(
                f"error: {shown} is the last administrator; "
                "make another one first, or pass --force"
            ) from None

    return Answer(
        lines=[f"User {shown} ({user.id}) deleted"],
        errors=[NO_ADMIN] if was_last else [],
    )


async def update_password(arguments: Namespace, settings: Settings) -> Answer:
    """Give the user of an id or of a name the password of the command line."""
    _check_credentials_enabled(settings)
    _check_who(arguments)
    password = read_password(arguments.password)
    async with open_database(settings) as database:
        if arguments.id:
            user = await find_user(database, user_id=arguments.id)
        else:
            user = await find_user(database, name=arguments.username)

        if user is None:
            hints = await _find_hints(database, arguments.username)
            raise CommandError("User not found or has no credentials record", *hints)

        await set_password(database, user.id, password)

    return Answer(
        lines=[
            f"All sessions for user {show(user.name or user.id)} have been deleted",
            "Password updated successfully",
        ]
    )


async def _find_hints(database: Database, name: str | None) -> list[str]:
    """What to try instead of a name that nobody has, if anything."""
    if name is None or name == name.lower():
        return []

    user = await find_user(database, name=name.lower())
    if user is None:
        return []

    return [f"names are stored in small letters: try {show(user.name)}"]


def _check_credentials_enabled(settings: Settings) -> None:
    if CREDENTIALS not in settings.auth_providers:
        raise CommandError("Credentials provider is not enabled")


def _check_who(arguments: Namespace) -> None:
    if not arguments.id and not arguments.username:
        raise CommandError(
            "Either --id or --username must be provided", exit_code=USAGE
        )


def _choose(users: Sequence[UserRecord], arguments: Namespace) -> UserRecord | None:
    if arguments.id:
        found = [user for user in users if user.id == arguments.id]
    else:
        found = [user for user in users if user.name == arguments.username]

    if len(found) > 1:
        # One of each provider, say; the command line cannot know who is meant.
        ids = ", ".join(f"{user.id} ({user.provider})" for user in found)
        raise CommandError(f"error: several users have this name; give --id: {ids}")

    return found[0] if found else None
