"""One HTTP/1.1 connection of the front door, in the asyncio lane.

Hypercorn's protocol parses every request of the connection and is the only
parser there is; this file feeds it and adds the limits that it lacks. A
WebSocket upgrade under a `connections` mount, first request or later one, leaves
here as the operating system's socket and the bytes of its request.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from typing import Any, cast

import h11
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState

from .asgi import ClientGoneError, Dispatcher
from .mounts import Mounts, TakeSocket

#: Bytes of a request's head, from its first to the blank line.
MAX_HEAD = 16 * 1024
#: Seconds for a request's head, and for an idle connection.
HEAD_TIMEOUT = 10.0
#: Seconds in which a client must take what was written for it.
WRITE_TIMEOUT = 30.0
#: Seconds to go on listening to a client whose connection we close: its unread
#: bytes would make the system reset the connection, and the answer be lost.
LINGER_TIMEOUT = 1.0
READ_SIZE = 16 * 1024
WRITE_BUFFER = 64 * 1024


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


class HttpServer:
    """What all HTTP connections of a port share."""

    def __init__(self, mounts: Mounts) -> None:
        self.mounts = mounts
        self.app = Dispatcher(mounts)
        self.context = WorkerContext(None)
        self.config = Config()
        self.config.include_server_header = False
        self.config.h11_max_incomplete_size = MAX_HEAD
        self.config.accesslog = None
        self.connections: set[Connection] = set()

    async def serve_connection(self, sock: socket.socket) -> None:
        """Serve an accepted socket until it closes or is handed over."""

        loop = asyncio.get_running_loop()
        connection = Connection(self)
        self.connections.add(connection)

        try:
            await loop.connect_accepted_socket(lambda: connection, sock)
            await connection.serve()
        finally:
            self.connections.discard(connection)

    async def drain(self) -> None:
        """Close idle connections now and the others after their response."""

        await self.context.terminated.set()

        for connection in list(self.connections):
            if connection.idle:
                connection.close()


class Connection(asyncio.Protocol):
    """A connection: bytes in from the transport, responses out to it."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._protocol: RoofProtocol
        self._received = bytearray()
        #: No more bytes will be read: the client ended, or the connection is lost.
        self._ended = False
        self._closing = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._timer: asyncio.TimerHandle | None = None
        #: Between two requests, or before the head of one is complete.
        self.idle = True
        self._head_begun = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request's head."""

        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._set_timer(HEAD_TIMEOUT)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and ask for no more than can be handled."""

        if self._closing:
            return

        self._received += data
        if len(self._received) > READ_SIZE:
            self._transport.pause_reading()

        self._readable.set()

    def eof_received(self) -> bool:
        """The client will send no more, but may still read its response."""

        self._end()
        return not self._closing

    def pause_writing(self) -> None:
        """The client takes its response more slowly than it is made."""

        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""

        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits for this connection."""

        self._cancel_timer()
        self._end()
        self._writable.set()

    # What the server calls.

    async def serve(self) -> None:
        """Serve requests until either side closes, or one hands the socket over."""

        name = self._transport.get_extra_info("peername")
        here = self._transport.get_extra_info("sockname")

        try:
            async with TaskGroup(self._loop) as tasks:
                self._protocol = RoofProtocol(
                    self._server.mounts,
                    self._server.app,
                    self._server.config,
                    self._server.context,
                    tasks,
                    ConnectionState({}),
                    False,
                    _address(name),
                    _address(here),
                    self._send,
                )
                await self._serve_requests()
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection once the client has what is written for it."""

        if self._closing or self._transport.is_closing():
            return

        ended, self._closing = self._ended, True
        self._end()

        if ended:
            self._cancel_timer()
            self._transport.close()
        else:
            self._transport.write_eof()
            self._transport.resume_reading()
            self._set_timer(LINGER_TIMEOUT)

    async def _serve_requests(self) -> None:
        while data := await self._read():
            try:
                await self._protocol.handle(RawData(data))
            except RefusedError as refusal:
                await self._protocol.refuse(refusal.status)
                break
            except Handover as handover:
                await self._hand_over(handover)
                return

        await self._protocol.handle(Closed())

    async def _read(self) -> bytes:
        while not self._received:
            if self._ended:
                return b""

            self._readable.clear()
            await self._readable.wait()

        data = bytes(self._received[:READ_SIZE])
        del self._received[:READ_SIZE]

        if not self._received and not self._transport.is_closing():
            self._transport.resume_reading()

        if self.idle and not self._head_begun:
            self._head_begun = True
            self._set_timer(HEAD_TIMEOUT)

        return data

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            if self._transport.is_closing() or self._closing:
                raise ClientGoneError

            self._transport.write(event.data)
            if not self._writable.is_set():
                await self._wait_writable()
        elif isinstance(event, Closed):
            self.close()
        elif isinstance(event, Updated):
            self.idle = event.idle
            self._head_begun = False
            if event.idle:
                self._set_timer(HEAD_TIMEOUT)
            else:
                self._cancel_timer()

    async def _wait_writable(self) -> None:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._writable.wait()
        except TimeoutError:
            # A client that never reads may not keep its response in memory.
            self._transport.abort()

    async def _hand_over(self, handover: Handover) -> None:
        """Give the socket away, free of this loop and with all bytes in order."""

        self._transport.pause_reading()
        self._transport.set_write_buffer_limits(high=0)
        if self._transport.get_write_buffer_size():
            await self._wait_writable()

        if self._transport.is_closing():
            return

        # The transport cannot let go of its descriptor: a duplicate outlives it.
        fileno = os.dup(self._transport.get_extra_info("socket").fileno())
        sock = socket.socket(fileno=fileno)
        received = handover.received + bytes(self._received)
        self._cancel_timer()
        self._transport.abort()

        handover.take_socket(sock, received)

    def _end(self) -> None:
        self._ended = True
        self._readable.set()

    def _set_timer(self, timeout: float) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_later(timeout, self._transport.abort)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


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


def _address(name: Any) -> tuple[str, int] | None:
    return (name[0], name[1]) if isinstance(name, tuple) else None
