"""Logging in and out: the session, its cookie, and the sockets that end with it."""

from __future__ import annotations

from collections.abc import Sequence

from quart import Response

from dashboard.accounts import User, close_session, open_session
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

    session = visit.member
    await close_session(visit.site.resources.database, session.token)
    close_sockets(visit, session.user_id, [session.token])


def close_sockets(
    visit: Visit, user_id: str, tokens: Sequence[str] | None = None
) -> None:
    """Have every process close the sockets of ended sessions; of all, without tokens.

    The sessions themselves have to be gone already.
    """

    message: dict[str, object] = {"userId": user_id}
    if tokens is not None:
        message["tokens"] = list(tokens)

    visit.site.resources.bus.publish("session-closed", message)
