"""Two services that do next to nothing, so that many launches of them take seconds.

Each leaves the id of its process in the folder that SMALL_SERVICES names, if it does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio


def leave_id() -> None:
    """Tell a test which process this is."""

    folder = os.environ.get("SMALL_SERVICES")
    if folder is not None:
        Path(folder, f"{os.getpid()}.pids").write_text(f"{os.getpid()}")


async def tick(*, ballast: int = 0, stopping: anyio.Event) -> None:
    """Hold so many MiB until told to stop."""

    leave_id()
    held = [b"x" * 1024 * 1024 for _ in range(ballast)]
    await stopping.wait()
    del held


def create_app() -> Callable[..., Any]:
    """Return a page of one word, and one of which the process dies."""

    leave_id()

    async def app(
        scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            if scope["path"] == "/die":
                os._exit(7)

            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"small"})

    return app
