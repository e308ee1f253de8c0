"""trio-websocket's server side of one connection: bounded in fragments, and slim."""

from __future__ import annotations

from typing import Any, cast

import trio
from trio_websocket import WebSocketConnection, WebSocketRequest
from wsproto import ConnectionType, WSConnection

from . import limits


class BoundedConnection(WebSocketConnection):
    """One that counts what a fragment costs us, however little it carries."""

    async def _handle_message_event(self, event: Any) -> None:
        # trio-websocket counts characters, so fragments without any have no end.
        self._message_size += max(0, limits.FRAGMENT_BYTES - len(event.data))
        await super()._handle_message_event(event)
        if not self._reader_running:
            self._close_handshake.set()  # it was too much: no answer is waited for

    async def aclose(self, code: int = 1000, reason: str | None = None) -> None:
        """Close, and let the client have our goodbye before the socket goes."""
        await super().aclose(code, reason)
        # It returns at once where the client was quicker, whose goodbye the reader is
        # just about to answer: without that, the client reads 1006.
        await self._close_handshake.wait()

    async def _close_stream(self) -> None:
        try:
            async with self._stream_lock:
                pass  # the client's goodbye came while ours was still being written
        finally:
            await super()._close_stream()


class _Finished:
    """What is left of a handshake: it holds the request and a parser of 5 KiB."""

    def events(self) -> tuple[()]:
        return ()


_finished = _Finished()


async def read_request(
    tasks: trio.Nursery, stream: trio.abc.Stream
) -> WebSocketRequest:
    """Wait for the request to open a WebSocket, as `wrap_server_stream` does."""
    connection = BoundedConnection(
        stream,
        WSConnection(ConnectionType.SERVER),
        message_queue_size=limits.RECEIVE_QUEUE_LENGTH,
        # With room for the ends of chunks; of whole messages, we count the bytes.
        max_message_size=limits.MAX_MESSAGE_BYTES + 64 * limits.FRAGMENT_BYTES,
    )
    tasks.start_soon(connection._reader_task)
    return await connection._get_request()


async def accept(request: WebSocketRequest) -> WebSocketConnection:
    """Answer 101, and forget the handshake: most sockets are idle for hours."""
    connection = await request.accept()
    connection._wsproto.handshake = cast(Any, _finished)
    # The reader remembers its last event until the next one comes: this one.
    request._event.extra_headers.clear()
    return connection
