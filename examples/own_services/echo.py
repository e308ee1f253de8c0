"""A WebSocket service for trio that says back what it hears, and counts it."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any

import trio
from trio_websocket import ConnectionClosed, wrap_server_stream


class Echo:
    """What the service remembers; `statistics` tells the runner, and the report."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def statistics(self) -> dict[str, int]:
        """Return what was counted so far."""

        return dict(self.counts)


async def serve(*, task_status: Any, stopping: Any) -> None:
    """Live until the runner stops: what the plan's `run` names."""

    task_status.started(Echo())
    await stopping.wait()


async def handle_connection(
    sock: socket.socket, received: bytes, *, echo: Echo
) -> None:
    """Echo one client's messages: what the plan's `connections` names."""

    stream = Replayed(sock, received)
    async with trio.open_nursery() as nursery:
        request = await wrap_server_stream(nursery, stream)
        connection = await request.accept()
        try:
            while True:
                message = await connection.get_message()
                echo.counts["messages"] += 1
                await connection.send_message(message)
        except ConnectionClosed:
            nursery.cancel_scope.cancel()


class Replayed(trio.abc.HalfCloseableStream):
    """A socket whose first bytes have been read already."""

    def __init__(self, sock: socket.socket, received: bytes) -> None:
        self.stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        self.received = received

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what was read already, then what arrives."""

        if self.received:
            received, self.received = self.received, b""
            return received

        return bytes(await self.stream.receive_some(max_bytes))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send everything."""

        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait for room."""

        await self.stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """Say that nothing more comes."""

        await self.stream.send_eof()

    async def aclose(self) -> None:
        """Close the socket."""

        await self.stream.aclose()
