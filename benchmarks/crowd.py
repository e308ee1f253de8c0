"""Many WebSocket clients of one thread: light, so that the server is measured."""

from __future__ import annotations

import re
import resource
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from memory_report.errors import StoryError

TIMEOUT = 20.0
READ_SIZE = 256 * 1024

#: When a message was published, in nanoseconds of the clock that all processes share.
_AT = re.compile(rb'"at":(\d+)[,}]')
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Origin: http://{host}\r\nCookie: {cookie}\r\n\r\n"
)


class Crowd:
    """Sockets that listen to the same messages."""

    def __init__(self, url: str, *, cookies: Sequence[str], path: str) -> None:
        self._address = urlsplit(url)
        self._cookies = cookies
        self._path = path
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        _allow_many_files()

    def __enter__(self) -> Self:
        """Use it for a block."""

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all of them."""

        for sock in self._sockets:
            sock.close()

        self._selector.close()

    def grow(
        self, size: int, *, subscribe: bytes = b"", receive_buffer: int | None = None
    ) -> None:
        """Open sockets until there are so many; each sends `subscribe`, if any.

        What the server answers to that is awaited, up to the end of a JSON text.
        """

        while len(self._sockets) < size:
            cookie = self._cookies[len(self._sockets) % len(self._cookies)]
            sock = self._open(cookie, receive_buffer)
            if subscribe:
                sock.sendall(mask_frame(subscribe))
                _read_until(sock, b"}}")

            sock.setblocking(False)
            self._sockets.append(sock)
            self._selector.register(sock, selectors.EVENT_READ)

    def say(self, text: bytes) -> None:
        """Send a text on every socket."""

        for sock in self._sockets:
            sock.send(mask_frame(text))

    def skip(self) -> None:
        """Throw away what has been received so far."""

        for sock in self._sockets:
            with suppress(BlockingIOError):
                while sock.recv(READ_SIZE):
                    pass

    def drain(self, size: int) -> None:
        """Read until every socket has received so many bytes from now on."""

        missing = dict.fromkeys(self._sockets, size)
        buffer = bytearray(READ_SIZE)
        waiting = len(missing)
        deadline = time.monotonic() + TIMEOUT
        while waiting:
            for sock in self._wait(deadline):
                got = sock.recv_into(buffer)
                if not got:
                    raise StoryError("listen", "the server closed a socket")

                missing[sock] -= got
                waiting -= missing[sock] == 0
                if missing[sock] < 0:
                    raise StoryError("listen", "more came than was published")

    def listen(self, messages: int, *, since: int) -> list[float]:
        """Read so many messages on every socket; return how old each was, in seconds.

        A message is as old as the time that passed since its member "at"; what was
        published before `since`, in nanoseconds of the same clock, is passed over.
        """

        rests = dict.fromkeys(self._sockets, b"")
        ages: list[float] = []
        deadline = time.monotonic() + TIMEOUT
        while len(ages) < messages * len(self._sockets):
            for sock in self._wait(deadline):
                received = rests[sock] + self._receive(sock)
                now = time.monotonic_ns()
                end = 0
                for found in _AT.finditer(received):
                    end = found.end()
                    if int(found[1]) >= since:
                        ages.append((now - int(found[1])) / 1e9)

                rests[sock] = received[end:]

        return ages

    def wait_marks(self, *marks: bytes) -> list[list[float]]:
        """Read until every socket has received these bytes, one after the other.

        Returns for each of the marks when that was, by the monotonic clock in seconds.
        """

        rests = dict.fromkeys(self._sockets, b"")
        missing = {sock: list(marks) for sock in self._sockets}
        times: dict[bytes, list[float]] = {mark: [] for mark in marks}
        deadline = time.monotonic() + TIMEOUT
        while any(missing.values()):
            for sock in self._wait(deadline):
                rests[sock] += self._receive(sock)
                now = time.monotonic()
                while missing[sock] and missing[sock][0] in rests[sock]:
                    mark = missing[sock].pop(0)
                    times[mark].append(now)
                    rests[sock] = rests[sock].partition(mark)[2]

        return list(times.values())

    def _receive(self, sock: socket.socket) -> bytes:
        received = sock.recv(READ_SIZE)
        if not received:
            raise StoryError("listen", "the server closed a socket")

        return received

    def _wait(self, deadline: float) -> Iterable[socket.socket]:
        events = self._selector.select(TIMEOUT)
        if not events or time.monotonic() > deadline:
            raise StoryError("listen", f"not all came within {TIMEOUT:g} s")

        return [key.fileobj for key, _ in events]  # type: ignore[misc]

    def _open(self, cookie: str, receive_buffer: int | None) -> socket.socket:
        sock = socket.socket()
        sock.settimeout(TIMEOUT)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

        sock.connect((self._address.hostname, self._address.port))
        head = _HANDSHAKE.format(
            path=self._path, host=self._address.netloc, cookie=cookie
        )
        sock.sendall(head.encode())
        answer = _read_until(sock, b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise StoryError("open a socket", answer.decode("latin-1")[:200])

        return sock


def mask_frame(text: bytes) -> bytes:
    """Wrap a text as a client has to; a mask of zeros is one, too."""

    if len(text) < 126:
        return bytes((0x81, 0x80 | len(text))) + bytes(4) + text

    return b"\x81\xfe" + len(text).to_bytes(2) + bytes(4) + text


def size_frame(text: str) -> int:
    """Return the size of the frame in which a server sends a text of ASCII."""

    return len(text) + (2 if len(text) < 126 else 4)


def _read_until(sock: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        more = sock.recv(4096)
        if not more:
            raise StoryError("open a socket", received.decode("latin-1")[:200])

        received += more

    return received


def _allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
