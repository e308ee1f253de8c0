"""What every answer goes through on its way out: ETags, 304 and compression.

An answer may be kept by the browser, and asked for again with its ETag, where its page
says so: static files by an ETag of their own, reads of the API by
`Cache-Control: private, no-cache`.
"""

from __future__ import annotations

import hashlib

from quart import Request, Response
from quart.wrappers.response import DataBody

from services.web.compression import Compression

#: Above this a read is sent again rather than hashed each time.
_MAX_HASHED = 1024 * 1024
_REPRESENTATION = ("Content-Type", "Content-Length", "Content-Encoding")


async def deliver(
    response: Response, request: Request, compression: Compression
) -> Response:
    """Finish an answer: give it an ETag, leave out what the client has, compress it."""

    if response.status_code in {204, 304}:
        return _without_body(response)

    reading = request.method in {"GET", "HEAD"} and response.status_code == 200
    if reading:
        _tag_read(response)

    encoding = compression.choose(response, request)
    if encoding is not None:
        _tell_apart(response, encoding)

    if reading and _is_known(response, request):
        response.status_code = 304
        return _without_body(response)

    if encoding is not None:
        await compression.apply(response, encoding, request.path)

    return response


def _tag_read(response: Response) -> None:
    caching = response.cache_control
    body = response.response
    if (
        caching.private
        and caching.no_cache
        and "ETag" not in response.headers
        and "Set-Cookie" not in response.headers
        and isinstance(body, DataBody)
        and len(body.data) <= _MAX_HASHED
    ):
        # Weak: the same content, however it is encoded.
        digest = hashlib.blake2b(body.data, digest_size=12).hexdigest()
        response.set_etag(digest, weak=True)


def _tell_apart(response: Response, encoding: str) -> None:
    """Give other bytes another strong ETag."""

    tag, weak = response.get_etag()
    if tag is not None and not weak:
        response.set_etag(f"{tag}-{encoding}")


def _is_known(response: Response, request: Request) -> bool:
    tag, _ = response.get_etag()
    return tag is not None and request.if_none_match.contains_weak(tag)


def _without_body(response: Response) -> Response:
    """The answer without what only a body has; Quart would send the length of none."""

    response.set_data(b"")
    for name in _REPRESENTATION:
        response.headers.pop(name, None)

    return response
