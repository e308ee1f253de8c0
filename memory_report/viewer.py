"""A WebSocket client that subscribes as a board's page does and counts the pushes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)

from memory_report.errors import StoryError
from memory_report.processes import first_error

HANDSHAKE_TIMEOUT = 20.0
PUSH_TIMEOUT = 20.0

#: How SuperJSON writes "no input".
NO_INPUT = {"json": None, "meta": {"values": ["undefined"], "v": 1}}


@dataclass(slots=True, kw_only=True)
class Subscription:
    """One stream of pushes and what has arrived of it."""

    path: str
    started: bool = False
    stopped: bool = False
    payloads: list[Any]
    #: When each came, by trio's clock.
    arrivals: list[float]


class Viewer:
    """One open board: its socket and its subscriptions."""

    def __init__(self, socket: WebSocketConnection, counts: Counter[str]) -> None:
        self._socket = socket
        self._counts = counts
        self._subscriptions: dict[int, Subscription] = {}
        self._changed = trio.Event()
        self._leaving = False

    async def watch(self) -> None:
        """Take what is pushed until the socket is closed from this side."""

        while True:
            try:
                message = await self._socket.get_message()
            except ConnectionClosed as error:
                if self._leaving:
                    return

                raise StoryError("watch a board", f"{error.reason}") from error

            said = message.encode() if isinstance(message, str) else message
            self._counts["ws.sent_bytes"] += len(said)
            if message == "PING":
                await self._socket.send_message("PONG")
            else:
                self._take(msgspec.json.decode(message))
                self._changed.set()
                self._changed = trio.Event()

    async def subscribe(self, path: str, given: Any = None) -> Subscription:
        """Subscribe, and wait until the service says that it has started."""

        self._counts["ws.subscriptions"] += 1
        number = len(self._subscriptions) + 1
        subscription = Subscription(path=path, payloads=[], arrivals=[])
        self._subscriptions[number] = subscription
        wanted = NO_INPUT if given is None else {"json": given}
        await self._send(
            id=number, method="subscription", params={"path": path, "input": wanted}
        )
        await self.wait(f"subscribe to {path}", lambda: subscription.started)
        return subscription

    async def wait(self, step: str, condition: Callable[[], bool]) -> None:
        """Wait until what was pushed so far fulfils a condition."""

        with trio.move_on_after(PUSH_TIMEOUT) as scope:
            while not condition():
                await self._changed.wait()

        if scope.cancelled_caught:
            raise StoryError(step, f"not seen within {PUSH_TIMEOUT:g} s")

    async def leave(self) -> None:
        """End every subscription and close the socket; nothing is in flight then."""

        for number in self._subscriptions:
            await self._send(id=number, method="subscription.stop")

        ended = self._subscriptions.values()
        await self.wait("unsubscribe", lambda: all(each.stopped for each in ended))
        self._leaving = True
        await self._socket.aclose()

    async def _send(self, **message: Any) -> None:
        try:
            await self._socket.send_message(msgspec.json.encode(message).decode())
            self._counts["ws.messages"] += 1
        except ConnectionClosed as error:
            raise StoryError("ask over the socket", f"{error.reason}") from error

    def _take(self, message: Any) -> None:
        result = message.get("result")
        subscription = self._subscriptions.get(message.get("id"))
        if result is None or subscription is None:
            raise StoryError("watch a board", f"the service sent {message}")

        match result["type"]:
            case "started":
                subscription.started = True
            case "stopped":
                subscription.stopped = True
            case "data":
                self._counts["ws.pushes"] += 1
                subscription.payloads.append(result["data"]["json"])
                subscription.arrivals.append(trio.current_time())


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """One open board and its three streams."""

    viewer: Viewer
    statuses: Subscription
    pings: Subscription
    memory: Subscription

    def first_status(self, job: str, asked: float) -> float:
        """Return when the first status of a job came that was asked for then."""

        statuses = zip(self.statuses.payloads, self.statuses.arrivals, strict=True)
        return min(
            arrival
            for status, arrival in statuses
            if status["name"] == job and arrival >= asked
        )


@asynccontextmanager
async def open_viewer(
    url: str, *, cookies: str, counts: Counter[str]
) -> AsyncIterator[Viewer]:
    """Open an authenticated socket at `/websockets` for as long as the block runs."""

    address = urlsplit(url)
    headers = [(b"Cookie", cookies.encode()), (b"Origin", url.encode())]
    counts["ws.connections"] += 1

    try:
        with first_error():
            # We open the stream ourselves: trio-websocket leaves it open when it is
            # cancelled while the other side closes.
            async with (
                await _connect(address) as stream,
                trio.open_nursery() as nursery,
            ):
                try:
                    with trio.fail_after(HANDSHAKE_TIMEOUT):
                        socket = await wrap_client_stream(
                            nursery,
                            stream,
                            address.netloc,
                            "/websockets",
                            extra_headers=headers,
                            message_queue_size=64,
                        )
                except (HandshakeError, ConnectionClosed, trio.TooSlowError) as error:
                    reason = f"{type(error).__name__}: {error}"
                    raise StoryError("open a socket", reason) from error

                viewer = Viewer(socket, counts)
                nursery.start_soon(viewer.watch)
                yield viewer
                nursery.cancel_scope.cancel()
    except ConnectionRejected as error:
        # Raised in the nursery, by the task that reads: an answer with a body.
        raise StoryError("open a socket", f"status {error.status_code}") from error


async def view_board(viewer: Viewer, *, app_id: str) -> BoardView:
    """Subscribe to all that a board shows, and wait for the first of it."""

    view = BoardView(
        viewer=viewer,
        statuses=await viewer.subscribe("cronJobs.subscribeToStatusUpdates"),
        pings=await viewer.subscribe("widget.app.updatedPing", {"id": app_id}),
        memory=await viewer.subscribe("widget.memory.updatedSample"),
    )
    await viewer.wait("see the memory", lambda: bool(view.memory.payloads))
    return view


async def _connect(address: SplitResult) -> trio.SocketStream:
    try:
        return await trio.open_tcp_stream(address.hostname or "", address.port or 80)
    except OSError as error:
        raise StoryError("open a socket", str(error)) from error
