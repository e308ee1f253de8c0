"""The front door's HTTP: one parser, however the bytes arrive."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest

from runner import http, protocol
from runner.http import HttpServer
from runner.mounts import Mount, Mounts

from . import fakes

UPGRADE = (
    b"GET /websockets?x=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
GET = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n"
)
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

CORPUS = {
    "one request": LAST,
    "pipelined": GET + POST + CHUNKED + LAST,
    "upgrade first": UPGRADE,
    "upgrade later": GET + POST + UPGRADE,
    "upgrade with early bytes": GET + UPGRADE + b"\x81\x85early",
    "plain request under the WebSocket path": GET.replace(b"/page", b"/websockets")
    + LAST,
    "a neighbour of the prefix": GET.replace(b"/page", b"/websocketsx") + LAST,
    "an escaped path": UPGRADE.replace(b"/websockets", b"/%77ebsockets"),
    "h2c is ignored": LAST.replace(
        b"Connection: close", b"Connection: close, Upgrade\r\nUpgrade: h2c"
    ),
    "CONNECT": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00 tls?\r\n\r\n",
}

EXPECTED = {
    "one request": [b"200 GET /last 0"],
    "pipelined": [
        b"200 GET /page 0",
        b"200 POST /trpc/x 5",
        b"200 POST /p 5",
        b"200 GET /last 0",
    ],
    "upgrade first": [UPGRADE],
    "upgrade later": [b"200 GET /page 0", b"200 POST /trpc/x 5", UPGRADE],
    "upgrade with early bytes": [b"200 GET /page 0", UPGRADE + b"\x81\x85early"],
    "plain request under the WebSocket path": [b"426", b"200 GET /last 0"],
    "a neighbour of the prefix": [b"200 GET /websocketsx 0", b"200 GET /last 0"],
    "an escaped path": [UPGRADE.replace(b"/websockets", b"/%77ebsockets")],
    "h2c is ignored": [b"200 GET /last 0"],
    "CONNECT": [b"405"],
    "TRACE": [b"405"],
    "HTTP/2 at once": [b"505"],
    "two lengths": [b"400"],
    "no HTTP at all": [b"400"],
}


class Port:
    """An HTTP server with two mounts, reached through socket pairs."""

    def __init__(self) -> None:
        self.taken: list[tuple[socket.socket, bytes]] = []
        mounts = Mounts()
        web, ws = (Mount(path, "x", counts=Counter()) for path in ("/", "/websockets"))
        web.asgi, web.open = fakes.echo, True
        ws.take_socket, ws.open = self._take, True
        mounts.add(web)
        mounts.add(ws)
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
    async with asyncio.timeout(5):
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


@pytest.fixture(name="anyio_backend")
def _anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("name", CORPUS)
async def test_requests_route_alike_however_they_are_split(name: str):
    """Whole, split at every offset or byte by byte: the same answers."""

    data = CORPUS[name]
    port = Port()

    assert await port.answer(data) == EXPECTED[name]

    for offset in range(1, len(data)):
        assert await port.answer(data[:offset], data[offset:]) == EXPECTED[name], offset

    assert (
        await port.answer(*(data[i : i + 1] for i in range(len(data))))
        == (EXPECTED[name])
    )


async def test_bytes_sent_after_a_hand_over_reach_the_new_owner():
    """The socket that is handed over goes on where the head ended."""

    port = Port()

    async with port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, UPGRADE)
        await take_in()
        client.send(b"later")
        sock, received = port.taken.pop()
        later = await read_available(sock)
        sock.send(b"answer")

    with sock:
        assert (received, later) == (UPGRADE, b"later")


@pytest.mark.parametrize("size", [protocol.MAX_HEAD + 1, 3 * protocol.MAX_HEAD])
@pytest.mark.parametrize("step", [1 << 20, 5000, 700])
async def test_a_head_over_the_limit_is_431(size: int, step: int):
    """Neither a fast nor a slow client gets a larger head through."""

    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * size + b"\r\n\r\n"
    chunks = [head[i : i + step] for i in range(0, len(head), step)]

    assert await Port().answer(*chunks) == [b"431"]


async def test_a_head_just_under_the_limit_is_served():
    """The limit itself is no refusal."""

    start, end = b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\nConnection: close\r\n\r\n"
    head = start + b"x" * (protocol.MAX_HEAD - len(start) - len(end)) + end

    assert await Port().answer(head) == [b"200 GET / 0"]


@pytest.mark.parametrize("sent", [b"", GET[:20], GET])
async def test_a_silent_client_is_let_go(sent: bytes, monkeypatch: pytest.MonkeyPatch):
    """No head, half a head, or nothing after a response: closed in time."""

    monkeypatch.setattr(http, "HEAD_TIMEOUT", 0.05)
    port = Port()

    async with asyncio.timeout(5), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, sent)

    assert not port.server.connections


async def test_a_head_that_drips_does_not_renew_its_time(
    monkeypatch: pytest.MonkeyPatch,
):
    """The limit is on the whole head, not on the pause between two bytes."""

    monkeypatch.setattr(http, "HEAD_TIMEOUT", 0.1)
    port = Port()
    sent = 0

    async with asyncio.timeout(5), port.connect() as client:
        with suppress(BrokenPipeError):
            while port.server.connections or not sent:
                client.send(b"GET /" if not sent else b"x")
                sent += 1
                await asyncio.sleep(0.01)

    assert 1 < sent < 200


async def test_a_client_that_never_reads_is_let_go(monkeypatch: pytest.MonkeyPatch):
    """A response that nobody takes does not stay in memory."""

    async def flood(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            body = b"x" * 65536
            await send({"type": "http.response.body", "body": body, "more_body": True})

    monkeypatch.setattr(http, "WRITE_TIMEOUT", 0.05)
    port = Port()
    web = port.server.mounts.find(b"/")
    assert web is not None
    web.asgi = flood

    async with asyncio.timeout(5), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)

    assert not port.server.connections


async def test_a_compression_offer_never_reaches_an_application():
    """Hypercorn would inflate without bound what a client compressed."""

    seen: list[bytes] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "websocket.close"})

    port = Port()
    web = port.server.mounts.find(b"/")
    assert web is not None
    web.asgi = look
    upgrade = UPGRADE.replace(b"/websockets", b"/other").replace(
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate",
    )

    assert await port.answer(upgrade) == [b"403"]
    assert b"sec-websocket-key" in seen
    assert b"sec-websocket-extensions" not in seen


async def test_a_handler_that_exits_ends_only_its_request():
    """SystemExit in a request is a 500, not the end of the interpreter."""

    async def leave(scope: Any, receive: Any, send: Any) -> None:
        raise SystemExit(4)

    port = Port()
    web = port.server.mounts.find(b"/")
    assert web is not None
    web.asgi = leave

    assert await port.answer(GET) == [b"500"]
