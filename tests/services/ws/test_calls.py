"""Queries and mutations over the socket: answers to the byte, bounds, and ends."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, cast

import pytest
import trio
from trio_websocket import ConnectionClosed

from dashboard.trpc import routers
from services.ws import limits

VOID = '{"json":null,"meta":{"values":["undefined"],"v":1}}'


def _call(
    path: str,
    given: str = VOID,
    *,
    number: int = 4,
    kind: str = "query",
    more: str = "",
) -> str:
    return (
        f'{{"id":{number},{more}"method":"{kind}","params":'
        f'{{"input":{given},"path":"{path}"}}}}'
    )


def _work(seconds: float, *, number: int = 4) -> str:
    given = f'{{"json":{{"seconds":{seconds}}}}}'
    return _call("test.work", given, number=number, kind="mutation")


async def _wait(condition: Callable[[], Any]) -> None:
    while not condition():  # noqa: ASYNC110  # of our own clock, which jumps
        await trio.sleep(0.1)


async def _answer(client: Any) -> str:
    while (message := await client.get_message()) == "PING":
        await client.send_message("PONG")

    return str(message)


def _code(answer: str) -> str:
    code: str = json.loads(answer)["error"]["json"]["data"]["code"]
    return code


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (
            _call("test.who"),
            '{"id":4,"result":{"type":"data","data":{"json":"ada"}}}',
        ),
        (
            _call("test.where"),
            '{"id":4,"result":{"type":"data","data":{"json":"127.0.0.1"}}}',
        ),
        (
            _call("test.void", kind="mutation"),
            f'{{"id":4,"result":{{"type":"data","data":{VOID}}}}}',
        ),
        (
            _call("test.who", more='"jsonrpc":"2.0",'),
            '{"id":4,"jsonrpc":"2.0","result":{"type":"data","data":{"json":"ada"}}}',
        ),
        (
            _call("test.echo", '{"json":"1970-01-01","meta":{"values":["Date"]}}'),
            (
                '{"id":4,"result":{"type":"data","data":{"json":'
                '"1970-01-01T00:00:00.000Z","meta":{"values":["Date"],"v":1}}}}'
            ),
        ),
        (
            _call("test.echo", '{"json":null}'),
            '{"id":4,"result":{"type":"data","data":{"json":null}}}',
        ),
    ],
    ids=["query", "address", "void", "jsonrpc", "date", "null"],
)
async def test_a_call_is_answered_as_captured(
    house: Any, asked: str, answer: str
) -> None:
    """One text with the result, whether or not there is one."""
    client = await house.connect()
    await client.send_message(asked)

    assert answer == await client.get_message()
    assert house.hub.statistics()["calls"] == 1


@pytest.mark.parametrize(
    ("proxies", "address"),
    [(["127.0.0.1/32"], "203.0.113.9"), ([], "127.0.0.1")],
    ids=["trusted", "anybody"],
)
async def test_the_address_is_the_client_s_behind_a_trusted_proxy(
    house: Any, proxies: list[str], address: str
) -> None:
    """And nobody else is believed: what is throttled goes by it."""
    networks = tuple(map(ip_network, proxies))
    settings = replace(house.resources.settings, trusted_proxies=networks)
    house.resources = replace(house.resources, settings=settings)
    client = await house.connect(headers=[(b"X-Forwarded-For", b"203.0.113.9")])
    await client.send_message(_call("test.where"))

    assert json.loads(await client.get_message())["result"]["data"]["json"] == address


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (_call("test.unknown"), "NOT_FOUND"),
        (_call("nowhere.all"), "NOT_FOUND"),
        (_call("test.who", kind="mutation"), "NOT_FOUND"),
        (_call("test.topic"), "NOT_FOUND"),
        (
            _call("test.work", '{"json":{"seconds":"x"}}', kind="mutation"),
            "BAD_REQUEST",
        ),
        (_call("test.fault"), "INTERNAL_SERVER_ERROR"),
        (_call("test.unspeakable"), "INTERNAL_SERVER_ERROR"),
        (_work(limits.CALL_TIMEOUT + 1), "TIMEOUT"),
    ],
)
async def test_a_call_that_fails_is_one_error_and_the_socket_stays(
    house: Any, asked: str, code: str
) -> None:
    """With its code and its path; our own faults without a word about them."""
    client = await house.connect()
    await client.send_message(asked)
    answer = await _answer(client)

    assert code == _code(answer)
    assert "fault of ours" not in answer

    await client.send_message(_call("test.who"))

    assert "ada" in await _answer(client)


@pytest.mark.parametrize("kind", ["query", "subscription"])
async def test_a_router_that_cannot_be_imported_fails_its_own_calls(
    house: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Even if its import wants to end the process."""
    monkeypatch.setitem(routers.ROUTERS, "gone", "gone")
    monkeypatch.setitem(
        sys.modules, f"{routers.__name__}.gone", cast(Any, _UnreadableModule())
    )
    client = await house.connect()
    await client.send_message(_call("gone.any", kind=kind))

    assert _code(await _answer(client)) == "INTERNAL_SERVER_ERROR"

    await client.send_message(_call("test.who"))

    assert "ada" in await _answer(client)


