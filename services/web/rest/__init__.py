"""REST: procedures at addresses of their own, for programs with an API key.

addresses    which procedure an address names
inputs       what a request gives the procedure
answers      one call, from the request to its answer
openapi      all of it described as an OpenAPI document
outputs      what the procedures return, for that document
examples     what their inputs may look like, for it too

Programs may never ask, so nothing of it is loaded before the first of them does.
"""

from __future__ import annotations

from quart import Response

from services.web.visit import Visit

#: Whatever below /api has no address of its own.
ADDRESS = "/api/<path:path>"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


async def answer(visit: Visit, path: str) -> Response:
    """Call the procedure of an address below /api."""

    from services.web.rest.answers import answer

    return await answer(visit, path, address=ADDRESS, methods=METHODS)


async def describe(visit: Visit) -> Response:
    """Return the OpenAPI document of all addresses."""

    from services.web.rest.openapi import describe

    return await describe(visit)
