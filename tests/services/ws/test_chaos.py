"""Clients that mean harm, or are broken: what each is told, and what it costs us."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed

from services.ws import limits

HEAD = (
    b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Origin: http://dash.test:3000\r\n"
    b"Cookie: homarr.session-token=" + b"a" * 96 + b"\r\n\r\n"
)
SUBSCRIBE = (
    b'{"id":1,"method":"subscription","params":'
    b'{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
)
TEXT, CONTINUATION, PING = 0x01, 0x00, 0x89
MIB = 1024 * 1024
#: Amid much data everybody waits for the system at times: no time may pass for that.
real_time = pytest.mark.parametrize("anyio_backend", ["trio"])


def _frame(opcode: int, payload: bytes = b"", *, declared: int | None = None) -> bytes:
    """Mask with zeros; the length may be declared as another than it is."""
    size = len(payload) if declared is None else declared
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2)
    else:
        length = b"\xff" + size.to_bytes(8)

    return bytes((opcode,)) + length + bytes(4) + payload


async def _open(house: Any, *more: bytes) -> trio.SocketStream:
    stream: trio.SocketStream = house.knock()
    await stream.send_all(HEAD)
    await _read_until(stream, b"\r\n\r\n")
    for frame in more:
        await stream.send_all(frame)

    return stream


async def _read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = bytes(await stream.receive_some())
        assert more, data
        data += more

    return data


async def _read_all(stream: trio.SocketStream) -> bytes:
    data = b""
    with suppress(trio.BrokenResourceError):  # closed on what we still had to say
        async for more in stream:
            data += more

    return data


async def _send_blindly(stream: trio.SocketStream, data: bytes) -> None:
    # It may have had enough and be closed.
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await stream.send_all(data)


async def _exchange(stream: trio.SocketStream, data: bytes) -> bytes:
    async with trio.open_nursery() as tasks:
        tasks.start_soon(_send_blindly, stream, data)
        return await _read_all(stream)


@contextmanager
def _at_most(size: int) -> Iterator[None]:
    """Fail when the body takes more memory than this at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < size


async def _is_well(client: Any) -> bool:
    await client.send_message("PING")
    while (message := await client.get_message()) != "PONG":
        assert message == "PING"
        await client.send_message("PONG")

    return True


async def test_silent_connections_are_freed_after_five_seconds(house: Any) -> None:
    """A hundred that never say a word cost a hundred sockets for that time."""
    begin = trio.current_time()
    for _ in range(100):
        house.knock()

    await trio.testing.wait_all_tasks_blocked()
    assert house.hub.sockets == 100

    for client in house.clients:
        assert await _read_all(client) == b""

    await trio.sleep(limits.LINGER_TIMEOUT)
    await house.wait_empty()

    assert trio.current_time() - begin < 5.5


@pytest.mark.parametrize("declared", [MIB, 2**40, 2**63 - 1])
async def test_a_huge_frame_is_closed_when_it_is_over_the_limit(
    house: Any, declared: int
) -> None:
    """1009 after its first 64 KiB; nothing is set aside for what it declares."""
    bystander = await house.connect()
    stream = await _open(house)
    data = _frame(0x80 | TEXT, b"x" * 4 * MIB, declared=declared)
    with _at_most(MIB):
        answer = await _exchange(stream, data)

    assert answer[:1] == b"\x88"
    assert answer[2:4] == (1009).to_bytes(2)
    assert await _is_well(bystander)


@pytest.mark.parametrize("payload", [b"", b"x"])
async def test_a_flood_of_fragments_is_closed(house: Any, payload: bytes) -> None:
    """1009: a fragment counts for more than it carries, also where that is nothing."""
    bystander = await house.connect()
    stream = await _open(house)
    data = _frame(TEXT, payload) + _frame(CONTINUATION, payload) * 50_000
    with _at_most(2 * MIB):
        answer = await _exchange(stream, data)

    assert answer[2:4] == (1009).to_bytes(2)
    assert await _is_well(bystander)


@real_time
async def test_a_flood_of_pings_costs_no_memory_and_nobody_waits(house: Any) -> None:
    """Each is answered; who does not read the answers is read no further."""
    bystander = await house.connect()
    stream = await _open(house)
    count = 5_000
    data = _frame(PING, b"x" * 125) * count
    with _at_most(MIB):
        async with trio.open_nursery() as tasks:
            tasks.start_soon(_send_blindly, stream, data)
            assert await _is_well(bystander)
            missing = count * 127
            while missing:
                missing -= len(await stream.receive_some())


