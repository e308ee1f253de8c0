"""An echo behind the very door, stream and connection of `services.ws`."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace
from typing import Any, cast

import anyio
from anyio.abc import TaskStatus

from dashboard.accounts import Session
from dashboard.bus import MemoryBus
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.ws import Hub, door
from services.ws.connection import Connection
from services.ws.stream import ClientStream


class EchoConnection(Connection):
    """Sends back what it receives: texts as pushes are sent, bytes as it may."""

    async def _receive(self) -> None:
        message = await self._socket.get_message()
        if isinstance(message, str):
            self.send(message.encode())
            await self.wait_flushed()
        else:
            await self._socket.send_message(message)


class OpenDoor(door.Door):
    """Lets everybody in."""

    async def _check(self, request: Any) -> Session:
        return Session(token="", user_id="", user_name="", expires=time.time() + 86_400)


async def serve(
    *, lane: Any, task_status: TaskStatus[Hub], stopping: anyio.Event
) -> None:
    """Keep the hub, as the service does."""
    door.Connection = EchoConnection  # type: ignore[misc]  # nobody else runs here
    hub = Hub(bus=MemoryBus(), lane=lane)
    task_status.started(hub)
    await stopping.wait()
    await hub.drain()


async def handle_connection(
    sock: socket.socket, received: bytes, *, echo: Hub, lane: Any, mount: str
) -> None:
    """Own one accepted socket, as the service does."""
    stream = ClientStream(sock, received)
    resources = cast(Resources, SimpleNamespace(settings=Settings()))
    try:
        await OpenDoor(hub=echo, resources=resources, lane=lane, mount=mount).receive(
            stream
        )
        await stream.linger()
    finally:
        stream.abort()
