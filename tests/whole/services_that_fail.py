"""Services that misbehave as only whole processes can show."""

from __future__ import annotations

import gc
import logging
import socket
import threading
import time
from typing import Any

import anyio
from anyio.abc import TaskStatus

GARBAGE = 1000

#: That `serve` is ready, for who holds up another lane until then.
serving = threading.Event()


async def serve(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Behave."""

    task_status.started()
    serving.set()
    await stopping.wait()


async def leave_garbage(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Once the runner has frozen its heap, leave circles that nobody can reach."""

    gc.disable()
    task_status.started()
    while not gc.get_freeze_count():  # noqa: ASYNC110 -- nobody tells of it
        await anyio.sleep(0.01)

    for _ in range(GARBAGE):
        circle: list[Any] = []
        circle.append(circle)

    del circle
    logging.getLogger("garbage").warning("left")
    await stopping.wait()


async def crash_later(*, task_status: TaskStatus[Any]) -> None:
    """Be ready, and fail."""

    task_status.started()
    await anyio.sleep(0.05)
    raise LookupError("the well is dry")


async def hang_up(sock: socket.socket, received: bytes) -> None:
    """Let nobody in."""

    sock.close()


async def block_its_lane(*, task_status: TaskStatus[Any]) -> None:
    """Hold the event loop's thread, so that no timeout in it can pass."""

    time.sleep(3600)  # noqa: ASYNC251


async def block_while_draining(
    *, task_status: TaskStatus[Any], stopping: anyio.Event
) -> None:
    """Be ready, and hold the thread when asked to stop."""

    task_status.started()
    await stopping.wait()
    threading.Event().wait()


async def wait_for_ever(*, task_status: TaskStatus[Any]) -> None:
    """Be ready, and do not stop when asked to."""

    task_status.started()
    await anyio.sleep_forever()
