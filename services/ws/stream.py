"""The byte stream under one WebSocket, and the only place that writes to it.

trio-websocket writes the handshake, pongs and close frames through `send_all`; messages
go out through `offer`. One lock keeps a frame from being written inside another one.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import suppress

import trio

from . import limits
from .errors import RefusedError
from .frames import is_close_frame

#: Where h11 sees the end of a head: a reader may send bare line feeds.
_HEAD_END = re.compile(rb"\n\r?\n")
_CHUNK_BYTES = 64 * 1024
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class ClientStream(trio.abc.Stream):
    """An accepted socket, with the bytes that were read from it already."""

    __slots__ = (
        "_broken",
        "_closing",
        "_flushed",
        "_head_size",
        "_lock",
        "_opened",
        "_queue",
        "_queued_bytes",
        "_received",
        "_rest",
        "_socket",
        "_stream",
        "_tasks",
        "last_received",
        "on_close",
    )

    def __init__(self, sock: socket.socket, received: bytes = b"") -> None:
        # The stdlib socket is trio's own underneath: `offer` writes to it without
        # waiting, which spares a trip through the scheduler for each message.
        self._socket = sock
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        self._received = bytearray(received)
        self._head_size = 0
        self._tasks: trio.Nursery | None = None
        self._opened: trio.Event | None = trio.Event()
        self._lock = trio.StrictFIFOLock()
        self._queue: list[bytes] = []  # an empty deque weighs ten times as much
        self._queued_bytes = 0
        #: The end of a frame whose beginning is written: it goes before all else.
        self._rest = b""
        self._flushed: trio.Event | None = None
        self._closing = False
        self._broken = False
        #: When the client last sent anything, by trio's clock.
        self.last_received = trio.current_time()
        #: Called when trio-websocket closes the stream by its own decision, or the
        #: client does; not only a reader may have to know.
        self.on_close: Callable[[], None] | None = None

    # Reading

    async def read_head(self) -> None:
        """Wait for the whole head of the request.

        Raises RefusedError when it is too large, and BrokenResourceError when the
        client leaves before it is whole.
        """
        searched = 0
        while not (found := _HEAD_END.search(self._received, searched)):
            self._check_head_size(len(self._received))
            searched = max(0, len(self._received) - 2)
            data = await self._stream.receive_some(limits.MAX_HEAD_BYTES)
            if not data:
                raise trio.BrokenResourceError

            self._received += data

        self._check_head_size(found.end())
        self._head_size = found.end()

    def _check_head_size(self, size: int) -> None:
        if size > limits.MAX_HEAD_BYTES:
            raise RefusedError(431, f"the head is over {limits.MAX_HEAD_BYTES} bytes")

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Hand over the head, then, once `open` was called, what comes after it.

        wsproto forgets what it is given between the head and its own answer, so
        frames sent right behind the head are kept back until then.
        """
        if self._head_size:
            return self._take_received(min(self._head_size, max_bytes or _CHUNK_BYTES))

        if self._opened is not None:
            await self._opened.wait()

        if self._received:
            await trio.lowlevel.checkpoint()
            return self._take_received(max_bytes or _CHUNK_BYTES)

        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except _GONE:
            self._tell_close()
            raise

        self.last_received = trio.current_time()
        if not data:
            self._tell_close()

        return data

    def _take_received(self, size: int) -> bytes:
        data = bytes(self._received[:size])
        del self._received[:size]
        self._head_size = max(0, self._head_size - size)
        return data

    # Writing

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done."""
        return self._tasks is not None

    def open(self, tasks: trio.Nursery) -> None:
        """Let frames pass in both directions: the handshake is done."""
        self._tasks = tasks
        self.last_received = trio.current_time()
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    def offer(self, frame: bytes) -> bool:
        """Write a frame now or queue it; False when the queue is full.

        Never waits. A frame for a stream that is closing is dropped.
        """
        if self._closing or self._broken or self._tasks is None:
            return True

        if self._queue or self._rest or self._lock.locked():
            return self._enqueue(frame)

        try:
            sent = self._socket.send(frame)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._broken = True  # the reader meets the same error and ends
            return True

        if sent < len(frame):
            self._rest = frame[sent:]
            self._start_flush()

        return True

    def _enqueue(self, frame: bytes) -> bool:
        size = self._queued_bytes + len(frame)
        if len(self._queue) >= limits.MAX_QUEUED_MESSAGES or (
            self._queue and size > limits.MAX_QUEUED_BYTES
        ):
            self._closing = True  # what comes after a frame that is lost is lost, too
            return False

        self._queue.append(frame)
        self._queued_bytes = size
        self._start_flush()
        return True

    def _start_flush(self) -> None:
        if self._flushed is None and self._tasks is not None:
            self._flushed = trio.Event()
            self._tasks.start_soon(self._flush, self._flushed)

    async def _flush(self, flushed: trio.Event) -> None:
        try:
            while self._queue or self._rest:
                async with self._lock:
                    await self._write(self._take_queued())
        except _GONE:
            pass  # the reader meets the same error and ends the connection
        finally:
            self._flushed = None
            flushed.set()

    def _take_queued(self) -> bytes:
        count = size = 0
        while count < len(self._queue) and size < _CHUNK_BYTES:
            size += len(self._queue[count])
            count += 1

        taken = b"".join(self._queue[:count])
        del self._queue[:count]
        self._queued_bytes -= size
        return taken

    async def wait_flushed(self) -> None:
        """Wait until what was queued is written, or cannot be."""
        if self._flushed is not None:
            await self._flushed.wait()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Write for trio-websocket; after a close frame, nothing else."""
        data = bytes(data)
        if self._tasks is not None and is_close_frame(data):
            self._closing = True
            self._queue.clear()
            self._queued_bytes = 0

        async with self._lock:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self._broken:
            raise trio.BrokenResourceError

        rest, self._rest = self._rest, b""
        try:
            await self._stream.send_all(rest + data)
        except BaseException:
            self._broken = True  # a frame may be cut: nothing can follow it
            raise

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as the socket does."""
        await self._stream.wait_send_all_might_not_block()

    # Ending

    async def aclose(self) -> None:
        """Close the socket."""
        self._closing = True
        self._tell_close()
        await self._stream.aclose()

    def _tell_close(self) -> None:
        if self.on_close is not None:
            self.on_close()

    def abort(self) -> None:
        """Close the socket at once; a client reads this as 1006."""
        self._closing = True
        self._stream.socket.close()

    async def linger(self) -> None:
        """Send no more, and wait for the client's end, within a bound."""
        with trio.move_on_after(limits.LINGER_TIMEOUT), suppress(*_GONE):
            await self._stream.send_eof()
            while await self._stream.receive_some(_CHUNK_BYTES):
                pass
