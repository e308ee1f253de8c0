"""A WebSocket client that waits in a blocking read: it adds no event loop's delay."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    Request,
    TextMessage,
)

from memory_report.errors import StoryError

TIMEOUT = 10.0


class EchoClient:
    """An authenticated socket at `/websockets` on which PING is answered by PONG."""

    def __init__(self, url: str, *, cookies: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        headers = [(b"Cookie", cookies.encode()), (b"Origin", url.encode())]
        request = Request(
            host=parts.netloc, target="/websockets", extra_headers=headers
        )
        self._socket.sendall(self._protocol.send(request))
        if not isinstance(self._receive(), AcceptConnection):
            raise StoryError("open a socket", "it was refused")

    def __enter__(self) -> Self:
        """Use it for a block."""

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""

        self._socket.close()

    def measure(self, *, seconds: float, interval: float) -> list[float]:
        """Ping at a steady pace and return each round trip in seconds.

        A ping that is late because the one before it took long counts from when it
        was due: the wait of whoever would have sent it then is not left out.
        """

        round_trips = []
        begin = due = time.perf_counter()
        while due - begin < seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            self._ping()
            round_trips.append(time.perf_counter() - due)
            due += interval

        return round_trips

    def _ping(self) -> None:
        self._socket.sendall(self._protocol.send(TextMessage(data="PING")))
        while True:
            event = self._receive()
            if isinstance(event, TextMessage) and event.data == "PONG":
                return

            if isinstance(event, CloseConnection):
                raise StoryError("echo", f"closed with {event.code} {event.reason}")

    def _receive(self) -> Event:
        while True:
            for event in self._protocol.events():
                if isinstance(event, RejectConnection):
                    raise StoryError("open a socket", f"status {event.status_code}")

                return event

            received = self._socket.recv(65536)
            if not received:
                raise StoryError("echo", "the connection was lost")

            self._protocol.receive_data(received)
