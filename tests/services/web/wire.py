"""Answers as they go over the wire, to clients that accept this or that."""

from __future__ import annotations

import gzip
import json

import brotli
import zstandard
from quart import Quart, Response, request

from services.web.compression import Compression
from services.web.delivery import deliver

BODY = json.dumps([{"number": number} for number in range(2000)]).encode()
EVERYTHING = "gzip, deflate, br, zstd"


def decompress(encoding: str, data: bytes) -> bytes:
    """What a browser makes of it."""

    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)

    return gzip.decompress(data) if encoding == "gzip" else brotli.decompress(data)


async def send(
    response: Response,
    *,
    accept: str | None = EVERYTHING,
    method: str = "GET",
    by: Compression | None = None,
    **headers: str,
) -> tuple[Response, bytes]:
    """Deliver an answer to a client, and return its body as it is on the wire."""

    if accept is not None:
        headers["Accept-Encoding"] = accept

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    app = Quart(__name__)
    async with app.test_request_context("/thing", method=method, headers=names):
        delivered = await deliver(response, request, by or Compression())

    async with delivered.response as parts:
        return delivered, b"".join([part async for part in parts])


def answer(body: bytes = BODY, **headers: str) -> Response:
    """An answer of JSON."""

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, content_type="application/json", headers=named)