class _UnreadableModule:
    @property
    def router(self) -> Any:
        raise SystemExit("the well is dry")


async def test_a_permission_is_asked_for_at_each_call(house: Any) -> None:
    """The session is the one of now, not that of the handshake."""
    client = await house.connect()
    (member,) = house.hub.members
    member.refresh(house.add_session(permissions=frozenset()), recheck=False)
    await client.send_message(_call("test.void", kind="mutation"))

    assert _code(await client.get_message()) == "FORBIDDEN"


async def test_calls_of_an_array_run_beside_each_other(house: Any) -> None:
    """The quick one is answered first, and the slow one not forgotten."""
    client = await house.connect()
    await client.send_message(f"[{_work(2, number=1)},{_work(1, number=2)}]")
    numbers = [json.loads(await client.get_message())["id"] for _ in range(2)]

    assert numbers == [2, 1]


async def test_a_call_may_use_the_id_of_a_live_subscription(house: Any) -> None:
    """Only subscriptions live on; both are answered under the id."""
    client = await house.connect()
    await house.subscribe(client, number=4)
    await client.send_message(_call("test.who"))

    assert "ada" in await client.get_message()


async def test_calls_in_flight_are_bounded_and_the_others_wait(house: Any) -> None:
    """We stop reading; whoever asks more at once is served later, all of it."""
    running = most = 0

    def count(_topic: str, said: bytes) -> None:
        nonlocal running, most
        running += 1 if b"begun" in said else -1
        most = max(most, running)

    house.bus.listen("work", count, replay=False)
    client = await house.connect()
    wanted = limits.MAX_CALLS * 3
    for number in range(wanted):
        await client.send_message(_work(1, number=number))

    begin = trio.current_time()
    numbers = {json.loads(await client.get_message())["id"] for _ in range(wanted)}

    assert set(range(wanted)) == numbers
    assert most == limits.MAX_CALLS
    assert 2.5 < trio.current_time() - begin < 3.5


