"""The groups: who is in them, and what that lets them do."""

from __future__ import annotations

from urllib.parse import quote

from quart import Response
from werkzeug.exceptions import NotFound

from dashboard.accounts import (
    Group,
    InvalidAccountError,
    UnknownUserError,
    add_member,
    create_group,
    delete_group,
    find_group,
    list_groups,
    list_users,
    remove_member,
    rename_group,
    set_permissions,
)
from dashboard.errors import LastAdminError
from services.web.forms import sentence
from services.web.permission_words import list_permissions
from services.web.visit import Visit

_NOTICES = {
    "deleted": "The group is deleted. Its members are still users.",
    "renamed": "The group has its new name.",
    "permissions": "The permissions are changed, and count from now on.",
    "added": "They are a member now.",
    "removed": "They are no longer a member.",
}
_LAST = "After that nobody could manage this place any more. Give it to others first."
_NOBODY = "Choose a user."


async def show_groups(visit: Visit) -> Response:
    """List the groups."""

    return await _groups_page(visit)


async def create(visit: Visit) -> Response:
    """Make an empty group and show it."""

    name = visit.form.text("name")
    database = visit.site.resources.database
    try:
        group = await create_group(database, name=name, owner_id=visit.member.user_id)
    except InvalidAccountError as error:
        return await _groups_page(visit, name=name, error=sentence(error.reason))

    return visit.redirect(_path(group.id))


async def show_group(visit: Visit, group_id: str) -> Response:
    """Show a group with its members and permissions."""

    return await _group_page(visit, await _find(visit, group_id))


async def rename(visit: Visit, group_id: str) -> Response:
    """Give a group another name."""

    group = await _find(visit, group_id, changeable=True)
    name = visit.form.text("name")
    try:
        await rename_group(visit.site.resources.database, group.id, name=name)
    except InvalidAccountError as error:
        return await _group_page(
            visit, group, name=name, errors={"name": sentence(error.reason)}
        )

    return visit.redirect(f"{_path(group.id)}?done=renamed")


async def change_permissions(visit: Visit, group_id: str) -> Response:
    """Set what the members may do."""

    group = await _find(visit, group_id)
    wanted = visit.form.all("permissions")
    database = visit.site.resources.database
    try:
        await set_permissions(database, group.id, wanted)
    except LastAdminError:
        return await _group_page(visit, group, errors={"permissions": _LAST})
    except InvalidAccountError as error:
        errors = {"permissions": sentence(error.reason)}
        return await _group_page(visit, group, errors=errors)

    return visit.redirect(f"{_path(group.id)}?done=permissions")


async def add(visit: Visit, group_id: str) -> Response:
    """Put a user into a group."""

    group = await _find(visit, group_id, changeable=True)
    user_id = visit.form.text("user")
    try:
        await add_member(visit.site.resources.database, group.id, user_id=user_id)
    except UnknownUserError:
        return await _group_page(visit, group, errors={"user": _NOBODY})

    return visit.redirect(f"{_path(group.id)}?done=added")


async def remove(visit: Visit, group_id: str, user_id: str) -> Response:
    """Take a user out of a group."""

    group = await _find(visit, group_id, changeable=True)
    database = visit.site.resources.database
    try:
        await remove_member(database, group.id, user_id=user_id)
    except LastAdminError:
        return await _group_page(visit, group, errors={"members": _LAST})

    return visit.redirect(f"{_path(group.id)}?done=removed")


async def delete(visit: Visit, group_id: str) -> Response:
    """Delete a group."""

    group = await _find(visit, group_id, changeable=True)
    database = visit.site.resources.database
    try:
        await delete_group(database, group.id)
    except LastAdminError:
        return await _group_page(visit, group, errors={"delete": _LAST})

    return visit.redirect("/manage/groups?done=deleted")


async def _find(visit: Visit, group_id: str, *, changeable: bool = False) -> Group:
    group = await find_group(visit.site.resources.database, group_id)
    # "everyone" has no forms but the one of its permissions.
    if group is None or (changeable and group.reserved):
        raise NotFound

    return group


async def _groups_page(visit: Visit, *, name: str = "", error: str = "") -> Response:
    return visit.page(
        "manage/groups.html",
        status=422 if error else 200,
        groups=await list_groups(visit.site.resources.database),
        name=name,
        error=error,
        notice=_NOTICES.get(visit.request.args.get("done", "")),
    )


async def _group_page(
    visit: Visit,
    group: Group,
    *,
    name: str | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    users = await list_users(visit.site.resources.database)
    return visit.page(
        "manage/group.html",
        status=422 if errors else 200,
        group=group,
        group_path=_path(group.id),
        name=group.name if name is None else name,
        members=[user for user in users if user.id in group.member_ids],
        others=[user for user in users if user.id not in group.member_ids],
        permissions=list_permissions(group.permissions),
        notice=_NOTICES.get(visit.request.args.get("done", "")),
        errors=errors or {},
    )


def _path(group_id: str) -> str:
    return f"/manage/groups/{quote(group_id, safe='')}"
