"""group: who is in which group, and what that lets them do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.accounts import group_inputs, groups, inputs
from dashboard.accounts.group_details import (
    GroupDetails,
    find_group_details,
    list_group_details,
    set_group_homes,
)
from dashboard.accounts.onboarding import create_external_group
from dashboard.boards.access import require_session
from dashboard.inputs import ById, Paginated
from dashboard.trpc.accounts import answering, require_credentials
from dashboard.trpc.guards import member, permission, step
from dashboard.trpc.procedure import Context, Router

router = Router()

_TAKEN = "Found group with similar name"
_NAMED = ("id", "name")
_LISTED = (*_NAMED, "ownerId", "homeBoardId", "mobileHomeBoardId", "position")
_PERSON = ("id", "name", "email", "image")


@router.query("getAll", guard=permission("admin"))
async def get_all(context: Context) -> list[dict[str, Any]]:
    """All groups with their members, in their order."""
    found, _ = await list_group_details(context.resources.database)
    return [_show(group, _LISTED, _PERSON) for group in found]


@router.query("getPaginated", guard=permission("admin"), input=Paginated)
async def get_paginated(context: Context, given: Paginated) -> dict[str, Any]:
    """A page of the groups with these letters in their name."""
    found, count = await list_group_details(
        context.resources.database,
        query=given.search.strip(),
        limit=given.page_size,
        offset=given.offset,
    )
    items = [_show(group, _LISTED, _PERSON) for group in found]
    return {"items": items, "totalCount": count}


@router.query("getById", guard=permission("admin"), input=ById)
async def get_by_id(context: Context, given: ById) -> dict[str, Any]:
    """A group with its members, permissions and owner."""
    with answering():
        found = await find_group_details(context.resources.database, given.id)

    shown = _show(found, _LISTED, (*_PERSON, "provider"))
    owner = None if found.owner is None else _pick(found.owner, _PERSON)
    return {**shown, "permissions": list(found.permissions), "owner": owner}


@router.query("selectable", guard=member, input=group_inputs.SelectableGroups | None)
async def selectable(
    context: Context, given: group_inputs.SelectableGroups | None
) -> list[dict[str, Any]]:
    """The names of all groups, for administrators with their permissions if asked."""
    found = await groups.list_groups(context.resources.database)
    may = require_session(context.session).may("admin")
    if given is None or not (given.with_permissions and may):
        return [{"id": group.id, "name": group.name} for group in found]

    return [
        {"id": group.id, "name": group.name, "permissions": list(group.permissions)}
        for group in found
    ]


@router.query("search", guard=permission("admin"), input=inputs.Search)
async def search(context: Context, given: inputs.Search) -> list[dict[str, Any]]:
    """Groups with these letters in their name."""
    found, _ = await list_group_details(
        context.resources.database, query=given.query, limit=given.limit
    )
    return [_pick(group, _NAMED) for group in found]


@router.mutation(
    "createInitialExternalGroup", guard=step("group"), input=group_inputs.GroupName
)
async def create_initial_external_group(
    context: Context, given: group_inputs.GroupName
) -> Any:
    """Name the group of another provider whose members are administrators."""
    resources, session = context.resources, context.session
    with answering(taken=_TAKEN):
        await create_external_group(
            resources.database,
            name=given.name,
            by_admin=session is not None and session.may("admin"),
            providers=resources.settings.auth_providers,
        )

    return superjson.UNDEFINED


@router.mutation("createGroup", guard=permission("admin"), input=group_inputs.GroupName)
async def create_group(context: Context, given: group_inputs.GroupName) -> str:
    """Make a group; the id of it."""
    owner_id = require_session(context.session).user_id
    with answering(taken=_TAKEN):
        made = await groups.create_group(
            context.resources.database, name=given.name, owner_id=owner_id
        )

    return made.id


@router.mutation(
    "updateGroup", guard=permission("admin"), input=group_inputs.RenamedGroup
)
async def update_group(context: Context, given: group_inputs.RenamedGroup) -> Any:
    """Give a group another name."""
    with answering(taken=_TAKEN):
        await groups.rename_group(context.resources.database, given.id, name=given.name)

    return superjson.UNDEFINED


@router.mutation(
    "savePartialSettings", guard=permission("admin"), input=group_inputs.GroupSettings
)
async def save_partial_settings(
    context: Context, given: group_inputs.GroupSettings
) -> Any:
    """Choose what "/" shows to the members."""
    with answering():
        await set_group_homes(
            context.resources.database,
            given.id,
            home=given.settings.home_board_id,
            mobile_home=given.settings.mobile_home_board_id,
        )

    return superjson.UNDEFINED


@router.mutation(
    "savePositions", guard=permission("admin"), input=group_inputs.GroupPositions
)
async def save_positions(context: Context, given: group_inputs.GroupPositions) -> Any:
    """Put groups into this order; "everyone" stays before them."""
    await groups.order_groups(context.resources.database, given.positions)
    return superjson.UNDEFINED


@router.mutation(
    "savePermissions", guard=permission("admin"), input=group_inputs.GroupPermissions
)
async def save_permissions(
    context: Context, given: group_inputs.GroupPermissions
) -> Any:
    """Set what the members may do."""
    with answering():
        await groups.set_permissions(
            context.resources.database, given.group_id, given.permissions
        )

    return superjson.UNDEFINED


@router.mutation(
    "transferOwnership", guard=permission("admin"), input=group_inputs.GroupUser
)
async def transfer_ownership(context: Context, given: group_inputs.GroupUser) -> Any:
    """Give a group another owner."""
    with answering():
        await groups.transfer_group(
            context.resources.database, given.group_id, owner_id=given.user_id
        )

    return superjson.UNDEFINED


@router.mutation("deleteGroup", guard=permission("admin"), input=ById)
async def delete_group(context: Context, given: ById) -> Any:
    """Delete a group, but for one without which nobody could administrate."""
    with answering():
        await groups.delete_group(context.resources.database, given.id)

    return superjson.UNDEFINED


@router.mutation("addMember", guard=permission("admin"), input=group_inputs.GroupUser)
async def add_member(context: Context, given: group_inputs.GroupUser) -> Any:
    """Put a user into a group."""
    require_credentials(context)
    with answering():
        await groups.add_member(
            context.resources.database, given.group_id, user_id=given.user_id
        )

    return superjson.UNDEFINED


@router.mutation(
    "removeMember", guard=permission("admin"), input=group_inputs.GroupUser
)
async def remove_member(context: Context, given: group_inputs.GroupUser) -> Any:
    """Take a user out of a group."""
    require_credentials(context)
    with answering():
        await groups.remove_member(
            context.resources.database, given.group_id, user_id=given.user_id
        )

    return superjson.UNDEFINED


def _show(
    group: GroupDetails, members: Collection[str], of_person: Collection[str]
) -> dict[str, Any]:
    people = [_pick(person, of_person) for person in group.members]
    return {**_pick(group, members), "members": people}


def _pick(record: msgspec.Struct, members: Collection[str]) -> dict[str, Any]:
    shown = msgspec.to_builtins(record)
    return {name: shown[name] for name in members}
