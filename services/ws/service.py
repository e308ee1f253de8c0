"""What the runner calls: the life of the hub, and that of each connection."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import anyio
import trio
from anyio.abc import TaskStatus

from dashboard.resources import Resources

from . import limits
from .door import Door, Lane
from .hub import Hub
from .hub import Lane as HubLane
from .stream import ClientStream
from .watch import SessionWatch

#: All clients close at once, so this is what one of them may take.
_DRAIN_TIMEOUT = (
    limits.DRAIN_CALLS_TIMEOUT
    + limits.FLUSH_TIMEOUT
    + limits.CLOSE_TIMEOUT
    + limits.LINGER_TIMEOUT
)


async def serve(
    *,
    resources: Resources,
    lane: HubLane,
    lanes: Mapping[str, Lane],
    task_status: TaskStatus[Hub],
    stopping: anyio.Event,
) -> None:
    """Keep the hub until `stopping`, then close every socket with 1001."""
    hub = Hub(
        bus=resources.bus,
        lane=lane,
        talkative=not resources.settings.production,
    )
    watch = SessionWatch(hub=hub, database=resources.database, lane=lanes["asyncio"])
    unwatch = hub.watch_sessions()
    try:
        async with trio.open_nursery() as tasks:
            tasks.start_soon(watch.run)
            task_status.started(hub)
            await stopping.wait()
            with trio.move_on_after(_DRAIN_TIMEOUT):
                await hub.drain()

            tasks.cancel_scope.cancel()
    finally:
        unwatch()


async def handle_connection(
    sock: socket.socket,
    received: bytes,
    *,
    ws: Hub,
    resources: Resources,
    lanes: Mapping[str, Lane],
    mount: str,
) -> None:
    """Own one accepted socket, from the rest of its handshake to its close."""
    door = Door(
        hub=ws,
        resources=resources,
        lane=lanes["asyncio"],
        mount=mount,
        address=_find_address(sock),
    )
    stream = ClientStream(sock, received)
    ws.sockets += 1
    try:
        await door.receive(stream)
        await stream.linger()
    finally:
        stream.abort()
        ws.sockets -= 1


def _find_address(sock: socket.socket) -> str:
    try:
        name = sock.getpeername()
    except OSError:
        return ""  # it has left already

    return name[0] if isinstance(name, tuple) else ""
