"""The users: who there is, ending their sessions, deleting them."""

from __future__ import annotations

from urllib.parse import quote

from quart import Response
from werkzeug.exceptions import NotFound

from dashboard.accounts import UserRecord, find_admins, list_groups, list_users
from dashboard.accounts.endings import log_out_everywhere, remove_user
from dashboard.errors import LastAdminError
from services.web.visit import Visit

_NOTICES = {
    "deleted": "The user is deleted, and logged out everywhere.",
    "ended": "Their sessions are ended. They can log in again.",
}
_LAST = "This is the last administrator. Make somebody else one first."
_CONFIRM = "Type your own name to delete your own account."


async def show_users(visit: Visit) -> Response:
    """List everybody."""

    database = visit.site.resources.database
    return visit.page(
        "manage/users.html",
        users=await list_users(database),
        administrators=await find_admins(database),
        notice=_NOTICES.get(visit.request.args.get("done", "")),
    )


async def show_user(visit: Visit, user_id: str) -> Response:
    """Show one user and what can be done about them."""

    return await _user_page(visit, await _find(visit, user_id))


async def end_sessions(visit: Visit, user_id: str) -> Response:
    """Log a user out everywhere."""

    user = await _find(visit, user_id)
    resources = visit.site.resources
    await log_out_everywhere(resources.database, resources.bus, user.id)
    return visit.redirect(f"/manage/users/{quote(user.id, safe='')}?done=ended")


async def delete(visit: Visit, user_id: str) -> Response:
    """Delete a user; never the last administrator, and oneself by name only."""

    user = await _find(visit, user_id)
    oneself = user.id == visit.member.user_id
    if oneself and visit.form.text("confirm") != user.name:
        return await _user_page(visit, user, errors={"confirm": _CONFIRM})

    resources = visit.site.resources
    try:
        await remove_user(resources.database, resources.bus, user.id)
    except LastAdminError:
        return await _user_page(visit, user, errors={"form": _LAST})

    if not oneself:
        return visit.redirect("/manage/users?done=deleted")

    response = visit.redirect("/auth/login")
    visit.forget_session(response)
    return response


async def _find(visit: Visit, user_id: str) -> UserRecord:
    for user in await list_users(visit.site.resources.database):
        if user.id == user_id:
            return user

    raise NotFound


async def _user_page(
    visit: Visit, user: UserRecord, *, errors: dict[str, str] | None = None
) -> Response:
    groups = await list_groups(visit.site.resources.database)
    return visit.page(
        "manage/user.html",
        status=422 if errors else 200,
        user=user,
        groups=[group for group in groups if user.id in group.member_ids],
        oneself=user.id == visit.member.user_id,
        notice=_NOTICES.get(visit.request.args.get("done", "")),
        errors=errors or {},
    )
