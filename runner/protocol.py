"""Hypercorn's HTTP/1.1 protocol, made stricter, with a door to other services.

The only parser of requests. A WebSocket upgrade under a `connections` mount,
first request of its connection or later one, leaves it as a Handover.
"""

from __future__ import annotations

from typing import Any

import h11
from hypercorn.events import Event as ConnectionEvent
from hypercorn.events import RawData
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream

from .mounts import Mounts, TakeSocket
from .upgrade import RefusedError, check_request, is_websocket_upgrade, render_head


class Handover(Exception):  # noqa: N818
    """Not an error: the connection goes to another service from here on."""

    def __init__(self, take_socket: TakeSocket, received: bytes) -> None:
        self.take_socket = take_socket
        #: The upgrade request, and what the client sent after it.
        self.received = received
        super().__init__()


class RoofProtocol(H11Protocol):
    """Hypercorn's HTTP/1.1, which refuses more and hands WebSockets over."""

    def __init__(self, mounts: Mounts, *args: Any) -> None:
        super().__init__(*args)
        self._mounts = mounts

    @property
    def awaits_body(self) -> bool:
        """Whether the client has more of a request's body to send."""

        return self.connection.their_state is h11.SEND_BODY

    async def handle(self, event: ConnectionEvent) -> None:
        """Take what the client sent; a WebSocket client sends after our answer only.

        Hypercorn would answer 400 and leave the application waiting for ever.
        """

        unanswered = (
            isinstance(self.stream, WSStream) and not self.stream.handshake.accepted
        )
        if unanswered and isinstance(event, RawData):
            raise RefusedError(400)

        await super().handle(event)

    async def refuse(self, status: int) -> None:
        """Answer the request at hand with a bare status; the caller closes."""

        await self._send_error_response(status)

    async def stream_send(self, event: StreamEvent) -> None:
        """Tell the client of a draining server not to come back this way."""

        if isinstance(event, Response) and self.context.terminated.is_set():
            event.headers.append((b"connection", b"close"))

        await super().stream_send(event)

    async def _check_protocol(self, event: h11.Request) -> None:
        # Hypercorn would switch to HTTP/2 here, past every limit of ours.
        check_request(event)

    async def _create_stream(self, request: h11.Request) -> None:
        if is_websocket_upgrade(request):
            early = self.connection.trailing_data[0]
            mount = self._mounts.find(request.target)
            if mount is not None and mount.open and mount.take_socket is not None:
                raise Handover(mount.take_socket, render_head(request) + early)

            if early:
                raise RefusedError(400)

            # Hypercorn accepts the offer of compression and inflates without bound:
            # 64 KiB become 64 MiB.
            request = _without(request, b"sec-websocket-extensions")
        else:
            # Hypercorn's own look would find some upgrades where ours finds none, in
            # `get` or where a control character follows the word.
            request = _without(request, b"upgrade")

        await super()._create_stream(request)

    async def _close_stream(self) -> None:
        # The end goes through the queue of the request's body. An application that
        # has stopped reading must hear of it all the same, and keep nobody waiting.
        put: Any = getattr(self.stream, "app_put", None)
        if put is not None:
            while put.__self__.full():
                put.__self__.get_nowait()

        await super()._close_stream()


def _without(request: h11.Request, unwanted: bytes) -> h11.Request:
    """Leave out a header."""

    headers = [(name, value) for name, value in request.headers if name != unwanted]
    if len(headers) == len(request.headers):
        return request

    return h11.Request(
        method=request.method,
        target=request.target,
        headers=headers,
        http_version=request.http_version,
    )
