"""user: who can log in, and their profiles; user_preferences is a part of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.accounts import inputs, profiles
from dashboard.accounts.attempts import share_attempts
from dashboard.accounts.endings import remove_user, replace_password, reset_password
from dashboard.accounts.invites import register
from dashboard.accounts.onboarding import init_user
from dashboard.accounts.profiles import Profile
from dashboard.accounts.users import create_user
from dashboard.errors import (
    ForeignAccountError,
    InvalidAccountError,
    InvalidInviteError,
    WrongPasswordError,
)
from dashboard.identity import Session, User
from dashboard.trpc.accounts import answering, require_credentials, require_self
from dashboard.trpc.guards import anyone, member, permission, step
from dashboard.trpc.procedure import Context, Rest, Router
from dashboard.trpc.routers import user_preferences

router = Router()
router.procedures.update(user_preferences.router.procedures)

_TAKEN = "Username already taken"
_SHORT = ("id", "name", "image")
_LISTED = ("id", "name", "email", "emailVerified", "image")
_WHOLE = (
    *_LISTED,
    "provider",
    "homeBoardId",
    "mobileHomeBoardId",
    "firstDayOfWeek",
    "pingIconsEnabled",
    "defaultSearchEngineId",
    "openSearchInNewTab",
)


@router.mutation("initUser", guard=step("user"), input=inputs.NewAccount)
async def init_first_user(context: Context, given: inputs.NewAccount) -> Any:
    """Make the first administrator."""
    require_credentials(context)
    resources = context.resources
    with answering(name="username", taken=_TAKEN):
        await init_user(
            resources.database,
            name=given.username,
            password=given.password,
            email=given.email or None,
            providers=resources.settings.auth_providers,
        )

    return superjson.UNDEFINED


@router.mutation("register", guard=anyone, input=inputs.Registration)
async def register_by_invite(context: Context, given: inputs.Registration) -> Any:
    """Make an account with an invite, which is used up by it."""
    require_credentials(context)
    database = context.resources.database

    async def attempt() -> User | InvalidAccountError | None:
        try:
            return await register(
                database,
                invite_id=given.invite_id,
                token=given.token,
                name=given.username,
                password=given.password,
            )
        except InvalidAccountError as error:
            return error
        except InvalidInviteError:
            return None

    with answering(name="username", taken=_TAKEN):
        made = await share_attempts(database).run(
            attempt, name=f"invite {given.invite_id}", address=context.address
        )
        if made is None:
            raise InvalidInviteError

        if isinstance(made, InvalidAccountError):
            raise made

    return superjson.UNDEFINED


@router.mutation(
    "create",
    guard=permission("admin"),
    input=inputs.NewUser,
    rest=Rest("POST", "/users"),
)
async def create(context: Context, given: inputs.NewUser) -> Any:
    """Make a user with a password."""
    require_credentials(context)
    with answering(name="username", taken=_TAKEN):
        await create_user(
            context.resources.database,
            name=given.username,
            password=given.password,
            email=given.email or None,
            group_ids=given.group_ids,
        )

    return superjson.UNDEFINED


@router.query("getAll", guard=permission("admin"), rest=Rest("GET", "/users"))
async def get_all(context: Context) -> list[dict[str, Any]]:
    """All users, by name."""
    found = await profiles.list_profiles(context.resources.database)
    return [_show(profile, _LISTED) for profile in found]


@router.query(
    "selectable",
    guard=member,
    input=inputs.SelectableUsers | None,
    rest=Rest("GET", "/users/selectable"),
)
async def selectable(
    context: Context, given: inputs.SelectableUsers | None
) -> list[dict[str, Any]]:
    """The users that others can be given as a choice."""
    own_only = given is not None and given.exclude_external_providers
    found = await profiles.list_profiles(
        context.resources.database, provider="credentials" if own_only else None
    )
    return [_show(profile, _SHORT) for profile in found]


@router.query(
    "search",
    guard=permission("admin"),
    input=inputs.Search,
    rest=Rest("POST", "/users/search"),
)
async def search(context: Context, given: inputs.Search) -> list[dict[str, Any]]:
    """Users with these letters in their name."""
    found = await profiles.list_profiles(
        context.resources.database, query=given.query, limit=given.limit
    )
    return [{**_show(profile, _SHORT), "name": profile.name or ""} for profile in found]


@router.query(
    "getById",
    guard=member,
    input=inputs.ByUser,
    rest=Rest("GET", "/users/{userId}"),
)
async def get_by_id(context: Context, given: inputs.ByUser) -> dict[str, Any]:
    """All that is known about a user."""
    require_self(
        context,
        given.user_id,
        otherwise="You are not allowed to view other users details",
    )
    with answering():
        found = await profiles.find_profile(context.resources.database, given.user_id)

    return _show(found, _WHOLE)


@router.mutation(
    "editProfile",
    guard=member,
    input=inputs.EditedProfile,
    rest=Rest("PUT", "/users/profile"),
)
async def edit_profile(context: Context, given: inputs.EditedProfile) -> Any:
    """Change a user's name, and their address where one is given."""
    require_self(
        context,
        given.id,
        otherwise="You are not allowed to edit other users details",
    )
    with answering(taken=_TAKEN):
        await profiles.edit_profile(
            context.resources.database,
            given.id,
            name=given.name,
            email=given.email or None,
        )

    return superjson.UNDEFINED


@router.mutation(
    "delete",
    guard=member,
    input=inputs.ByUser,
    rest=Rest("DELETE", "/users/{userId}"),
)
async def delete(context: Context, given: inputs.ByUser) -> Any:
    """Delete a user, but for the last who can administrate."""
    require_self(
        context,
        given.user_id,
        otherwise="You are not allowed to delete other users",
    )
    resources = context.resources
    await remove_user(resources.database, resources.bus, given.user_id)
    return superjson.UNDEFINED


@router.mutation(
    "changePassword",
    guard=member,
    input=inputs.ChangedPassword,
    rest=Rest("PATCH", "/users/{userId}/changePassword"),
)
async def change_password(context: Context, given: inputs.ChangedPassword) -> Any:
    """Change a password, one's own by giving the one before; ends the sessions.

    Of one's own sessions the one that asks goes on.
    """
    session = require_self(context, given.user_id)
    resources = context.resources
    with answering():
        found = await profiles.find_profile(resources.database, given.user_id)
        if found.provider != "credentials":
            raise ForeignAccountError("password", found.provider)

        if session.user_id != found.id:
            await reset_password(
                resources.database, resources.bus, found.id, given.password
            )
        elif not await _replace_password(context, session, given):
            raise WrongPasswordError

    return superjson.UNDEFINED


async def _replace_password(
    context: Context, session: Session, given: inputs.ChangedPassword
) -> bool:
    """Whether the password before was right, and the new one is theirs now."""
    resources = context.resources

    async def attempt() -> bool | None:
        try:
            await replace_password(
                resources.database,
                resources.bus,
                session,
                current=given.previous_password,
                new=given.password,
            )
        except WrongPasswordError:
            return None

        return True

    # Whoever finds an open browser may not try out passwords here either.
    done = await share_attempts(resources.database).run(
        attempt, name=session.user_name, address=context.address
    )
    return done is not None


def _show(profile: Profile, members: Collection[str]) -> dict[str, Any]:
    shown = msgspec.to_builtins(profile, builtin_types=(datetime,))
    return {name: shown[name] for name in members}