async def test_a_client_whose_calls_wait_is_not_taken_for_silent(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says meanwhile is not read: the fault is not the client's."""
    monkeypatch.setattr(limits, "MAX_CALLS", 1)
    client = await house.connect()
    calls = limits.RECEIVE_QUEUE_LENGTH + 6  # so that its PONG is stuck behind them
    for number in range(calls):
        await client.send_message(_work(20, number=number))

    received = [json.loads(await _answer(client))["id"] for _ in range(calls)]

    assert list(range(calls)) == received


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("way", ["close", "end", "reset"])
async def test_calls_are_cancelled_when_the_socket_goes(
    house: Any, way: str, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it goes, and also while so many run that we read no further."""
    if full:
        monkeypatch.setattr(limits, "MAX_CALLS", 1)

    client = await house.connect()
    await client.send_message(_work(20, number=1))
    await client.send_message(_work(20, number=2))
    await _wait(lambda: house.bus.last("work"))
    begin = trio.current_time()
    if way == "close":
        await client.aclose()
    elif way == "end":
        await client._stream.send_eof()
    else:
        reset = (1).to_bytes(4, "little") + bytes(4)
        client._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        client._stream.socket.close()

    await _wait(lambda: house.hub.sockets == 0)

    assert trio.current_time() - begin < 5
    assert house.bus.last("work") == b'{"json":"cancelled"}'


@pytest.mark.parametrize("anyio_backend", ["trio"])  # much data takes real time
async def test_answers_that_are_larger_than_the_queue_arrive_whole(house: Any) -> None:
    """A client that reads as fast as it can is not taken for one that does not."""
    client = await house.connect()
    wanted = 40
    calls = ",".join(_call("test.big", number=number) for number in range(wanted))
    await client.send_message(f"[{calls}]")
    sizes = []
    while len(sizes) < wanted:
        message = await client.get_message()
        sizes.append(len(json.loads(message)["result"]["data"]["json"]))

    assert [200_000] * wanted == sizes


async def test_a_client_that_takes_no_answer_is_closed(house: Any) -> None:
    """It cannot keep its calls, and what they answer, for ever."""
    client = house.knock()
    head = (
        b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Origin: http://dash.test:3000\r\n"
        b"Cookie: homarr.session-token=" + b"a" * 96 + b"\r\n\r\n"
    )
    await client.send_all(head)
    call = _call("test.big").encode()
    frame = bytes((0x81, 0x80 | len(call))) + bytes(4) + call
    await client.send_all(frame * 60)
    begin = trio.current_time()
    await _wait(lambda: house.hub.members)
    await _wait(lambda: not house.hub.members)

    assert trio.current_time() - begin < limits.CALL_TIMEOUT + 10
    assert house.hub.statistics()["dropped"] == 1  # and not one for each answer


async def test_the_mutation_that_logs_out_is_answered_then_the_socket_closed(
    house: Any,
) -> None:
    """Its client must know that it worked; the other one was quicker."""
    stop = house.hub.watch_sessions()
    client = await house.connect()
    begin = trio.current_time()
    await client.send_message(_call("test.logout", kind="mutation"))
    await client.send_message(_call("test.who", number=5))
    answers = [json.loads(await client.get_message())["id"] for _ in range(2)]
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert answers == [5, 4]
    assert closed.value.reason.code == 1008
    assert trio.current_time() - begin < 1
    stop()


async def test_a_session_that_ends_gives_its_calls_half_a_second(house: Any) -> None:
    """A call that takes longer is cancelled: the socket is to die within a second."""
    stop = house.hub.watch_sessions()
    client = await house.connect()
    await client.send_message(_work(10))
    await _wait(lambda: house.bus.last("work"))
    begin = trio.current_time()
    house.bus.publish("session-closed", {"userId": "user1"})
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    await trio.testing.wait_all_tasks_blocked()

    assert closed.value.reason.code == 1008
    assert trio.current_time() - begin < 1
    assert house.bus.last("work") == b'{"json":"cancelled"}'
    stop()


async def test_a_drain_lets_calls_in_flight_finish(house: Any) -> None:
    """The answer comes after the word to reconnect and before the close frame."""
    client = await house.connect()
    await client.send_message(_work(2))
    await _wait(lambda: house.bus.last("work"))
    house.tasks.start_soon(house.hub.drain)

    assert await client.get_message() == '{"id":null,"method":"reconnect"}'
    assert json.loads(await client.get_message())["result"]["data"]["json"] == 2

    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert closed.value.reason.code == 1001
