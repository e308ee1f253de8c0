"""A service that nobody calls: it has a beat of its own."""

from __future__ import annotations

from typing import Any

import anyio

INTERVAL = 0.05


async def serve(*, stopping: Any) -> None:
    """Tick until the runner stops."""

    while not stopping.is_set():
        with anyio.move_on_after(INTERVAL):
            await stopping.wait()
