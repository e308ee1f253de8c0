"""The stream: no frame is ever written inside another one, and none after a close."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from services.ws import limits
from services.ws.frames import build_text_frame
from services.ws.stream import ClientStream

PONG = b"\x8a\x00"
CLOSE = b"\x88\x02\x03\xe8"


class Pair:
    """A stream with little room before it, and the client at its other end."""

    def __init__(self, tasks: trio.Nursery) -> None:
        near, far = socket.socketpair()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        far.setblocking(False)
        self.stream = ClientStream(far)
        self.stream.open(tasks)
        self.client = trio.SocketStream(trio.socket.from_stdlib_socket(near))
        self.tasks = tasks

    async def read(self) -> bytes:
        """Read until the stream is closed."""
        return b"".join([bytes(data) async for data in self.client])


@pytest.fixture(name="pair")
async def _pair() -> AsyncIterator[Pair]:
    async with trio.open_nursery() as tasks:
        pair = Pair(tasks)
        yield pair
        tasks.cancel_scope.cancel()

    pair.stream.abort()
    pair.client.socket.close()


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_has_the_head_of_its_size(size: int, head: bytes) -> None:
    """RFC 6455 has three ways to write a length."""
    assert head + b"x" * size == build_text_frame(b"x" * size)


async def test_a_pong_waits_for_the_frame_that_is_half_written(pair: Any) -> None:
    """Frames keep their order and their bytes, whoever writes them."""
    big = [build_text_frame(bytes((65 + at,)) * 30_000) for at in range(4)]
    assert pair.stream.offer(big[0])
    pair.tasks.start_soon(pair.stream.send_all, PONG)
    await trio.testing.wait_all_tasks_blocked()
    for frame in big[1:]:
        assert pair.stream.offer(frame)

    async with trio.open_nursery() as tasks:

        @tasks.start_soon
        async def _() -> None:
            await pair.stream.wait_flushed()
            await pair.stream.aclose()

        received = await pair.read()

    # A comparison inside the assert would render 120 kB of differences.
    same = big[0] + PONG + b"".join(big[1:]) == received
    assert same


async def test_nothing_follows_a_close_frame(pair: Any) -> None:
    """What was queued is dropped; what was begun is finished."""
    big = build_text_frame(b"A" * 100_000)
    assert pair.stream.offer(big)
    assert pair.stream.offer(build_text_frame(b"queued"))
    async with trio.open_nursery() as tasks:

        @tasks.start_soon
        async def _() -> None:
            await pair.stream.send_all(CLOSE)
            await pair.stream.aclose()

        await trio.testing.wait_all_tasks_blocked()
        assert pair.stream.offer(build_text_frame(b"too late"))
        received = await pair.read()

    whole = big == received[: len(big)]
    assert whole
    assert received[len(big) :] in {CLOSE, build_text_frame(b"queued") + CLOSE}


async def test_nothing_follows_a_frame_that_was_cut(pair: Any) -> None:
    """A cancelled write leaves half a frame: the stream is of no more use."""
    with trio.move_on_after(1):
        await pair.stream.send_all(build_text_frame(b"A" * 500_000))

    with pytest.raises(trio.BrokenResourceError):
        await pair.stream.send_all(CLOSE)

    assert pair.stream.offer(build_text_frame(b"dropped"))


@pytest.mark.parametrize("size", [1, 20_000])
async def test_the_queue_is_bounded_in_messages_and_bytes(pair: Any, size: int) -> None:
    """A client that does not read is told from one that is a little late."""
    frame = build_text_frame(b"x" * size)
    assert pair.stream.offer(build_text_frame(b"A" * 500_000))
    queued = 0
    while pair.stream.offer(frame):
        queued += 1
        assert queued <= limits.MAX_QUEUED_MESSAGES

    by_bytes = limits.MAX_QUEUED_BYTES // len(frame)
    assert min(limits.MAX_QUEUED_MESSAGES, by_bytes) == queued


async def test_nothing_follows_a_message_that_found_the_queue_full(pair: Any) -> None:
    """It is told once; a client that reads on gets no story with a hole in it."""
    big = build_text_frame(b"A" * 500_000)
    frame = build_text_frame(b"x" * 20_000)
    assert pair.stream.offer(big)
    queued = b""
    while pair.stream.offer(frame):
        queued += frame

    async with trio.open_nursery() as tasks:

        @tasks.start_soon
        async def _() -> None:
            await pair.stream.wait_flushed()
            assert pair.stream.offer(build_text_frame(b"too late"))
            await pair.stream.aclose()

        received = await pair.read()

    same = big + queued == received
    assert same


async def test_a_message_is_written_without_a_turn_of_the_loop(pair: Any) -> None:
    """While the client keeps up, `offer` itself writes: this is what makes it fast."""
    frame = build_text_frame(b"now")
    assert pair.stream.offer(frame)

    assert frame == pair.client.socket._sock.recv(100)
