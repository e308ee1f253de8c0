"""A server of somebody else's on loopback, which answers as a test wants it to."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from dashboard import superjson
from dashboard.bus import MemoryBus
from dashboard.cache import Cache
from dashboard.database import Database
from dashboard.ids import new_id
from dashboard.resources import Resources
from dashboard.settings import Settings
from dashboard.sources import IconSource, Sources


def answer(
    body: bytes | str = b"",
    *,
    status: int = 200,
    headers: str = "",
    length: bool = True,
) -> bytes:
    """One response, whole."""
    if isinstance(body, str):
        body = body.encode()

    head = f"HTTP/1.1 {status} Word\r\n{headers}"
    if length:
        head += f"Content-Length: {len(body)}\r\n"

    return f"{head}\r\n".encode() + body


def answer_json(value: Any, *, status: int = 200) -> bytes:
    """A response of JSON."""
    return answer(
        json.dumps(value), status=status, headers="Content-Type: application/json\r\n"
    )


def answer_gzip(body: bytes) -> bytes:
    """A response that is compressed."""
    return answer(gzip.compress(body), headers="Content-Encoding: gzip\r\n")


def redirect(location: str, *, status: int = 302) -> bytes:
    """A response that names another place."""
    return answer(status=status, headers=f"Location: {location}\r\n")


class Remote:
    """Answers by path; 404 for the others. It keeps the heads of its requests."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        #: The path whose requests wait for `let_go`.
        self.slow = ""
        self.let_go = anyio.Event()
        self.requests: list[str] = []
        self.open = 0
        self.most_open = 0
        self.sent = 0
        self.port = 0

    @property
    def targets(self) -> list[str]:
        """What each request asked for."""
        return [request.split(" ")[1] for request in self.requests]

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The URL of a path here."""
        return f"http://{host}:{self.port}{path}"

    async def handle(self, stream: anyio.abc.SocketStream) -> None:
        """Answer one request."""
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        async with stream:
            try:
                await self._answer(stream)
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                pass  # the client has what it wants
            finally:
                self.open -= 1

    async def _answer(self, stream: anyio.abc.SocketStream) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += await stream.receive()

        self.requests.append(request.decode("latin-1"))
        target = self.targets[-1]
        path = target.partition("?")[0]
        if self.slow and path.startswith(self.slow):
            await self.let_go.wait()

        if path == "/endless":
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
            while self.sent < 1 << 28:
                await stream.send(b"x" * 65536)
                self.sent += 65536

        found = self.answers.get(target, self.answers.get(path))
        await stream.send(answer(status=404) if found is None else found)


@asynccontextmanager
async def open_remote() -> AsyncIterator[Remote]:
    """A server on a free port of 127.0.0.1, until the end of the block."""
    remote = Remote()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = anyio.abc.SocketAttribute.local_port
    remote.port = listener.extra(port)  # noqa: S610  # no Django in this house
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, remote.handle)
        yield remote
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_resources(
    database: Database, remote: Remote, **settings: Any
) -> AsyncIterator[Resources]:
    """Resources whose sources are all at this server, each at a path of its own."""
    bus = MemoryBus()
    cache = Cache(bus)
    yield Resources(
        settings=Settings(**settings),
        database=database,
        bus=bus,
        monitor=None,
        cache=cache,
        sources=Sources(
            weather=remote.url("/weather"),
            cities=remote.url("/cities"),
            icons=tuple(
                IconSource(
                    slug=slug,
                    list_url=remote.url(f"/{slug}"),
                    icon_url=f"https://{slug}.example/{{path}}?{{stem}}",
                )
                for slug in ("github", "jsdelivr")
            ),
        ),
    )
    await cache.close()


async def add_item(
    database: Database,
    kind: str,
    options: Any,
    *,
    board: str = "board",
    public: bool = False,
) -> None:
    """An item of a board, which is made if need be."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT OR IGNORE INTO board (id, name, is_public) VALUES (?, ?, ?)",
            (board, board, int(public)),
        )
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options) VALUES (?, ?, ?, ?)",
            (new_id(), board, kind, superjson.encode(options).decode()),
        )
