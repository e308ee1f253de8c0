"""`python -m benchmarks.push_peers NAME CONTROL`: servers to compare the hub with.

Each pushes to all of its clients what it is told to publish, as its library advises.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from benchmarks.publisher import make_message, render_message, take_orders


async def serve_websockets(control: Path) -> None:
    """`websockets.broadcast`, without compression, as in the roof."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    clients: set[ServerConnection] = set()

    async def handle(client: ServerConnection) -> None:
        clients.add(client)
        async for _ in client:
            await client.send("{}}")  # the answer to a subscription

        clients.discard(client)

    async def publish(padding: int) -> None:
        broadcast(clients, render_message(make_message(padding)))
        await anyio.lowlevel.checkpoint()

    quiet: dict[str, Any] = {"compression": None, "ping_interval": None}
    async with serve(handle, "127.0.0.1", 0, **quiet) as server:
        _say_ready(server.sockets[0].getsockname()[1])
        await take_orders(control, publish)


async def serve_trio_websocket(control: Path) -> None:
    """`send_message` for each connection, one after the other."""
    import trio
    from trio_websocket import (
        ConnectionClosed,
        WebSocketConnection,
        WebSocketRequest,
        serve_websocket,
    )

    clients: set[WebSocketConnection] = set()

    async def handle(request: WebSocketRequest) -> None:
        client = await request.accept()
        clients.add(client)
        try:
            while True:
                await client.get_message()
                await client.send_message("{}}")
        except ConnectionClosed:
            clients.discard(client)

    async def publish(padding: int) -> None:
        text = render_message(make_message(padding))
        for client in list(clients):
            await client.send_message(text)

    async with trio.open_nursery() as tasks:
        start: Any = partial(serve_websocket, handle, "127.0.0.1", 0, None)
        server = await tasks.start(start)
        _say_ready(server.port)
        await take_orders(control, publish)


def _say_ready(port: int) -> None:
    sys.stderr.write(f"ready {port}\n")
    sys.stderr.flush()


PEERS: dict[str, tuple[str, Callable[[Path], Awaitable[None]]]] = {
    "websockets": ("asyncio", serve_websockets),
    "websockets on uvloop": ("asyncio", serve_websockets),
    "trio-websocket": ("trio", serve_trio_websocket),
}


def main() -> None:
    """Serve until killed."""

    name, control = sys.argv[1:]
    backend, serve = PEERS[name]
    options = {"use_uvloop": True} if name.endswith("uvloop") else {}
    anyio.run(serve, Path(control), backend=backend, backend_options=options)


if __name__ == "__main__":
    main()
