"""The front door's HTTP: one parser, however the bytes arrive."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest

from runner import http, upgrade

from . import fakes
from .helpers import FAKES, PATIENCE, running_roof
from .port import (
    GET,
    POST,
    UPGRADE,
    Port,
    read_all,
    read_available,
    split_responses,
    take_in,
)

CHUNKED = (
    b"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n"
)
WEB = {"asgi": f"{FAKES}:create_echo", "mount": "/"}
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
    "an upgrade without a key": UPGRADE.replace(b"Sec-WebSocket-Key", b"X"),
    "an upgrade of another version": UPGRADE.replace(b": 13", b": 12"),
    "an upgrade by HTTP/1.0": UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an upgrade with a body": UPGRADE.replace(b"Host", b"Content-Length: 0\r\nHost"),
    "an absolute target": LAST.replace(b"/last", b"http://a/websockets/x"),
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
    "an upgrade without a key": [b"400"],
    "an upgrade of another version": [b"400"],
    "an upgrade by HTTP/1.0": [b"400"],
    "an upgrade with a body": [b"400"],
    "an absolute target": [b"426"],
    "two lengths": [b"400"],
    "no HTTP at all": [b"400"],
}


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


@pytest.mark.parametrize("size", [upgrade.MAX_HEAD + 1, 3 * upgrade.MAX_HEAD])
@pytest.mark.parametrize("step", [1 << 20, 5000, 700])
async def test_a_head_over_the_limit_is_431(size: int, step: int):
    """Neither a fast nor a slow client gets a larger head through."""

    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * size + b"\r\n\r\n"
    chunks = [head[i : i + step] for i in range(0, len(head), step)]

    assert await Port().answer(*chunks) == [b"431"]


async def test_a_head_just_under_the_limit_is_served():
    """The limit itself is no refusal."""

    start, end = b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\nConnection: close\r\n\r\n"
    head = start + b"x" * (upgrade.MAX_HEAD - len(start) - len(end)) + end

    assert await Port().answer(head) == [b"200 GET / 0"]


@pytest.mark.parametrize("sent", [b"", GET[:20], GET])
async def test_a_silent_client_is_let_go(sent: bytes, monkeypatch: pytest.MonkeyPatch):
    """No head, half a head, or nothing after a response: closed in time."""

    monkeypatch.setattr(http, "HEAD_TIMEOUT", 0.05)
    port = Port()

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, sent)

    assert not port.server.connections


async def test_a_head_that_drips_does_not_renew_its_time():
    """The limit is on the whole head, not on the pause between two bytes."""

    port = Port()
    timers = []

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        for drop in (b"GET /", *[b"x"] * 5):
            client.send(drop)
            await take_in()
            timers += [connection._timer for connection in port.server.connections]

        client.close()

    assert timers[0] is not None
    assert timers == [timers[0]] * 6


async def test_a_client_that_never_reads_is_let_go(monkeypatch: pytest.MonkeyPatch):
    """A response that nobody takes does not stay in memory."""

    async def flood(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            body = b"x" * 65536
            await send({"type": "http.response.body", "body": body, "more_body": True})

    monkeypatch.setattr(http, "WRITE_TIMEOUT", 0.05)
    port = Port(flood)

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)

    assert not port.server.connections


class PanicError(BaseException):
    """What native extensions raise when they give up."""


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, PanicError])
async def test_a_handler_that_exits_ends_only_its_request(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
):
    """Whatever a request raises is a 500, not the end of the interpreter."""

    async def leave(scope: Any, receive: Any, send: Any) -> None:
        raise error

    port = Port(leave)

    assert await port.answer(GET) == [b"500"]
    assert "service 'x' failed at /page" in caplog.text
    assert port.web.counts["responses_5xx"] == 1


async def test_an_early_answer_ends_an_upload_that_nobody_reads():
    """The connection ends with the answer, however much is still to come."""

    async def answer_at_once(scope: Any, receive: Any, send: Any) -> None:
        await take_in()
        headers = [(b"content-length", b"0")]
        start = {"type": "http.response.start", "status": 413, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    port = Port(answer_at_once)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"

    async with asyncio.timeout(PATIENCE):
        answers = await port.answer(head, *[b"x" * 16384] * 40)

    assert answers == [b"413"]
    assert not port.server.connections


async def test_a_long_body_arrives_whole():
    """Reading pauses and goes on as the application reads."""

    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n"
    head += b"Connection: close\r\n\r\n"

    async with asyncio.timeout(PATIENCE):
        answers = await Port().answer(head, b"x" * 1_000_000)

    assert answers == [b"200 POST /x 1000000"]


async def test_a_body_that_nobody_reads_does_not_fill_the_memory():
    """A client that floods is held up by its own socket, not kept by us."""

    async def read_nothing(scope: Any, receive: Any, send: Any) -> None:
        await done.wait()

    done = asyncio.Event()
    port = Port(read_nothing)
    sent = refused = 0

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n")
        while refused < 50 and sent < 64 << 20:
            try:
                sent += client.send(b"x" * 65536)
            except BlockingIOError:
                refused += 1

            await take_in()

        done.set()
        answers = split_responses(await read_all(client))

    assert answers == [b"500"]
    assert refused == 50
    assert sent < 16 << 20


async def test_a_client_that_never_closes_is_let_go(monkeypatch: pytest.MonkeyPatch):
    """After our answer and our end, it has a little time to end its own half."""

    monkeypatch.setattr(http, "LINGER_TIMEOUT", 0.02)

    async with asyncio.timeout(PATIENCE), Port().connect() as client:
        client.send(LAST)
        answers = split_responses(await read_all(client))

        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                with suppress(BlockingIOError):
                    client.send(b"x")

                await take_in()

    assert answers == [b"200 GET /last 0"]


async def test_a_refusal_reaches_a_client_that_is_still_sending(
    monkeypatch: pytest.MonkeyPatch,
):
    """Bytes that nobody reads must not reset the connection and lose the answer."""

    monkeypatch.setattr(http, "LINGER_TIMEOUT", 60.0)
    loop = asyncio.get_running_loop()

    async with running_roof({"web": WEB}) as run:
        await run.wait_ready()

        async with asyncio.timeout(PATIENCE):
            with socket.create_connection(("127.0.0.1", run.port)) as client:
                client.setblocking(False)
                await loop.sock_sendall(client, CORPUS["TRACE"] + b"x" * (4 << 20))
                answers = split_responses(await read_all(client))

    assert answers == [b"405"]


async def test_a_client_that_closes_its_half_gets_its_answer():
    """The end of what it sends is not the end of what it wants."""

    port = Port()

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)
        client.shutdown(socket.SHUT_WR)
        answers = split_responses(await read_all(client))

    assert answers == [b"200 GET /page 0"]


async def test_an_application_hears_of_a_client_that_has_gone():
    """Also where it has not read the body that fills its queue."""

    heard = asyncio.Event()

    async def wait_for_the_end(scope: Any, receive: Any, send: Any) -> None:
        await gone.wait()
        while (await receive())["type"] != "http.disconnect":
            pass

        heard.set()

    gone = asyncio.Event()
    port = Port(wait_for_the_end)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        for chunk in (head, *[b"x" * 16384] * 12):
            await asyncio.get_running_loop().sock_sendall(client, chunk)
            await take_in()

        client.close()
        await take_in()
        gone.set()
        await heard.wait()

    assert not port.server.connections


@pytest.mark.parametrize("draining", [True, False])
async def test_a_body_that_does_not_come_is_not_waited_for(
    draining: bool, monkeypatch: pytest.MonkeyPatch
):
    """A stalled upload ends in time, and in less time while draining."""

    timeout = "DRAIN_BODY_TIMEOUT" if draining else "BODY_TIMEOUT"
    monkeypatch.setattr(http, timeout, 0.02)
    port = Port()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        await asyncio.get_running_loop().sock_sendall(client, head)
        await take_in()
        if draining:
            await port.server.drain()

    assert not port.server.connections


async def test_an_application_may_take_its_time_once_the_body_is_there():
    """The client's time ends with what it has to send."""

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await fakes.echo(scope, receive, send)

    go = asyncio.Event()
    port = Port(wait)

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        for part in (POST[:-2], POST[-2:]):
            client.send(part)
            await take_in()

        timers = [connection._timer for connection in port.server.connections]
        go.set()
        client.shutdown(socket.SHUT_WR)
        answers = split_responses(await read_all(client))

    assert timers == [None]
    assert answers == [b"200 POST /trpc/x 5"]


async def test_a_drain_that_begins_with_a_connection_ends_it():
    """A client that comes in at the very last moment is not forgotten."""

    port = Port()
    await port.server.drain()

    async with asyncio.timeout(PATIENCE), port.connect() as client:
        assert await read_all(client) == b""
