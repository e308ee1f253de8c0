"""Topics: who hears what, how often it is encoded, and who is closed."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed

from services.ws import Hub, limits
from services.ws.frames import build_text_frame


async def _data(client: Any) -> Any:
    answer = json.loads(await client.get_message())
    return answer["result"]["data"]["json"]


async def test_a_message_is_encoded_once_for_all(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that chose the same id are sent the very same frame."""
    clients = [await house.connect() for _ in range(5)]
    for number, client in enumerate(clients):
        await house.subscribe(client, number=1 + number // 4)

    built: list[bytes] = []
    build = build_text_frame
    monkeypatch.setattr(
        "services.ws.hub.build_text_frame",
        lambda payload: built.append(payload) or build(payload),
    )
    house.bus.publish("news", "hello")

    assert [await _data(client) for client in clients] == ["hello"] * 5
    assert len(built) == 2
    assert house.hub.statistics()["pushes"] == 5


@pytest.mark.parametrize("talkative", [True, False])
async def test_connections_are_told_in_development(
    house: Any, caplog: pytest.LogCaptureFixture, talkative: bool
) -> None:
    """A house at work says nothing of those who come and go, at no level."""
    house.hub = Hub(bus=house.bus, lane=house.lane, talkative=talkative)
    with caplog.at_level(logging.DEBUG, "services.ws"):
        client = await house.connect()
        await client.aclose()
        await house.wait_empty()

    told = [(one.levelno, one.getMessage()) for one in caplog.records]
    expected = [
        (logging.INFO, "connection of 'ada' opened: 1 in all"),
        (logging.INFO, "connection of 'ada' closed: 0 in all"),
    ]
    assert told == (expected if talkative else [])


async def test_the_last_message_is_replayed_to_each_newcomer(house: Any) -> None:
    """The first one hears it from the bus, the others from the hub, each once."""
    house.bus.publish("news", "old")
    first, second = await house.connect(), await house.connect()
    await house.subscribe(first)

    assert await _data(first) == "old"

    await house.subscribe(second)

    assert await _data(second) == "old"

    house.bus.publish("news", "new")

    assert [await _data(first), await _data(second)] == ["new", "new"]


async def test_one_subscription_can_have_several_topics(house: Any) -> None:
    """Their messages come under one id."""
    house.bus.publish("second", 2)
    client = await house.connect()
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":null},"path":"test.topics"}}'
    )
    await client.get_message()

    assert await _data(client) == 2

    house.bus.publish("first", 1)

    assert await _data(client) == 1


async def test_the_bus_is_listened_to_once_and_only_while_needed(house: Any) -> None:
    """The first subscriber begins it; the last one to leave, by any way, ends it."""
    listeners = house.bus._listeners
    stops, leaves = await house.connect(), await house.connect()
    await house.subscribe(stops)
    await house.subscribe(leaves)
    await house.subscribe(leaves, number=2)

    assert {topic: len(each) for topic, each in listeners.items()} == {"news": 1}

    await stops.send_message('{"id":1,"method":"subscription.stop"}')
    await stops.get_message()

    assert list(listeners) == ["news"]

    await leaves.aclose()
    while len(house.hub.members) > 1:
        await trio.testing.wait_all_tasks_blocked()

    assert list(listeners) == []
    assert house.hub._topics == {}


async def test_a_stopped_subscription_hears_nothing_more(house: Any) -> None:
    """Its neighbour on the same socket does."""
    client = await house.connect()
    await house.subscribe(client, number=1)
    await house.subscribe(client, number=2)
    await client.send_message('{"id":1,"method":"subscription.stop"}')
    await client.get_message()
    house.bus.publish("news", 1)

    assert json.loads(await client.get_message())["id"] == 2

    await client.send_message("PING")

    assert await client.get_message() == "PONG"


