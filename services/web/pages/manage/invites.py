"""The invites: links that let one person each make an account."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from quart import Response
from werkzeug.exceptions import NotFound

from dashboard.accounts import Invite, create_invite, delete_invite, list_invites
from services.web.visit import Visit

#: (value, what people read, seconds)
LIFETIMES = (
    ("1h", "One hour", 3600),
    ("1d", "One day", 86400),
    ("7d", "A week", 7 * 86400),
    ("30d", "30 days", 30 * 86400),
)
_CHOOSE = "Choose how long the invite can be used."
_NOTICES = {"deleted": "The invite is deleted; its link opens nothing any more."}


async def show_invites(visit: Visit) -> Response:
    """List the invites that nobody has used."""

    return await _page(visit, notice=_NOTICES.get(visit.request.args.get("done", "")))


async def create(visit: Visit) -> Response:
    """Make an invite, and show its link this once."""

    chosen = visit.form.text("lifetime")
    seconds = next((one[2] for one in LIFETIMES if one[0] == chosen), None)
    if seconds is None:
        return await _page(visit, error=_CHOOSE)

    invite = await create_invite(
        visit.site.resources.database,
        creator_id=visit.member.user_id,
        expires=visit.site.now() + seconds,
        clock=visit.site.now,
    )
    return await _page(visit, link=_link(visit, invite))


async def delete(visit: Visit, invite_id: str) -> Response:
    """Withdraw an invite."""

    if not await delete_invite(visit.site.resources.database, invite_id):
        raise NotFound

    return visit.redirect("/manage/invites?done=deleted")


def _link(visit: Visit, invite: Invite) -> str:
    scheme = "https" if visit.peer.secure else "http"
    host = visit.request.headers.get("Host", "")
    path = f"/auth/invite/{quote(invite.id, safe='')}?token={invite.token}"
    return f"{scheme}://{host}{path}"


async def _page(
    visit: Visit, *, link: str = "", error: str = "", notice: str | None = None
) -> Response:
    now = visit.site.now()
    invites = [
        (invite, _date(invite.expires), invite.expires <= now)
        for invite in await list_invites(visit.site.resources.database)
    ]
    return visit.page(
        "manage/invites.html",
        status=422 if error else 200,
        confidential=bool(link),
        invites=invites,
        lifetimes=LIFETIMES,
        link=link,
        error=error,
        notice=notice,
    )


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        # An existing file may hold any number.
        return "a date that no calendar has"
