"""The API keys: what programs log in with, in the header `ApiKey`."""

from __future__ import annotations

from quart import Response
from werkzeug.exceptions import NotFound

from dashboard.accounts import create_api_key, delete_api_key, list_api_keys
from services.web.visit import Visit

_NOTICES = {"deleted": "The key is deleted; programs that use it are refused."}


async def show_keys(visit: Visit) -> Response:
    """List the keys, without what makes them work."""

    return await _page(visit, notice=_NOTICES.get(visit.request.args.get("done", "")))


async def create(visit: Visit) -> Response:
    """Make a key with the visitor's own permissions, and show it this once."""

    database = visit.site.resources.database
    _, secret = await create_api_key(database, user_id=visit.member.user_id)
    return await _page(visit, secret=secret)


async def delete(visit: Visit, key_id: str) -> Response:
    """Make a key worthless."""

    if not await delete_api_key(visit.site.resources.database, key_id):
        raise NotFound

    return visit.redirect("/manage/api-keys?done=deleted")


async def _page(
    visit: Visit, *, secret: str = "", notice: str | None = None
) -> Response:
    return visit.page(
        "manage/api_keys.html",
        confidential=bool(secret),
        keys=await list_api_keys(visit.site.resources.database),
        secret=secret,
        notice=notice,
    )
