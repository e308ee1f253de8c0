"""Services that misbehave as only whole processes can show."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
from anyio.abc import TaskStatus


async def serve(*, task_status: TaskStatus[Any], stopping: anyio.Event) -> None:
    """Behave."""

    task_status.started()
    await stopping.wait()


async def crash_later(*, task_status: TaskStatus[Any]) -> None:
    """Be ready, and fail."""

    task_status.started()
    await anyio.sleep(0.05)
    raise LookupError("the well is dry")


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