async def test_what_comes_in_one_turn_is_written_together_in_its_order(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write for each client, whatever the topics; each message stays a message."""
    client = await house.connect()
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":null},"path":"test.topics"}}'
    )
    await client.get_message()
    written: list[bytes] = []
    (member,) = house.hub.members
    send = type(member).send_frame
    monkeypatch.setattr(
        type(member),
        "send_frame",
        lambda self, frame: written.append(frame) or send(self, frame),
    )
    for number in range(10):
        house.bus.publish(("first", "second")[number % 2], number)

    assert [await _data(client) for _ in range(10)] == list(range(10))
    assert len(written) == 1


async def test_what_is_written_together_is_bounded(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that is long in coming makes no large buffer."""
    monkeypatch.setattr("services.ws.limits.MAX_WRITE_BYTES", 100)
    client = await house.connect()
    await house.subscribe(client)
    for _ in range(20):
        house.bus.publish("news", "x" * 60)

    waiting = []
    write = house.hub._write_arrived

    def spy() -> None:
        waiting.append(house.hub._arrived_bytes)
        write()

    house.hub._write_arrived = spy

    assert [await _data(client) for _ in range(20)] == ["x" * 60] * 20
    assert max(waiting) < 200


async def test_a_newcomer_amid_a_turn_hears_each_message_once(house: Any) -> None:
    """What has come and is not written yet is not the last message yet."""
    first, second = await house.connect(), await house.connect()
    await house.subscribe(first)
    house.hub._deliver("news", b'{"json":"now"}')
    (newcomer,) = [one for one in house.hub.members if not one._requests._live]
    house.hub.subscribe(newcomer, b'{"id":7,', ["news"])

    assert await _data(first) == "now"
    assert await _data(second) == "now"

    await second.send_message("PING")

    assert await second.get_message() == "PONG"


async def test_dates_pass_through_as_superjson(house: Any) -> None:
    """What the bus encoded is not decoded on its way."""
    client = await house.connect()
    await house.subscribe(client)
    house.bus.publish("news", {"when": datetime(2026, 1, 2, tzinfo=UTC)})

    assert await client.get_message() == (
        '{"id":1,"result":{"type":"data","data":{"json":'
        '{"when":"2026-01-02T00:00:00.000Z"},'
        '"meta":{"values":{"when":["Date"]},"v":1}}}}'
    )


@pytest.mark.parametrize(
    ("message", "closed"),
    [
        ({"userId": "user1"}, {"a", "b"}),
        ({"userId": "user1", "tokens": ["b" * 96]}, {"b"}),
        ({"userId": "user1", "tokens": ["c" * 96]}, set()),
        ({"userId": "user2", "tokens": ["c" * 96]}, {"c"}),
        ({"userId": "nobody"}, set()),
    ],
)
async def test_a_closed_session_closes_its_sockets(
    house: Any, message: dict[str, Any], closed: set[str]
) -> None:
    """A logout reaches the open sockets within a second, and no others."""
    house.add_session("b" * 96)
    house.add_session("c" * 96, user_id="user2")
    stop = house.hub.watch_sessions()
    clients = {name: await house.connect(token=name * 96) for name in "abc"}
    begin = trio.current_time()
    house.bus.publish("session-closed", message)
    for name, client in clients.items():
        if name not in closed:
            await client.send_message("PING")

            assert await client.get_message() == "PONG"
            continue

        with pytest.raises(ConnectionClosed) as end:
            await client.get_message()

        assert (
            end.value.reason.code,
            end.value.reason.reason,
        ) == (1008, "the session was closed")

    assert trio.current_time() - begin < 1
    stop()


async def test_a_client_that_does_not_read_is_closed_and_nobody_waits(
    house: Any,
) -> None:
    """Its queue is bounded; the others hear every message meanwhile."""
    slow, quick = await house.connect(), await house.connect()
    slow._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow._stream.receive_some = _never
    await slow.send_message("PONG")  # its reader comes back, and reads no more
    await _subscribe_blindly(slow)
    await house.subscribe(quick)
    before = trio.current_time()
    sent = 0
    while not house.hub.statistics()["dropped"]:
        house.bus.publish("news", "x" * 60_000)
        sent += 1

        assert await _data(quick) == "x" * 60_000
        assert sent < 500

    await trio.testing.wait_all_tasks_blocked()

    assert trio.current_time() == before
    assert len(house.hub.members) == 2  # it may still read its goodbye …

    await trio.sleep(5)

    assert len(house.hub.members) == 1  # … for 2 s

    house.bus.publish("news", "on")

    assert await _data(quick) == "on"


async def test_a_client_that_reads_late_hears_why_it_was_closed(house: Any) -> None:
    """What was written is whole, and the close frame says 1013."""
    stream = house.knock()
    await stream.send_all(_HEAD)
    await _read_until(stream, b"\r\n\r\n")
    await stream.send_all(_masked(_SUBSCRIBE))
    await _read_until(stream, b'"started"}}')
    while not house.hub.statistics()["dropped"]:
        house.bus.publish("news", "x" * 60_000)
        await trio.lowlevel.checkpoint()

        assert house.hub.members

    received = b"".join([bytes(data) async for data in stream])
    opcodes, last = _parse_frames(received)

    assert {0x81, 0x88} == set(opcodes)
    assert opcodes[-1] == 0x88
    assert (1013).to_bytes(2) + b"the client does not keep up" == last


class _Slow:
    """A member that remembers when it is to be closed, and with which code."""

    def __init__(self) -> None:
        self.closings: list[tuple[int, float]] = []

    def request_close(self, code: int, reason: str, *, delay: float = 0.0) -> None:
        self.closings.append((code, trio.current_time() + delay))


async def test_a_crowd_that_does_not_keep_up_is_closed_one_by_one(house: Any) -> None:
    """Each goodbye takes a while, and those who read wait for one at a time."""
    for _ in range(2):  # the next crowd does not wait for the last one's turns
        crowd = [_Slow() for _ in range(20)]
        begin = trio.current_time()
        for member in crowd:
            house.hub.drop(member)

        assert [
            [(1013, pytest.approx(begin + at * limits.GOODBYE_INTERVAL))]
            for at in range(20)
        ] == [member.closings for member in crowd]
        await trio.sleep(1)


async def test_a_closing_that_is_due_earlier_counts_and_the_first_reason(
    house: Any,
) -> None:
    """A logout does not wait until a slow client's turn has come."""
    client = await house.connect()
    (member,) = house.hub.members
    await trio.testing.wait_all_tasks_blocked()
    begin = trio.current_time()
    member.request_close(1013, "slow", delay=10)
    member.request_close(1008, "logged out", delay=1)
    member.request_close(1001, "drained", delay=20)
    with pytest.raises(ConnectionClosed) as end:
        await client.get_message()

    assert end.value.reason.code == 1013
    assert trio.current_time() == pytest.approx(begin + 1)


async def test_an_exception_of_one_connection_hurts_no_bystander(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reaches the caller of that connection, whose socket is closed."""
    house.add_session("b" * 96)
    bystander, victim = await house.connect(), await house.connect(token="b" * 96)
    await house.subscribe(bystander)
    await house.subscribe(victim)

    async def fail(_self: Any, request: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services.ws.requests.Requests.handle", fail)
    await victim.send_message('{"id":9,"method":"subscription.stop"}')
    with pytest.raises(ConnectionClosed):
        await victim.get_message()

    house.bus.publish("news", "still here")

    assert await _data(bystander) == "still here"
    assert len(house.hub.members) == 1
    assert len(house.failures) == 1
    house.failures.clear()


async def test_a_reset_client_is_let_go(house: Any) -> None:
    """A connection that breaks is no error, and leaves nothing behind."""
    client = await house.connect()
    await house.subscribe(client)
    reset = (1).to_bytes(4, "little") + bytes(4)
    client._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    client._stream.socket.close()
    house.bus.publish("news", 1)
    await house.wait_empty()

    assert house.hub._topics == {}


async def _never(max_bytes: int | None = None) -> bytes:
    await trio.sleep_forever()
    raise AssertionError


async def _subscribe_blindly(client: Any) -> None:
    await client.send_message(_SUBSCRIBE.decode())
    await trio.testing.wait_all_tasks_blocked()


_SUBSCRIBE = (
    b'{"id":1,"method":"subscription","params":'
    b'{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
)
_HEAD = (
    b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Origin: http://dash.test:3000\r\n"
    b"Cookie: homarr.session-token=" + b"a" * 96 + b"\r\n\r\n"
)


def _masked(text: bytes) -> bytes:
    assert len(text) < 126
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


async def _read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    data = b""
    while end not in data:
        data += bytes(await stream.receive_some())

    return data


def _parse_frames(data: bytes) -> tuple[list[int], bytes]:
    opcodes: list[int] = []
    payload = b""
    while data:
        size, skip = data[1], 2
        if size == 126:
            size, skip = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, skip = int.from_bytes(data[2:10]), 10

        assert len(data) >= skip + size
        opcodes.append(data[0])
        payload = data[skip : skip + size]
        data = data[skip + size :]

    return opcodes, payload
