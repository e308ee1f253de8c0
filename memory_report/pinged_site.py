"""A tiny web site of the report's own, so that pings have somewhere to go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

_ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
_MAX_HEAD = 16 * 1024
_HEAD_TIMEOUT = 10.0


@dataclass(slots=True)
class PingedSite:
    """The site's address, and how often it was asked."""

    url: str
    requests: int = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        """Answer one request with 204."""

        head = b""
        try:
            with trio.move_on_after(_HEAD_TIMEOUT):
                async with stream:
                    while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
                        received = await stream.receive_some()
                        if not received:
                            return

                        head += received

                    self.requests += 1
                    await stream.send_all(_ANSWER)
        except trio.BrokenResourceError:
            pass  # whoever asked has gone; the story notices a missing push


@asynccontextmanager
async def open_pinged_site() -> AsyncIterator[PingedSite]:
    """Serve the site on a loopback port for as long as the block runs."""

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    host, port = listener.socket.getsockname()
    site = PingedSite(url=f"http://{host}:{port}/")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, site.serve, [listener])
        yield site
        nursery.cancel_scope.cancel()
