"""The mounts: which path prefix belongs to which service.

Prefixes match by whole segments of the percent-decoded path, so `/trpcx` is not
under `/trpc`. This is the one place that decides it, for HTTP and WebSocket.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import anyio

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Takes an accepted socket and the bytes already read from it; from any thread.
TakeSocket = Callable[[socket.socket, bytes], None]


class Mount:
    """One service's place on the port."""

    def __init__(self, prefix: str, service: str, *, counts: Counter[str]) -> None:
        self.segments = _split(prefix.rstrip("/").encode() or b"/")
        self.service = service
        #: The application that serves requests here …
        self.asgi: Asgi | None = None
        #: … or what takes the sockets of WebSocket clients.
        self.take_socket: TakeSocket | None = None
        #: What the application's lifespan hands to each of its requests.
        self.state: Mapping[str, Any] = {}
        #: Answers 503 while false: the service is not ready yet, or drains.
        self.open = False
        self.counts = counts
        self._in_flight = 0
        self._idle: anyio.Event | None = None

    def enter(self) -> None:
        """Note that a request begins."""

        self.counts["requests"] += 1
        self._in_flight += 1

    def leave(self) -> None:
        """Note that the application has finished a request."""

        self._in_flight -= 1
        if self._idle is not None and not self._in_flight:
            self._idle.set()

    async def wait_idle(self) -> None:
        """Wait until no request is in flight; the mount takes no new ones."""

        if self._in_flight:
            self._idle = anyio.Event()
            await self._idle.wait()


class Mounts:
    """All mounts of a port."""

    def __init__(self) -> None:
        self._mounts: list[Mount] = []

    def add(self, mount: Mount) -> None:
        """Add a mount, in the place of the one that has the same prefix.

        The longest prefix is looked at first.
        """

        others = [one for one in self._mounts if one.segments != mount.segments]
        self._mounts = [*others, mount]
        self._mounts.sort(key=lambda one: len(one.segments), reverse=True)

    def find(self, target: bytes) -> Mount | None:
        """Return the mount that a request target, as sent, belongs to."""

        if not target.startswith(b"/") and b"://" in target:
            # The absolute form, meant for proxies: http://host/path
            target = b"/" + target.partition(b"://")[2].partition(b"/")[2]

        path = _split(target.partition(b"?")[0])

        for mount in self._mounts:
            if path[: len(mount.segments)] == mount.segments:
                return mount

        return None


def _split(path: bytes) -> list[bytes]:
    """Split a path into decoded segments, the root into none."""

    decoded = unquote_to_bytes(path) if b"%" in path else path
    return decoded.split(b"/")[1:] if decoded != b"/" else []
