"""One call over REST, answered as trpc-to-openapi 3 does.

The result is bare JSON, without an envelope and without SuperJSON's types.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from quart import Request, Response, current_app
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
    RequestTimeout,
)

from dashboard.accounts import Session
from dashboard.errors import InvalidInputError, ProcedureError, ThrottledError
from dashboard.javascript import Value
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Context, Procedure, call, error_shape
from dashboard.trpc.failures import as_procedure_error
from services.web.door import find_key_visitor
from services.web.rest.addresses import find_address
from services.web.rest.inputs import read_given
from services.web.visit import Visit

#: Seconds that a procedure may take.
CALL_TIMEOUT = 30.0
_JSON = "application/json"
#: Seconds after which what is too busy now is worth another try.
_RETRY_SECONDS = {429: 2.0, 503: 1.0}

logger = logging.getLogger(__name__)


async def answer(
    visit: Visit, path: str, *, address: str, methods: Sequence[str]
) -> Response:
    """Call the procedure of a path below /api; whatever goes wrong is JSON too.

    `address` and `methods` are those of our route: it took what no other one did.
    """

    if visit.request.method == "HEAD":
        return Response(b"", status=204, content_type=_JSON)

    try:
        found = find_address(visit.request.method, path)
    except Exception as error:  # noqa: BLE001 (told, and logged: a router is broken)
        return _refuse(error, None)

    if found is None:
        _check_method(visit.request, address, methods)
        return _refuse(ProcedureError("NOT_FOUND", "Not found"), None)

    called, members = found
    try:
        result = await _call(visit, called.procedure, members)
        return _deliver(result, called.procedure, visit.request.method)
    except Exception as error:  # noqa: BLE001 (told, and logged where it is ours)
        return _refuse(error, called.path)


def _check_method(request: Request, address: str, methods: Sequence[str]) -> None:
    """Raise MethodNotAllowed for an address that is another part's of the service."""

    addresses = current_app.url_map.bind("")
    allowed = [
        method
        for method in methods
        if addresses.match(request.path, method, return_rule=True)[0].rule != address
    ]
    if allowed:
        raise MethodNotAllowed(allowed)


async def _call(visit: Visit, procedure: Procedure, members: Mapping[str, str]) -> Any:
    # In the order of Homarr: the body is read before anybody asks who sends it.
    given = await read_given(visit.request, procedure, members)
    context = Context(
        resources=visit.site.resources,
        session=await _find_session(visit),
        address=visit.peer.address,
    )
    async with asyncio.timeout(CALL_TIMEOUT):
        return await call(procedure, context, given)


async def _find_session(visit: Visit) -> Session | None:
    """The owner of the key; None without one, whatever cookie there is."""

    key = visit.request.headers.get("ApiKey")
    if key is None:
        return None

    session = await find_key_visitor(visit.site, key, visit.peer)
    if session is None:
        # Also where strangers may ask: who sends a key is told that it is wrong.
        raise ProcedureError("UNAUTHORIZED")

    return session


def _deliver(result: Any, procedure: Procedure, method: str) -> Response:
    if procedure.secret:
        caching = "no-store, no-transform"
    elif method == "GET":
        caching = "private, no-cache"
    else:
        caching = "no-store"

    body = b"" if result is UNDEFINED else msgspec.json.encode(_plain(result))
    return Response(body, content_type=_JSON, headers={"Cache-Control": caching})


def _refuse(error: Exception, path: str | None) -> Response:
    seconds = error.seconds if isinstance(error, ThrottledError) else None
    told = _as_told(error)
    shape = error_shape(told, path)
    body = {**shape, "code": told.code}
    if isinstance(told, InvalidInputError):
        body |= {"message": "Input validation failed", "issues": told.issues}

    response = Response(
        msgspec.json.encode(body),
        status=told.http_status,
        content_type=_JSON,
        headers={"Cache-Control": "no-store"},
    )
    seconds = seconds or _RETRY_SECONDS.get(told.http_status)
    if seconds is not None:
        response.headers["Retry-After"] = str(math.ceil(seconds))

    return response


def _as_told(error: Exception) -> ProcedureError:
    if isinstance(error, ProcedureError):
        return error

    if isinstance(error, ThrottledError):
        return ProcedureError("TOO_MANY_REQUESTS", error.sentence)

    if isinstance(error, RequestEntityTooLarge):
        return ProcedureError("PAYLOAD_TOO_LARGE", "Request body too large")

    if isinstance(error, TimeoutError | RequestTimeout):
        return ProcedureError("TIMEOUT")

    if isinstance(error, HTTPException):
        return ProcedureError("BAD_REQUEST", error.description)

    known = as_procedure_error(error)
    if known is None:
        logger.error("a REST call failed", exc_info=error)
        known = ProcedureError("INTERNAL_SERVER_ERROR")

    return known


def _plain(value: Any) -> Any:
    """The value as JSON.stringify writes it: no undefined, dates as texts."""

    if isinstance(value, Value):  # which that could not write, or not all of
        return _plain(value.content)

    if isinstance(value, Mapping):
        return {
            name: _plain(member)
            for name, member in value.items()
            if member is not UNDEFINED
        }

    if isinstance(value, list | tuple | set | frozenset):
        return [None if one is UNDEFINED else _plain(one) for one in value]

    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.removesuffix("+00:00") + "Z"

    return value