async def test_a_frame_that_never_ends_is_cut_off(house: Any) -> None:
    """After it stopped coming: PING is not answered, as of any silent client."""
    stream = await _open(house, _frame(0x80 | TEXT, b"x" * 10, declared=1000))
    begin = trio.current_time()
    answer = await _read_all(stream)

    assert answer == b"\x81\x04PING"
    assert trio.current_time() - begin == pytest.approx(
        limits.PING_INTERVAL + limits.PONG_TIMEOUT
    )


async def test_a_frame_that_trickles_for_ever_is_closed(house: Any) -> None:
    """Byte by byte it stays below every limit of time: so bytes count as pieces."""
    stream = await _open(house, _frame(0x80 | TEXT, declared=60_000))
    sent = 0
    while house.hub.members:
        await _send_blindly(stream, b"x")
        await trio.testing.wait_all_tasks_blocked()
        sent += 1
        assert sent < 5000

    answer = await _read_all(stream)

    assert answer[2:4] == (1009).to_bytes(2)


async def test_a_message_of_a_mebibyte_is_closed_with_1009(house: Any) -> None:
    """Also where it comes as one honest frame."""
    client, bystander = await house.connect(), await house.connect()
    with suppress(ConnectionClosed):  # before all of it was sent
        await client.send_message("x" * MIB)

    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert closed.value.reason.code == 1009
    assert await _is_well(bystander)


@real_time
async def test_ten_thousand_messages_at_once_are_all_answered(house: Any) -> None:
    """In their order of coming, a few at a time, beside everybody else's."""
    client, bystander = await house.connect(), await house.connect()
    wanted = 10_000
    call = '{"id":%d,"method":"query","params":{"input":{"json":null},"path":"a.b"}}'

    async def send() -> None:
        for number in range(wanted):
            await client.send_message(call % number)

    numbers = []
    async with trio.open_nursery() as tasks:
        tasks.start_soon(send)
        while len(numbers) < wanted:
            answer = json.loads(await client.get_message())
            assert answer["error"]["json"]["data"]["code"] == "NOT_FOUND"
            numbers.append(answer["id"])
            if len(numbers) == wanted // 2:
                assert await _is_well(bystander)

    assert set(range(wanted)) == set(numbers)


@pytest.mark.parametrize("one", ["1", "{}"])
async def test_ten_thousand_messages_in_one_are_a_parse_error(
    house: Any, one: str
) -> None:
    """The array is refused as a whole; nothing of it is done."""
    client = await house.connect()
    await client.send_message("[" + ",".join([one] * 10_000) + "]")
    answer = json.loads(await client.get_message())

    assert answer["id"] is None
    assert answer["error"]["json"]["data"]["code"] == "PARSE_ERROR"
    assert await _is_well(client)


async def test_a_half_closed_socket_is_closed(house: Any) -> None:
    """Who will say nothing more is gone for us: no WebSocket works one way."""
    stream = await _open(house, _frame(0x80 | TEXT, SUBSCRIBE))
    await _read_until(stream, b'"started"}}')
    begin = trio.current_time()
    await stream.send_eof()

    assert await _read_all(stream) == b""
    assert trio.current_time() - begin < 2
    assert house.hub.members == set()
    assert house.hub._topics == {}


@real_time
async def test_a_storm_hurts_only_those_who_do_not_read(house: Any) -> None:
    """Their queues are bounded and they are closed; the others hear it all."""
    slow = [await _open(house, _frame(0x80 | TEXT, SUBSCRIBE)) for _ in range(30)]
    quick = await house.connect()
    await house.subscribe(quick)
    await trio.testing.wait_all_tasks_blocked()
    heard = 0
    with _at_most(len(slow) * limits.MAX_QUEUED_BYTES):
        while house.hub.statistics()["dropped"] < len(slow):
            house.bus.publish("news", "x" * 60_000)
            message = await quick.get_message()

            assert len(json.loads(message)["result"]["data"]["json"]) == 60_000
            heard += 1
            assert heard < 500

    with trio.fail_after(limits.CLOSE_TIMEOUT + 30):
        while len(house.hub.members) > 1:
            await trio.testing.wait_all_tasks_blocked(0.01)

    assert await _is_well(quick)
