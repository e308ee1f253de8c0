"""Answers made smaller on their way out, by what the client accepts.

Left as they are: small ones, images and the like, streams, and whatever sets a cookie
or says `no-transform`, as every answer with a secret does: from the size of compressed
text one can guess a secret that stands beside words of one's own (BREACH).
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable

from quart import Request, Response
from quart.wrappers.response import DataBody
from werkzeug.datastructures import Accept

#: Below this, what is saved is less than a packet.
MIN_BYTES = 1024
#: A body above this goes out while it is being compressed.
STREAM_ABOVE = 1024 * 1024
#: Compressed in one go, so that the event loop waits a millisecond or two at most.
STEP = 32 * 1024
#: Beyond this many at once, answers go out as they are: each takes up to 1 MiB.
MAX_AT_ONCE = 16
#: Bytes of compressed static files that are kept.
MAX_KEPT = 512 * 1024

_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/xml",
        "image/svg+xml",
    }
)
_BODILESS = frozenset({204, 205, 206, 304})

Steps = tuple[Callable[[bytes | memoryview], bytes], Callable[[], bytes]]


def choose_encoding(accepted: Accept) -> str | None:
    """Return the encoding that a client likes best, or None for none of them."""

    best, most = None, accepted.quality("identity")
    for name in _OPEN:
        quality = accepted.quality(name)
        if quality > most or (best is None and quality == most > 0):
            best, most = name, quality

    return best


def is_compressible(response: Response) -> bool:
    """Say whether an answer may be compressed, if it is large and the client likes."""

    kind = response.mimetype or ""
    return (
        (kind in _TYPES or kind.startswith("text/"))
        and kind != "text/event-stream"
        and isinstance(response.response, DataBody)
        and response.status_code >= 200
        and response.status_code not in _BODILESS
        and "Content-Encoding" not in response.headers
        and "Set-Cookie" not in response.headers
        and not response.cache_control.no_transform
    )


class Compression:
    """Compresses answers, a bounded number at once, and keeps those of static files."""

    def __init__(self) -> None:
        self._under_way = 0
        self._kept: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()

    def choose(self, response: Response, request: Request) -> str | None:
        """Return the encoding to use for an answer; says so in its Vary header."""

        body = response.response
        if not isinstance(body, DataBody) or not is_compressible(response):
            return None

        response.vary.add("Accept-Encoding")
        accepted = request.accept_encodings
        small = len(body.data) < MIN_BYTES and not _refuses_identity(accepted)
        if small or not body.data or self._under_way >= MAX_AT_ONCE:
            return None

        return choose_encoding(accepted)

    async def apply(self, response: Response, encoding: str, path: str) -> None:
        """Compress the body of an answer, and say so in its headers.

        An answer with a strong ETag has the same bytes each time: they are kept.
        """

        body = response.response
        assert isinstance(body, DataBody)  # noqa: S101 (choose has seen to it)
        response.headers["Content-Encoding"] = encoding
        if len(body.data) > STREAM_ABOVE:
            steps = self._compress(body.data, encoding)
            response.response = response.iterable_body_class(steps)
            response.headers.pop("Content-Length", None)
            return

        tag, weak = response.get_etag()
        key = (path, tag or "", encoding)
        data = self._kept.get(key)
        if data is None:
            steps = self._compress(body.data, encoding)
            data = b"".join([part async for part in steps])
            if tag and not weak:
                self._keep(key, data)

        response.set_data(data)

    async def _compress(self, data: bytes, encoding: str) -> AsyncGenerator[bytes]:
        self._under_way += 1
        try:
            step, finish = _OPEN[encoding](len(data))
            view = memoryview(data)
            for start in range(0, len(data), STEP):
                # An empty chunk would be the end.
                if part := step(view[start : start + STEP]):
                    yield part

                if start + STEP < len(data):
                    await asyncio.sleep(0)

            yield finish()
        finally:
            self._under_way -= 1

    def _keep(self, key: tuple[str, str, str], data: bytes) -> None:
        self._kept[key] = data
        while sum(map(len, self._kept.values())) > MAX_KEPT:
            self._kept.popitem(last=False)


def _refuses_identity(accepted: Accept) -> bool:
    named = {name.lower() for name in accepted.values()}
    return bool(named & {"identity", "*"}) and accepted.quality("identity") == 0


# The levels cost a millisecond for 32 KiB or less, and the windows are as long as a
# large page: more would be memory that nobody notices on the wire.
def _open_zstd(size: int) -> Steps:
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=17)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    steps = compressor.compressobj(size=size)
    return steps.compress, steps.flush


def _open_brotli(_size: int) -> Steps:
    import brotli

    compressor = brotli.Compressor(quality=4, lgwin=17)
    return compressor.process, compressor.finish


def _open_gzip(_size: int) -> Steps:
    compressor = zlib.compressobj(4, zlib.DEFLATED, 31)
    return compressor.compress, compressor.flush


#: In the order of our preference; libraries are loaded when the first client wants one.
_OPEN: dict[str, Callable[[int], Steps]] = {
    "zstd": _open_zstd,
    "br": _open_brotli,
    "gzip": _open_gzip,
}
