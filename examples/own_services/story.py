"""What the services are asked to do, the same in every launch.

    .venv/bin/python -m memory_report measure \\
        --plan examples/own_services/plan.toml \\
        --story examples/own_services/story.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zlib import crc32

from trio_websocket import open_websocket

if TYPE_CHECKING:
    from memory_report.own_story import Scene

PAGES, MESSAGES = 200, 50


async def play(scene: Scene) -> AsyncIterator[None]:
    """Read pages and talk to the echo; the memory is read at the `yield`."""

    visitor = scene.visit("site")
    for _ in range(PAGES):
        with scene.timings.request():
            page = await visitor.get("/")

    # Every launch must have sent the same bytes; no service can tell, hence no dot
    scene.counts["page_crc"] = crc32(page.text.encode())

    address = urlsplit(scene.urls["echo"])
    host, port = address.hostname or "", address.port or 80
    async with open_websocket(host, port, "/echo", use_ssl=False) as socket:
        scene.counts["echo.connections"] += 1
        for number in range(MESSAGES):
            await socket.send_message(f"message {number}")
            scene.counts["echo.messages"] += 1
            await socket.get_message()

        yield  # everything was asked, and the socket is still open
