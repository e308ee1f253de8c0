"""An HTTP server on socket pairs, and what a client does with its end."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio

from runner.http import HttpServer
from runner.mounts import Asgi, Mount, Mounts

from . import fakes
from .helpers import PATIENCE

UPGRADE = (
    b"GET /websockets?x=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GET = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


class Port:
    """An HTTP server with two mounts, reached through socket pairs."""

    def __init__(self, app: Asgi = fakes.echo) -> None:
        self.taken: list[tuple[socket.socket, bytes]] = []
        mounts = Mounts()
        self.web = Mount("/", "x", counts=Counter())
        self.web.asgi, self.web.open = app, True
        self.ws = Mount("/websockets", "x", counts=Counter())
        self.ws.take_socket, self.ws.open = self._take, True
        mounts.add(self.web)
        mounts.add(self.ws)
        self.server = HttpServer(mounts)

    def _take(self, sock: socket.socket, received: bytes) -> None:
        self.taken.append((sock, received))

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[socket.socket]:
        """Serve one connection beside the body, which gets the client's end."""

        client, server = socket.socketpair()
        client.setblocking(False)
        server.setblocking(False)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.server.serve_connection, server)
            yield client

        client.close()

    async def answer(self, *chunks: bytes) -> list[bytes]:
        """Return what each request got: status and body, or the bytes handed over."""

        async with self.connect() as client:
            for chunk in chunks:
                with suppress(BrokenPipeError):  # an early refusal closes early
                    await asyncio.get_running_loop().sock_sendall(client, chunk)

                await take_in()

            if not self.taken:
                return split_responses(await read_all(client))

            answers = split_responses(await read_available(client))
            sock, received = self.taken.pop()
            with sock:
                return [*answers, received + await read_available(sock)]


async def take_in() -> None:
    """Let the loop run until what was sent has been read and acted upon."""

    for _ in range(12):
        await asyncio.sleep(0)


async def read_all(sock: socket.socket) -> bytes:
    """Read until the other side closes."""

    received = b""
    async with asyncio.timeout(PATIENCE):
        while data := await asyncio.get_running_loop().sock_recv(sock, 65536):
            received += data

    return received


async def read_available(sock: socket.socket) -> bytes:
    """Read what has arrived already."""

    await take_in()
    try:
        return sock.recv(65536)
    except BlockingIOError:
        return b""


def split_responses(data: bytes) -> list[bytes]:
    """Return `status body` of each response, the status alone where no 200."""

    answers = []

    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        status = head.split(b" ")[1]
        length = int(re.findall(rb"content-length: (\d+)", head)[0])
        body = rest[:length].strip()
        answers.append(status + b" " + body if status == b"200" else status)
        data = rest[length:]

    return answers
