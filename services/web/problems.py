"""What people and programs are told when something goes wrong."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quart import Quart, Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException

from dashboard.accounts import Session
from dashboard.errors import (
    DashboardError,
    DatabaseBusyError,
    DatabaseFullError,
    ProcedureError,
    ThrottledError,
    TooBusyError,
)
from services.web.api import json_response
from services.web.door import find_visitor, read_peer
from services.web.forms import Form
from services.web.security import content_policy
from services.web.site import Site
from services.web.trpc import answer_problem
from services.web.visit import Visit, come_back

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One page of bad news."""

    title: str
    text: str


_PROBLEMS = {
    400: Problem(
        title="That did not make sense",
        text="The request could not be understood. Go back and try again.",
    ),
    403: Problem(
        title="Not allowed",
        text="You may not do this. Another account may.",
    ),
    404: Problem(
        title="Nothing here",
        text="The page does not exist, or you may not see it.",
    ),
    405: Problem(
        title="Not that way",
        text="This address does not take that kind of request.",
    ),
    408: Problem(
        title="Too slow",
        text="The request did not arrive in time. Try again.",
    ),
    413: Problem(
        title="Too large",
        text="What you sent is larger than we accept. Send less of it.",
    ),
    415: Problem(
        title="Unknown format",
        text="The form was sent in a format we do not read.",
    ),
    429: Problem(
        title="Too many at once",
        text="Too much was asked of us, or too many wrong passwords, API keys or "
        "invites came from here. Wait a little.",
    ),
    500: Problem(
        title="Something broke",
        text="This is our fault, not yours. It has been logged; try again later.",
    ),
    503: Problem(
        title="Busy",
        text="The database is busy. Try again in a moment.",
    ),
    507: Problem(
        title="No room left",
        text="The disk is full, so nothing was saved. Free some space and try again.",
    ),
}
#: What may be over in a moment: its status, and the seconds until then if known.
_PASSING: Mapping[type[Exception], tuple[int, int | None]] = {
    DatabaseBusyError: (503, 1),
    DatabaseFullError: (507, None),
    TooBusyError: (429, 2),
}


def register_problems(app: Quart, site: Site) -> None:
    """Answer every error with a page, or with JSON under /api."""

    async def tell_http(error: HTTPException) -> Response | HTTPException:
        # A refused WebSocket has no page to show.
        if not has_request_context():
            return error

        code = error.code or 500
        # Only an error that we raised with words of our own has them in place.
        own_words = "description" in vars(error) and code != 500
        text = error.description if own_words else None
        # A page that does not exist has no door where the session was looked up.
        session = _known_session() if code >= 500 else await _find_session(site)
        response = _tell(site, code, text, session)
        for name, value in error.get_headers():
            if name in {"Allow", "Retry-After"}:
                response.headers[name] = value

        return response

    async def tell_refusal(error: ProcedureError) -> Response:
        if error.http_status >= 500:
            raise error

        return _tell(site, error.http_status, None, _known_session())

    async def tell_throttled(error: ThrottledError) -> Response:
        response = _tell(site, 429, error.sentence, _known_session())
        return come_back(response, error.seconds)

    app.register_error_handler(HTTPException, tell_http)
    app.register_error_handler(ProcedureError, tell_refusal)
    app.register_error_handler(ThrottledError, tell_throttled)
    for kind, (status, seconds) in _PASSING.items():
        app.register_error_handler(kind, _teller(site, status, seconds))


def _teller(
    site: Site, status: int, seconds: int | None
) -> Callable[[Exception], Awaitable[Response]]:
    async def tell(_error: Exception) -> Response:
        response = _tell(site, status, None, _known_session())
        if seconds is not None:
            response.headers["Retry-After"] = str(seconds)

        return response

    return tell


def _known_session() -> Session | None:
    # What the door has found: bad news of the database must not ask it again.
    session: Session | None = g.get("session")
    return session


async def _find_session(site: Site) -> Session | None:
    if "session" in g or request.path.startswith("/api/"):
        return _known_session()

    try:
        return await find_visitor(site, request)
    except (sqlite3.Error, DashboardError, OSError) as error:
        # The page of one problem must not end in another.
        logger.warning("no session for a page of bad news: %s", error)
        return None


def _tell(site: Site, code: int, text: str | None, session: Session | None) -> Response:
    problem = _PROBLEMS.get(code) or _PROBLEMS[500 if code >= 500 else 400]
    if request.path.startswith("/api/trpc/"):
        return answer_problem(code, text or problem.text)

    if request.path.startswith("/api/"):
        return json_response({"error": text or problem.text}, status=code)

    values: dict[str, Any] = {
        "code": code,
        "title": problem.title,
        "text": text or problem.text,
    }
    if session is not None:
        peer = read_peer(site, request)
        visit = Visit(
            site=site, request=request, peer=peer, session=session, form=Form()
        )
        response = visit.page("problem.html", status=code, **values)
    else:
        # No cookie for strangers: one that another site made them send this would
        # take the place of the one that their open forms need.
        html = site.renderer.render(
            "problem.html", session=None, csrf_token="", style="", **values
        )
        response = Response(html, status=code, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"

    response.headers["Content-Security-Policy"] = content_policy(external_images=False)
    return response
