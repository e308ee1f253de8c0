"""Hypercorn's HTTP/1.1 protocol, made stricter, with a door to other services.

The only parser of requests. A WebSocket upgrade under a `connections` mount,
first request of its connection or later one, leaves it as a Handover.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import h11
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol

from .mounts import Mounts, TakeSocket

#: Bytes of a request's head, from its first to the blank line.
MAX_HEAD = 16 * 1024


class Handover(Exception):  # noqa: N818
    """Not an error: the connection goes to another service from here on."""

    def __init__(self, take_socket: TakeSocket, received: bytes) -> None:
        self.take_socket = take_socket
        #: The upgrade request, and what the client sent after it.
        self.received = received
        super().__init__()


class RefusedError(Exception):
    """A request that is answered with a bare status, and its connection closed."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class RoofProtocol(H11Protocol):
    """Hypercorn's HTTP/1.1, which refuses more and hands WebSockets over."""

    def __init__(self, mounts: Mounts, *args: Any) -> None:
        super().__init__(*args)
        self._mounts = mounts

    async def refuse(self, status: int) -> None:
        """Answer the request at hand with a bare status; the caller closes."""

        await self._send_error_response(status)

    async def stream_send(self, event: StreamEvent) -> None:
        """Tell the client of a draining server not to come back this way."""

        if isinstance(event, Response) and self.context.terminated.is_set():
            event.headers.append((b"connection", b"close"))

        await super().stream_send(event)

    async def _check_protocol(self, event: h11.Request) -> None:
        # Hypercorn would switch to HTTP/2 here, past every limit of this file.
        names = [name for name, _ in event.headers]
        size = len(event.method) + len(event.target) + len(" HTTP/1.1\r\n\r\n")
        size += sum(len(name) + len(value) + 4 for name, value in event.headers)

        if size > MAX_HEAD:
            raise RefusedError(431)

        if event.http_version not in (b"1.0", b"1.1"):
            raise RefusedError(505)

        if event.method in (b"CONNECT", b"TRACE"):
            raise RefusedError(405)

        if b"transfer-encoding" in names and b"content-length" in names:
            # Two lengths: another parser on the way may believe the other one.
            raise RefusedError(400)

    async def _create_stream(self, request: h11.Request) -> None:
        if _is_websocket_upgrade(request):
            mount = self._mounts.find(request.target)
            if mount is not None and mount.open and mount.take_socket is not None:
                received = _render_head(request) + self.connection.trailing_data[0]
                raise Handover(mount.take_socket, received)

            request = _without_extensions(request)

        await super()._create_stream(request)


def _is_websocket_upgrade(request: h11.Request) -> bool:
    headers = dict(request.headers)
    tokens = headers.get(b"connection", b"").lower().split(b",")
    return (
        request.method == b"GET"
        and headers.get(b"upgrade", b"").strip().lower() == b"websocket"
        and b"upgrade" in [token.strip() for token in tokens]
        and not headers.keys() & {b"content-length", b"transfer-encoding"}
    )


def _without_extensions(request: h11.Request) -> h11.Request:
    """Leave out the compression offer.

    Hypercorn accepts it and inflates without bound: 64 KiB become 64 MiB.
    """

    return h11.Request(
        method=request.method,
        target=request.target,
        headers=[
            (name, value)
            for name, value in request.headers
            if name != b"sec-websocket-extensions"
        ],
        http_version=request.http_version,
    )


def _render_head(request: h11.Request) -> bytes:
    lines: Iterable[bytes] = (
        b"%s: %s\r\n" % header for header in request.headers.raw_items()
    )
    return b"%s %s HTTP/%s\r\n%s\r\n" % (
        request.method,
        request.target,
        request.http_version,
        b"".join(lines),
    )
