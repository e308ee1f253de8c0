"""One HTTP/1.1 connection of the front door, in the asyncio lane.

Feeds what arrives to the protocol and writes what it answers, within limits of
time and size. A connection that the protocol hands over leaves here as the
operating system's socket and the bytes of its request.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any, cast

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import ConnectionState

from .asgi import ClientGoneError, Dispatcher
from .mounts import Mounts
from .protocol import Handover, RoofProtocol
from .upgrade import MAX_HEAD, RefusedError

#: Seconds for a request's head, and for an idle connection.
HEAD_TIMEOUT = 10.0
#: Seconds in which a client must take what was written for it.
WRITE_TIMEOUT = 30.0
#: Seconds between two parts of a request's body, and the same while draining.
BODY_TIMEOUT = 30.0
DRAIN_BODY_TIMEOUT = 2.0
#: Seconds to go on listening to a client whose connection we close: its unread
#: bytes would make the system reset the connection, and the answer be lost.
LINGER_TIMEOUT = 1.0
READ_SIZE = 16 * 1024
WRITE_BUFFER = 64 * 1024


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
        self.config.errorlog = None  # the dispatcher tells what fails, and where
        self.connections: set[Connection] = set()

    async def serve_connection(self, sock: socket.socket) -> None:
        """Serve an accepted socket until it closes or is handed over."""

        loop = asyncio.get_running_loop()
        _, connection = await loop.connect_accepted_socket(
            lambda: Connection(self), sock
        )

        try:
            await connection.serve()
        finally:
            self.connections.discard(connection)

    async def drain(self) -> None:
        """Close idle connections now and the others after their response."""

        await self.context.terminated.set()

        for connection in list(self.connections):
            connection.drain()


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
        #: Around the reading, without a time, for `_abandon` to end it.
        self._reading = asyncio.timeout(None)
        self._serving = False
        #: Set while no request is in flight.
        self._quiet = asyncio.Event()
        self._quiet.set()
        #: Between two requests, or before the head of one is complete.
        self.idle = True
        self._head_begun = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request's head."""

        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._server.connections.add(self)
        self._set_timer(HEAD_TIMEOUT)
        if self._server.context.terminated.is_set():
            self.close()

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

        self._ended = True
        self._readable.set()
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
        self._abandon()
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

        self._closing = True
        ended = self._ended
        self._abandon()

        if ended:
            self._cancel_timer()
            self._transport.close()
        else:
            self._transport.write_eof()
            self._transport.resume_reading()
            self._set_timer(LINGER_TIMEOUT)

    def drain(self) -> None:
        """Close now if nothing is in flight; do not wait long for a late body."""

        if self.idle:
            self.close()
        elif self._protocol.awaits_body:
            self._set_timer(DRAIN_BODY_TIMEOUT)

    async def _serve_requests(self) -> None:
        try:
            async with self._reading:
                self._serving = True

                try:
                    await self._read_requests()
                    if not self._protocol.awaits_body:
                        # The client may have closed its half only, for the answer.
                        await self._quiet.wait()

                finally:
                    self._serving = False
        except TimeoutError:
            pass  # how `_abandon` ends the wait for an application that does not read
        except Handover as handover:
            await self._hand_over(handover)
            return

        await self._protocol.handle(Closed())

    async def _read_requests(self) -> None:
        while data := await self._read():
            try:
                await self._protocol.handle(RawData(data))
            except RefusedError as refusal:
                await self._protocol.refuse(refusal.status)
                self.close()
                return

    async def _read(self) -> bytes:
        while not self._received:
            if self._ended:
                return b""

            self._readable.clear()
            if not self.idle and self._protocol.awaits_body:
                draining = self._server.context.terminated.is_set()
                self._set_timer(DRAIN_BODY_TIMEOUT if draining else BODY_TIMEOUT)

            await self._readable.wait()

        if not self.idle:
            self._cancel_timer()

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
                self._quiet.set()
                self._set_timer(HEAD_TIMEOUT)
            else:
                self._quiet.clear()
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

    def _abandon(self) -> None:
        """End the reading, also where it waits for an application to read."""

        self._ended = True
        self._readable.set()
        self._quiet.set()
        if self._serving:
            self._reading.reschedule(self._loop.time())

    def _set_timer(self, timeout: float) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_later(timeout, self._transport.abort)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _address(name: Any) -> tuple[str, int] | None:
    return (name[0], name[1]) if isinstance(name, tuple) else None
