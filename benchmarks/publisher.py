"""Whoever is told through a Unix socket to publish, in the roof and in its peers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import SocketStream, TaskStatus

#: What the clients of every server receive: a subscription's data.
_TEXT = '{{"id":1,"result":{{"type":"data","data":{{"json":{message}}}}}}}'
_MESSAGE = '{{"at":{at},"padding":"{padding}"}}'


def make_message(padding: int) -> dict[str, Any]:
    """Return a message that tells when it was made and has so much ballast."""

    return {"at": time.monotonic_ns(), "padding": "x" * padding}


def render_message(message: dict[str, Any]) -> str:
    """Return the text in which the roof pushes a message to the subscription 1."""

    return _TEXT.format(message=_MESSAGE.format(**message))


async def serve(
    *,
    resources: Any,
    control: str,
    topic: str,
    task_status: TaskStatus[None],
    stopping: anyio.Event,
) -> None:
    """Publish on the bus of the roof until it stops; a service of its plan."""

    async def publish(padding: int) -> None:
        resources.bus.publish(topic, make_message(padding))

    async with anyio.create_task_group() as tasks:
        await tasks.start(take_orders, Path(control), publish)
        task_status.started()
        await stopping.wait()
        tasks.cancel_scope.cancel()


async def take_orders(
    control: Path,
    publish: Callable[[int], Awaitable[None]],
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Publish as each line says: how many messages, how big, how far apart (s)."""

    async def obey(stream: SocketStream) -> None:
        async with stream:
            async for line in stream:
                count, padding, pause = line.split()
                for _ in range(int(count)):
                    await publish(int(padding))
                    if float(pause):
                        await anyio.sleep(float(pause))

    listener = await anyio.create_unix_listener(control)
    async with listener:
        task_status.started()
        await listener.serve(obey)
