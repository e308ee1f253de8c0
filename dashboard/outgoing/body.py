"""The body of an answer, read within a bound that decompression does not escape."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator


class BodyError(Exception):
    """A body cannot be used; says why."""


async def read_body(
    chunks: AsyncIterator[bytes], *, encoding: str, max_bytes: int
) -> bytes:
    """Read a body to its end; raises BodyError for one that is too long or broken."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            _check(body, max_bytes)

        return bytes(body)

    if encoding not in {"gzip", "x-gzip"}:
        raise BodyError(f"it used the encoding {encoding[:50]!r}, which nobody offered")

    return await _inflate(chunks, max_bytes=max_bytes)


async def _inflate(chunks: AsyncIterator[bytes], *, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    body = bytearray()
    try:
        async for chunk in chunks:
            # One byte above the bound is enough to know.
            body += inflater.decompress(chunk, max_bytes + 1 - len(body))
            _check(body, max_bytes)

    except zlib.error as error:
        raise BodyError(f"it is no gzip: {error}") from error

    if not inflater.eof:
        raise BodyError("it ended too early")

    return bytes(body)


def _check(body: bytearray, max_bytes: int) -> None:
    if len(body) > max_bytes:
        raise BodyError(f"it is longer than {max_bytes} bytes")
