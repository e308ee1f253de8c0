"""A proxy in front of a server that spoils what passes, with Toxiproxy's faults."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: What `spoil` takes: the fault, and what its number means.
FAULTS = {
    "latency": "seconds that each piece of an answer is late",
    "slicer": "bytes of each piece that an answer is cut into",
    "limit_data": "bytes of answers after which a connection is closed",
    "reset": "connections are reset, the number means nothing",
    "garbage": "answers are replaced by noise, the number means nothing",
    "timeout": "nothing passes any more, the number means nothing",
}
#: After these nothing sensible can come on a connection.
BREAKING = {"garbage", "timeout"}


class FaultProxy:
    """Listens on a port of this machine, in a thread of its own."""

    def __init__(self, upstream: Path) -> None:
        self.url = ""
        #: Connections since the start.
        self.accepted = 0
        self._upstream = upstream
        self._fault = ""
        self._number = 0.0
        self._noise = random.Random(7)  # noqa: S311
        self._changed = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        # The event loop itself holds its tasks weakly.
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        """Begin to listen; `url` tells where."""
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        """Drop everything."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def spoil(self, fault: str, number: float = 0) -> None:
        """Apply a fault of FAULTS to what is connected and to what connects."""
        assert fault in FAULTS
        self._do(self._set(fault, number))

    def heal(self) -> None:
        """Let everything pass; connections that are past use are closed."""
        self._do(self._set("", 0))

    @property
    def open(self) -> int:
        """Connections now."""
        return len(self._open)

    def _do(self, what: object) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(20)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"

    async def _end(self) -> None:
        self._server.close()
        for _ in range(5):
            # What was accepted a moment ago becomes a connection, which can be closed.
            await asyncio.sleep(0)

        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()

        await asyncio.gather(*others, return_exceptions=True)
        for writer in list(self._open):
            _reset(writer)  # its task had not even begun

        await asyncio.sleep(0)  # for what the transports still have to do

    async def _set(self, fault: str, number: float) -> None:
        broken, self._fault, self._number = self._fault, fault, number
        self._changed.set()
        self._changed = asyncio.Event()
        if fault == "reset" or broken in BREAKING:
            for writer in list(self._open):
                _reset(writer)

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        self._open.add(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if self._fault == "reset":
                return

            from_server, to_server = await asyncio.open_unix_connection(self._upstream)
            try:
                pumps = [
                    asyncio.create_task(self._pass_up(reader, to_server)),
                    asyncio.create_task(self._pass_down(from_server, writer)),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pumps:
                    pump.cancel()

                await asyncio.gather(*pumps, return_exceptions=True)
            finally:
                to_server.close()
        except OSError:
            pass  # the server is down, and so is the proxy for this client
        finally:
            self._open.discard(writer)
            _reset(writer)

    async def _pass_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            if self._fault == "timeout":
                continue  # and when it is over, this connection is closed

            writer.write(data)
            await writer.drain()

    async def _pass_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        while data := await reader.read(65536):
            while self._fault == "timeout":
                await self._changed.wait()

            if self._fault == "latency":
                await asyncio.sleep(self._number)
            elif self._fault == "garbage":
                data = self._noise.randbytes(len(data))
            elif self._fault == "limit_data":
                data = data[: max(0, int(self._number) - passed)]

            passed += len(data)
            size = int(self._number) if self._fault == "slicer" else len(data) or 1
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
                # So that each piece is a packet, and is read as one.
                await asyncio.sleep(0)

            if self._fault == "limit_data" and passed >= self._number:
                return


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        sock = writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    writer.transport.abort()


@contextmanager
def open_proxy(upstream: Path) -> Iterator[FaultProxy]:
    """Run a proxy in front of the socket of a server."""
    proxy = FaultProxy(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
