"""The WebSocket client subscribes, counts pushes, and bears nothing odd."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    serve_websocket,
)

from memory_report import viewer as viewer_module
from memory_report.errors import StoryError
from memory_report.processes import first_error
from memory_report.viewer import open_viewer

Handler = Callable[[WebSocketConnection], Awaitable[None]]


@asynccontextmanager
async def open_service(handler: Handler) -> AsyncIterator[str]:
    """Serve one behaviour on a loopback port."""

    async def serve(request: WebSocketRequest) -> None:
        socket = await request.accept()
        with suppress(ConnectionClosed):  # the client has seen enough
            await handler(socket)

    with first_error():
        async with trio.open_nursery() as nursery:
            server = await nursery.start(
                lambda task_status: serve_websocket(
                    serve, "127.0.0.1", 0, ssl_context=None, task_status=task_status
                )
            )
            yield f"http://127.0.0.1:{server.port}"
            nursery.cancel_scope.cancel()


async def send(socket: WebSocketConnection, **message: Any) -> int:
    """Send one message as the service does; return its size."""

    text = json.dumps(message, ensure_ascii=False)
    await socket.send_message(text)
    return len(text.encode())


async def test_pushes_are_counted_until_the_subscription_has_stopped():
    """What arrives before `stopped` is in the ledger, so nothing is in flight."""

    sizes = [len("PING")]

    async def push_until_stopped(socket: WebSocketConnection) -> None:
        asked = json.loads(await socket.get_message())
        assert asked["params"]["path"] == "widget.app.updatedPing"
        sizes.append(await send(socket, id=1, result={"type": "started"}))
        await socket.send_message("PING")
        assert await socket.get_message() == "PONG"
        for number in range(3):
            data = {"json": {"number": number, "word": "ü"}}
            pushed = {"type": "data", "data": data}
            sizes.append(await send(socket, id=1, result=pushed))

        assert json.loads(await socket.get_message())["method"] == "subscription.stop"
        last = {"type": "data", "data": {"json": {}}}
        sizes.append(await send(socket, id=1, result=last))
        sizes.append(await send(socket, id=1, result={"type": "stopped"}))
        await socket.get_message()

    counts: Counter[str] = Counter()
    async with (
        open_service(push_until_stopped) as url,
        open_viewer(url, cookies="a=1", counts=counts) as viewer,
    ):
        pings = await viewer.subscribe("widget.app.updatedPing", {"id": "x"})
        await viewer.wait("see three", lambda: len(pings.payloads) == 3)
        await viewer.leave()

    assert [each.get("number") for each in pings.payloads] == [0, 1, 2, None]
    assert counts == {
        "ws.connections": 1,
        "ws.subscriptions": 1,
        "ws.messages": 2,
        "ws.pushes": 4,
        "ws.sent_bytes": sum(sizes),
    }


async def test_an_error_instead_of_a_push_fails_the_story():
    """A refused subscription is told with the service's own words."""

    async def refuse(socket: WebSocketConnection) -> None:
        await socket.get_message()
        await send(socket, id=1, error={"json": {"message": "UNAUTHORIZED"}})
        await socket.get_message()

    async with open_service(refuse) as url:
        with pytest.raises(StoryError, match="UNAUTHORIZED"):
            async with open_viewer(url, cookies="", counts=Counter()) as viewer:
                await viewer.subscribe("widget.memory.updatedSample")


async def test_a_closed_socket_fails_the_story():
    """Being sent away in the middle is no quiet end."""

    async def close(socket: WebSocketConnection) -> None:
        await socket.get_message()
        await socket.aclose(1001, "going away")

    async with open_service(close) as url:
        with pytest.raises(StoryError, match="going away"):
            async with open_viewer(url, cookies="", counts=Counter()) as viewer:
                await viewer.subscribe("widget.memory.updatedSample")


async def test_silence_fails_the_story(monkeypatch: pytest.MonkeyPatch):
    """A push that never comes is awaited for a bounded time, and named."""

    monkeypatch.setattr(viewer_module, "PUSH_TIMEOUT", 0.05)

    async def say_nothing(socket: WebSocketConnection) -> None:
        while True:
            await socket.get_message()

    async with open_service(say_nothing) as url:
        with pytest.raises(StoryError, match=r"subscribe to a\.b.*not seen"):
            async with open_viewer(url, cookies="", counts=Counter()) as viewer:
                await viewer.subscribe("a.b")


async def test_a_refused_socket_fails_the_story():
    """Nobody listens there: the step is named."""

    async def unused(socket: WebSocketConnection) -> None:
        pytest.fail("nobody connects")

    async with open_service(unused) as url:
        pass

    with pytest.raises(StoryError, match="open a socket"):
        async with open_viewer(url, cookies="", counts=Counter()):
            pytest.fail("nobody listens")


async def test_a_service_that_is_not_ready_fails_the_story():
    """A front door answers 503 for it, with a body that is empty."""

    async def refuse(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(
                b"HTTP/1.1 503 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, refuse, [listener])
        host, port = listener.socket.getsockname()
        with pytest.raises(StoryError, match="'open a socket': status 503"):
            async with open_viewer(
                f"http://{host}:{port}", cookies="", counts=Counter()
            ):
                pytest.fail("nobody is let in")

        nursery.cancel_scope.cancel()
