"""What the front door's protocol refuses, and how its connections end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from . import fakes
from .helpers import PATIENCE
from .port import GET, UPGRADE, Port, read_all, split_responses, take_in

#: An upgrade under the application's mount, with an offer of compression.
OFFER = UPGRADE.replace(b"/websockets", b"/other").replace(
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate",
)


@pytest.fixture(name="anyio_backend")
def _anyio_backend() -> str:
    return "asyncio"


async def test_a_compression_offer_never_reaches_an_application():
    """Hypercorn would inflate without bound what a client compressed."""

    seen: list[bytes] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "websocket.close"})

    port = Port(look)

    assert await port.answer(OFFER) == [b"403"]
    assert b"sec-websocket-key" in seen
    assert b"sec-websocket-extensions" not in seen


@pytest.mark.parametrize(
    ("word", "variant"),
    [
        (b"GET", b"get"),
        (b"keep-alive, Upgrade", b"Upgrade\x1c"),
        (b"keep-alive, Upgrade", b"Upgrade\xa0"),
        (b"Upgrade: websocket", b"Upgrade: websocket\x1f"),
        (b"Upgrade: websocket", b"Upgrade: websocket\x85"),
    ],
)
async def test_what_is_no_upgrade_for_us_is_none_for_hypercorn(
    word: bytes, variant: bytes
):
    """Otherwise an odd spelling would get past every rule for upgrades."""

    seen: list[str] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await fakes.echo(scope, receive, send)

    request = OFFER.replace(word, variant).replace(
        b"Host", b"Connection: close\r\nHost"
    )
    answers = await Port(look).answer(request)

    assert seen == ["http"]
    assert answers[0].startswith(b"200 ")


@pytest.mark.parametrize("path", [b"/other", b"/websockets"])
@pytest.mark.parametrize(
    "header", [b"Sec-WebSocket-Protocol: \xff", b"Connection: \xe9"]
)
async def test_a_handshake_that_is_not_ascii_is_refused(path: bytes, header: bytes):
    """It has an answer, where Hypercorn would fail to read it."""

    request = UPGRADE.replace(b"/websockets", path)

    assert await Port().answer(request.replace(b"Host", header + b"\r\nHost")) == [
        b"400"
    ]


async def test_a_websocket_reaches_an_application():
    """What comes after the answer is the application's."""

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"] + "!"})

    loop = asyncio.get_running_loop()

    async with asyncio.timeout(PATIENCE), Port(echo).connect() as client:
        await loop.sock_sendall(client, OFFER)
        await take_in()
        answer = await loop.sock_recv(client, 65536)
        await loop.sock_sendall(client, b"\x81\x82\0\0\0\0hi")
        frames = await read_all(client)

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-extensions" not in answer.lower()
    assert frames.startswith(b"\x81\x03hi!")


@pytest.mark.parametrize("together", [True, False])
async def test_a_websocket_client_that_does_not_wait_is_refused(together: bool):
    """Its connection ends, and an application that has begun hears of it."""

    heard: list[str] = []

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        while not heard or heard[-1] != "websocket.disconnect":
            heard.append((await receive())["type"])

    port = Port(wait)
    chunks = [OFFER + b"early"] if together else [OFFER, b"early"]

    async with asyncio.timeout(PATIENCE):
        answers = await port.answer(*chunks)

    assert answers == [b"400"]
    assert heard == ([] if together else ["websocket.connect", "websocket.disconnect"])
    assert not port.server.connections


async def test_an_answer_while_draining_says_that_the_connection_closes():
    """A client that would keep it alive is told not to come back this way."""

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await fakes.echo(scope, receive, send)

    go = asyncio.Event()
    port = Port(wait)

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)
        await take_in()
        await port.server.drain()
        go.set()
        answer = await read_all(client)

    assert split_responses(answer) == [b"200 GET /page 0"]
    assert b"\r\nconnection: close\r\n" in answer


async def test_an_answer_is_not_held_up_by_a_body_that_nobody_reads():
    """The application is done, though the queue of what came in is full."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await full.wait()
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        returned.set()

    full, returned = asyncio.Event(), asyncio.Event()
    port = Port(answer)
    loop = asyncio.get_running_loop()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        for chunk in (head, *[b"x" * 16384] * 14):
            await loop.sock_sendall(client, chunk)
            await take_in()

        full.set()
        await returned.wait()
        answers = split_responses(await read_all(client))

    assert answers == [b"413"]
    assert not port.server.connections
