"""Answers /api/trpc/<paths>, in one piece or line by line."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from quart import Response

from dashboard.errors import ProcedureError
from dashboard.trpc import Context
from services.web.trpc.bodies import (
    build_answer,
    build_error,
    build_lines,
    build_refused_events,
)
from services.web.trpc.reading import Asked, read_calls
from services.web.trpc.running import run_as_completed, run_calls
from services.web.visit import Visit

logger = logging.getLogger(__name__)

_JSON = "application/json"
#: Whether it is a stream is asked for by either.
_VARY = "trpc-accept, accept"
#: The code of a status that another part of the service has decided on.
_CODES = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_SUPPORTED",
    408: "TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
    507: "SERVICE_UNAVAILABLE",
}
#: What may be kept for a conditional request, by the browser alone.
_CACHEABLE = "private, no-cache"
#: Streams must flush, and secrets must not be compressed: nobody may transform them.
_UNTOUCHED = "no-store, no-transform"


async def answer(visit: Visit, paths: str = "") -> Response:
    """Answer the calls of a request."""

    if visit.request.method == "HEAD":
        return _empty()

    try:
        asked = await read_calls(visit.request, paths, visit.site.storing)
    except ProcedureError as error:
        return _respond(error.http_status, build_error(error, None))

    _log(visit, asked)
    if asked.subscribes:
        return _refuse_subscription(asked)

    context = _make_context(visit)
    if asked.stream:
        return _stream(asked, context)

    outcomes = await run_calls(asked, context)
    status, body = build_answer(outcomes, batch=asked.batch)
    if asked.secret:
        return _respond(status, body, cache=_UNTOUCHED)

    cacheable = asked.method == "GET" and status == 200
    return _respond(status, body, cache=_CACHEABLE if cacheable else "no-store")


async def answer_options(_visit: Visit, paths: str = "") -> Response:
    """Say that pages of other sites are not let in: there is no CORS header."""

    del paths
    return _empty()


def answer_problem(status: int, text: str) -> Response:
    """Tell what went wrong outside of any procedure, in the shape of their errors."""

    code = _CODES.get(status) or _CODES[500 if status >= 500 else 400]
    error = ProcedureError(code, text)
    return _respond(error.http_status, build_error(error, None))


def _stream(asked: Asked, context: Context) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        # Closed in this order when the client leaves: what still runs is cancelled.
        async with (
            aclosing(run_as_completed(asked, context)) as outcomes,
            aclosing(build_lines(len(asked.calls), outcomes)) as built,
        ):
            async for line in built:
                yield line

    response = _respond(200, lines(), cache=_UNTOUCHED)
    # Every call has its own deadline.
    response.timeout = None
    return response


def _refuse_subscription(asked: Asked) -> Response:
    # As tRPC's server does whose events are switched off. An endless response would
    # also keep the service from draining: a socket can be told to come back.
    error = ProcedureError(
        "METHOD_NOT_SUPPORTED", "Subscribe over a WebSocket, at /websockets"
    )
    return Response(
        build_refused_events(error, asked.calls[0].path),
        content_type="text/event-stream",
        headers={"Cache-Control": _UNTOUCHED, "Vary": _VARY},
    )


def _make_context(visit: Visit) -> Context:
    agent = visit.request.headers.get("User-Agent", "")
    return Context(
        resources=visit.site.resources,
        session=visit.session,
        address=visit.peer.address,
        # What browsers of telephones say; Android's tablets do not, an iPad may.
        mobile="Mobi" in agent and "iPad" not in agent,
    )


def _respond(
    status: int, body: bytes | AsyncIterator[bytes], *, cache: str = "no-store"
) -> Response:
    return Response(
        body,
        status=status,
        content_type=_JSON,
        headers={"Cache-Control": cache, "Vary": _VARY},
    )


def _empty() -> Response:
    return _respond(204, b"")


def _log(visit: Visit, asked: Asked) -> None:
    production = visit.site.resources.settings.production
    level = logging.DEBUG if production else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "tRPC request from %s by user %s: %s",
            visit.request.headers.get("x-trpc-source", "unknown"),
            "nobody" if visit.session is None else visit.session.user_name,
            ", ".join(call.path for call in asked.calls),
        )
