"""What people and programs are told when something goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from quart import Quart, Response, has_request_context, request
from werkzeug.exceptions import HTTPException

from dashboard.errors import (
    DatabaseBusyError,
    DatabaseFullError,
    ProcedureError,
    TooBusyError,
)
from services.web.api import json_response
from services.web.attempts import ThrottledError
from services.web.render import Renderer
from services.web.security import content_policy
from services.web.visit import come_back


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
        text="Too much was asked of us, or too many logins failed. Wait a little.",
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


def register_problems(app: Quart, renderer: Renderer) -> None:
    """Answer every error with a page, or with JSON under /api."""

    async def tell_http(error: HTTPException) -> Response | HTTPException:
        # A refused WebSocket has no page to show.
        if not has_request_context():
            return error

        code = error.code or 500
        # Only an error that we raised with words of our own has them in place.
        own_words = "description" in vars(error) and code != 500
        text = error.description if own_words else None
        response = _tell(renderer, code, text)
        for name, value in error.get_headers():
            if name in {"Allow", "Retry-After"}:
                response.headers[name] = value

        return response

    async def tell_refusal(error: ProcedureError) -> Response:
        if error.http_status >= 500:
            raise error

        return _tell(renderer, error.http_status, None)

    async def tell_throttled(error: ThrottledError) -> Response:
        return come_back(_tell(renderer, 429, None), error.seconds)

    app.register_error_handler(HTTPException, tell_http)
    app.register_error_handler(ProcedureError, tell_refusal)
    app.register_error_handler(ThrottledError, tell_throttled)
    for kind, (status, seconds) in _PASSING.items():
        app.register_error_handler(kind, _teller(renderer, status, seconds))


def _teller(
    renderer: Renderer, status: int, seconds: int | None
) -> Callable[[Exception], Awaitable[Response]]:
    async def tell(_error: Exception) -> Response:
        response = _tell(renderer, status, None)
        if seconds is not None:
            response.headers["Retry-After"] = str(seconds)

        return response

    return tell


def _tell(renderer: Renderer, code: int, text: str | None) -> Response:
    problem = _PROBLEMS.get(code) or _PROBLEMS[500 if code >= 500 else 400]
    if request.path.startswith("/api/"):
        return json_response({"error": text or problem.text}, status=code)

    html = renderer.render(
        "problem.html",
        code=code,
        title=problem.title,
        text=text or problem.text,
        session=None,
        csrf_token="",
        style="",
    )
    response = Response(html, status=code, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = content_policy(external_images=False)
    return response
