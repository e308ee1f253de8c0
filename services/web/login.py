"""Logging in and out: the session, its cookie, and the sockets that end with it."""

from __future__ import annotations

from quart import Response

from dashboard.accounts import User, endings, open_session
from services.web.visit import Visit


async def log_in(visit: Visit, user: User, *, target: str) -> Response:
    """Open a new session for a user and send the browser on with its cookie."""

    # A token known before the login must not become the one after it.
    if visit.session is not None:
        await log_out(visit)

    resources = visit.site.resources
    session = await open_session(
        resources.database,
        user,
        timeout=resources.settings.session_timeout,
        clock=visit.site.now,
    )
    response = visit.redirect(target)
    visit.keep_session(response, session)
    return response


async def log_out(visit: Visit) -> None:
    """Close the visitor's session here and wherever a socket of it is open."""

    resources = visit.site.resources
    await endings.log_out(resources.database, resources.bus, visit.member)
