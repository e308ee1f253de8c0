"""Frames of facts: what a client says, and what it is answered, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed
from wsproto.events import CloseConnection

from services.ws import limits
from services.ws.connection import Connection
from services.ws.websocket import accept

_SUBSCRIBE = (
    '{"id":1,"method":"subscription","params":'
    '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
)


def _error(
    request_id: str, code: str, number: int, status: int, message: str, path: str | None
) -> str:
    shape = {
        "message": message,
        "code": number,
        "data": {
            "code": code,
            "httpStatus": status,
            "path": path,
            "zodError": None,
            "error": None,
        },
    }
    text = json.dumps({"json": shape}, separators=(",", ":"))
    return f'{{"id":{request_id},"error":{text}}}'


async def test_a_subscription_starts_carries_data_and_stops(house: Any) -> None:
    """started, data and stopped are the captured texts, to the byte."""
    client = await house.connect()
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
    )
    assert await client.get_message() == '{"id":1,"result":{"type":"started"}}'

    house.bus.publish("news", {"status": "idle"})
    expected = '{"id":1,"result":{"type":"data","data":{"json":{"status":"idle"}}}}'

    assert expected == await client.get_message()

    await client.send_message('{"id":1,"method":"subscription.stop"}')

    assert await client.get_message() == '{"id":1,"result":{"type":"stopped"}}'


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("7", "7"),
        ("7.0", "7"),
        ("1.5", "1.5"),
        ('"7"', '"7"'),
        ('"ü"', '"ü"'),
        ("-1", "-1"),
    ],
)
async def test_an_id_comes_back_as_it_was(house: Any, sent: str, echoed: str) -> None:
    """Numbers stay numbers and texts stay texts."""
    client = await house.connect()
    await client.send_message(
        f'{{"id":{sent},"method":"subscription","params":'
        '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
    )

    assert f'{{"id":{echoed},"result":{{"type":"started"}}}}' == (
        await client.get_message()
    )


async def test_jsonrpc_is_echoed_when_it_was_sent(house: Any) -> None:
    """Every answer to a JSON-RPC 2.0 request says so."""
    client = await house.connect()
    await client.send_message(
        '{"id":1,"jsonrpc":"2.0","method":"subscription","params":'
        '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
    )
    received = [await client.get_message()]
    house.bus.publish("news", 1)
    received.append(await client.get_message())
    await client.send_message('{"id":1,"jsonrpc":"2.0","method":"subscription.stop"}')
    received.append(await client.get_message())
    begin = '{"id":1,"jsonrpc":"2.0","result":'

    assert [
        begin + '{"type":"started"}}',
        begin + '{"type":"data","data":{"json":1}}}',
        begin + '{"type":"stopped"}}',
    ] == received


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (
            (
                '{"id":3,"method":"subscription","params":'
                '{"input":{"json":null,"meta":{"values":["undefined"],"v":1}},'
                '"path":"test.members"}}'
            ),
            _error("3", "UNAUTHORIZED", -32001, 401, "UNAUTHORIZED", "test.members"),
        ),
        (
            (
                '{"id":3,"method":"subscription","params":'
                '{"input":{"json":null},"path":"q"}}'
            ),
            _error(
                "3",
                "NOT_FOUND",
                -32004,
                404,
                'No "subscription"-procedure on path "q"',
                "q",
            ),
        ),
        (
            '{"id":4,"method":"query","params":{"input":{"json":null},"path":"a.b"}}',
            _error(
                "4",
                "NOT_FOUND",
                -32004,
                404,
                'No "query"-procedure on path "a.b"',
                "a.b",
            ),
        ),
        (
            (
                '{"id":4,"method":"mutation","params":'
                '{"input":{"json":null},"path":"test.topic"}}'
            ),
            _error(
                "4",
                "NOT_FOUND",
                -32004,
                404,
                'No "mutation"-procedure on path "test.topic"',
                "test.topic",
            ),
        ),
        (
            (
                '{"id":5,"method":"subscription","params":'
                '{"input":{"json":null},"path":"test.broken"}}'
            ),
            _error(
                "5",
                "INTERNAL_SERVER_ERROR",
                -32603,
                500,
                "INTERNAL_SERVER_ERROR",
                "test.broken",
            ),
        ),
        (
            (
                '{"id":6,"method":"subscription","params":'
                '{"input":{"json":{"seconds":60}},"path":"test.slow"}}'
            ),
            _error(
                "6",
                "TIMEOUT",
                -32008,
                408,
                "The server took too long to answer",
                "test.slow",
            ),
        ),
    ],
)
async def test_a_refused_request_is_one_error_and_no_stopped(
    house: Any, message: str, answer: str
) -> None:
    """An error before the start is all that the client hears of the request."""
    client = await house.connect()
    await client.send_message(message)

    assert answer == await client.get_message()

    await client.send_message("PING")

    assert await client.get_message() == "PONG"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "[" * 5000,
        (
            '{"id":1,"method":"subscription","params":{"path":"test.topic",'
            '"input":{"json":' + "[" * 5000 + "]" * 5000 + "}}}"
        ),
        "1",
        "null",
        '{"id":1}',
        '{"id":1,"method":"subscribe","params":{"input":{"json":1},"path":"a"}}',
        '{"id":1,"method":"subscription","params":{"path":"test.topic"}}',
        '{"id":1,"method":"subscription","params":{"input":{"json":1},"path":7}}',
        '{"id":1,"method":"subscription","params":{"input":null,"path":"a"}}',
        '{"id":1,"method":"subscription"}',
        '{"id":true,"method":"subscription.stop"}',
        '{"id":null,"method":"subscription.stop"}',
        '{"id":{},"method":"subscription.stop"}',
        '{"id":"' + "x" * 257 + '","method":"subscription.stop"}',
        '{"id":1,"jsonrpc":"1.0","method":"subscription.stop"}',
        "[" + ",".join(['{"id":1,"method":"subscription.stop"}'] * 1025) + "]",
        '[{"id":1,"method":"subscription.stop"},{"id":2}]',
    ],
)
async def test_nonsense_is_a_parse_error_and_the_socket_stays(
    house: Any, message: str
) -> None:
    """What cannot be read is answered with id null; the next message is read."""
    client = await house.connect()
    await client.send_message(message)
    answer = json.loads(await client.get_message())
    words = answer["error"]["json"].pop("message")

    assert words
    # tRPC's has no path either, where it knows of none.
    assert answer == {
        "id": None,
        "error": {
            "json": {
                "code": -32700,
                "data": {
                    "code": "PARSE_ERROR",
                    "httpStatus": 400,
                    "zodError": None,
                    "error": None,
                },
            }
        },
    }

    await client.send_message("PING")

    assert await client.get_message() == "PONG"


@pytest.mark.parametrize("given", ["7", "{}", '{"x":5}', '"text"', "[]"])
@pytest.mark.parametrize(
    ("path", "code"), [("no.such", "NOT_FOUND"), ("test.topic", "BAD_REQUEST")]
)
async def test_an_input_that_is_no_superjson_fails_its_own_request(
    house: Any, given: str, path: str, code: str
) -> None:
    """It is answered under its id: as tRPC does it, the path is looked at first."""
    client = await house.connect()
    await client.send_message(
        '{"id":7,"method":"subscription","params":'
        f'{{"input":{given},"path":"{path}"}}}}'
    )
    answer = json.loads(await client.get_message())

    assert answer["id"] == 7
    assert answer["error"]["json"]["data"]["code"] == code
    assert answer["error"]["json"]["data"]["path"] == path


async def test_a_request_without_an_id_is_answered_without_one(house: Any) -> None:
    """As by JavaScript, whose undefined is an id like any other."""
    client = await house.connect()
    await client.send_message(
        '{"method":"query","params":{"input":{"json":null},"path":"no.such"}}'
    )
    refused = json.loads(await client.get_message())
    await client.send_message(_SUBSCRIBE.replace('"id":1,', ""))
    started = await client.get_message()
    await client.send_message(_SUBSCRIBE.replace('"id":1,', ""))
    again = json.loads(await client.get_message())
    await client.send_message('{"method":"subscription.stop"}')

    assert list(refused) == ["error"]
    assert refused["error"]["json"]["data"]["code"] == "NOT_FOUND"
    assert started == '{"result":{"type":"started"}}'
    assert again["error"]["json"]["message"] == "Duplicate id undefined"
    assert await client.get_message() == '{"result":{"type":"stopped"}}'


@pytest.mark.parametrize("params", ["{}", "null", "7", '{"path":1}'])
async def test_what_a_stop_has_besides_its_id_is_not_looked_at(
    house: Any, params: str
) -> None:
    """It needs no parameters, and odd ones are no reason to go on."""
    client = await house.connect()
    await house.subscribe(client)
    await client.send_message(
        f'{{"id":1,"method":"subscription.stop","params":{params}}}'
    )

    assert await client.get_message() == '{"id":1,"result":{"type":"stopped"}}'


async def test_an_array_is_answered_request_by_request(house: Any) -> None:
    """A client may send its requests together."""
    client = await house.connect()
    one = (
        '{"id":%d,"method":"subscription","params":'
        '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
    )
    await client.send_message(f"[{one % 1},{one % 2}]")
    received = {await client.get_message(), await client.get_message()}

    assert {
        '{"id":1,"result":{"type":"started"}}',
        '{"id":2,"result":{"type":"started"}}',
    } == received


async def test_others_have_their_turn_within_a_long_array(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand requests that are each refused at once keep nobody waiting."""
    refused = 0
    begun = trio.Event()

    def note(*_: Any) -> None:
        nonlocal refused
        refused += 1
        begun.set()

    monkeypatch.setattr(Connection, "refuse", note)
    client = await house.connect()
    await house.subscribe(client)
    await client.send_message("[" + ",".join([_SUBSCRIBE] * 600) + "]")
    await begun.wait()

    assert refused < 10

    await client.send_message("PING")

    assert await client.get_message() == "PONG"
    assert refused == 600


async def test_a_live_id_cannot_be_used_twice(house: Any) -> None:
    """The second subscription is refused, and the first one lives on."""
    client = await house.connect()
    await house.subscribe(client)
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":{"topic":"other"}},"path":"test.topic"}}'
    )
    expected = _error("1", "BAD_REQUEST", -32600, 400, "Duplicate id 1", "test.topic")

    assert expected == await client.get_message()

    house.bus.publish("news", 1)

    assert "data" in await client.get_message()


async def test_an_unknown_stop_is_passed_over(house: Any) -> None:
    """tRPC's client also stops what has ended already."""
    client = await house.connect()
    await client.send_message('{"id":9,"method":"subscription.stop"}')
    await client.send_message("PING")

    assert await client.get_message() == "PONG"


async def test_a_stop_overtakes_a_slow_start(house: Any) -> None:
    """A request that is stopped while it starts is stopped, and its id is free."""
    client = await house.connect()
    await client.send_message(
        '{"id":1,"method":"subscription","params":'
        '{"input":{"json":{"seconds":5}},"path":"test.slow"}}'
    )
    await client.send_message('{"id":1,"method":"subscription.stop"}')

    assert await client.get_message() == '{"id":1,"result":{"type":"stopped"}}'

    await house.subscribe(client)


async def test_too_many_subscriptions_are_refused(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One socket cannot make the hub remember without end."""
    monkeypatch.setattr("services.ws.limits.MAX_SUBSCRIPTIONS", 1)
    client = await house.connect()
    await house.subscribe(client)
    await client.send_message(
        '{"id":2,"method":"subscription","params":'
        '{"input":{"json":{"topic":"news"}},"path":"test.topic"}}'
    )
    answer = json.loads(await client.get_message())

    assert answer["error"]["json"]["data"]["code"] == "TOO_MANY_REQUESTS"


async def test_as_many_subscriptions_as_there_may_be_fit_into_one_message(
    house: Any,
) -> None:
    """After a reconnect tRPC's client asks for all of them at once."""
    client = await house.connect()
    one = (
        '{"id":%d,"method":"subscription","params":{"input":{"json":'
        '{"longitude":-122.41941550000001,"latitude":37.774929500000006,"topic":"a"}}'
        ',"path":"test.topic"}}'
    )
    wanted = range(limits.MAX_SUBSCRIPTIONS)
    message = "[" + ",".join(one % number for number in wanted) + "]"
    await client.send_message(message)
    answers = [json.loads(await client.get_message()) for _ in wanted]

    assert {answer["id"] for answer in answers} == set(wanted)
    assert {answer["result"]["type"] for answer in answers} == {"started"}
    assert len(message) > limits.MAX_SUBSCRIPTION_BYTES * 0.8


async def test_subscriptions_that_would_not_fit_into_one_message_are_refused(
    house: Any,
) -> None:
    """A message that is too big would close the socket, after each reconnect."""
    client = await house.connect()
    sent, codes = [], []
    for number in range(100):
        sent.append(
            f'{{"id":{number},"method":"subscription","params":{{"path":"test.topic",'
            f'"input":{{"json":{{"topic":"{"x" * 1000}"}}}}}}}}'
        )
        await client.send_message(sent[-1])
        answer = json.loads(await client.get_message())
        if "error" in answer:
            codes.append(answer["error"]["json"]["data"]["code"])
            sent.pop()

    assert set(codes) == {"TOO_MANY_REQUESTS"}
    assert len("[" + ",".join(sent) + "]") <= limits.MAX_SUBSCRIPTION_BYTES + 1

    await client.send_message('{"id":0,"method":"subscription.stop"}')
    await client.get_message()
    await client.send_message(sent[0])

    assert await client.get_message() == '{"id":0,"result":{"type":"started"}}'


@pytest.mark.parametrize("kind", ["characters", "bytes", "binary"])
async def test_a_message_over_64_kib_is_answered_with_1009(
    house: Any, kind: str
) -> None:
    """The limit is one of bytes, whatever they spell."""
    client = await house.connect()
    message: str | bytes = {
        "characters": "x" * (64 * 1024 + 1),
        "bytes": "€" * (24 * 1024),
        "binary": b"x" * (200 * 1024),
    }[kind]
    await client.send_message(message)
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert closed.value.reason.code == 1009


async def test_a_message_of_64_kib_is_read(house: Any) -> None:
    """The limit itself is allowed."""
    client = await house.connect()
    begin = '{"id":9,"method":"subscription.stop"}'
    await client.send_message(begin + " " * (64 * 1024 - len(begin)))
    await client.send_message("PING")

    assert await client.get_message() == "PONG"


async def test_a_silent_client_is_asked_and_then_cut_off(house: Any) -> None:
    """PING after 30 s of silence, the end without a close frame 5 s later."""
    client = await house.connect()
    begin = trio.current_time()

    assert await client.get_message() == "PING"
    assert pytest.approx(trio.current_time() - begin) == 30

    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert pytest.approx(trio.current_time() - begin) == 35
    assert closed.value.reason.code == 1006


async def test_a_client_that_was_cut_off_is_let_go(house: Any) -> None:
    """Its connection ends at once, and with it its place in the hub."""
    client = await house.connect()
    assert await client.get_message() == "PING"

    with pytest.raises(ConnectionClosed):
        await client.get_message()

    for _ in range(1000):
        await trio.lowlevel.checkpoint()

    assert house.hub.members == set()
    assert house.hub.sockets == 0


@pytest.mark.parametrize("answer", ["PONG", "PING", "anything"])
async def test_any_message_keeps_the_client_alive(house: Any, answer: str) -> None:
    """A sign of life within 5 s starts the 30 s again."""
    client = await house.connect()
    begin = trio.current_time()
    for _ in range(3):
        while await client.get_message() != "PING":
            pass

        await client.send_message(answer)

    assert pytest.approx(trio.current_time() - begin) == 90


async def test_who_says_goodbye_at_the_same_moment_is_answered(house: Any) -> None:
    """A client that is told to come back hangs up by itself: neither is cut off."""
    for _ in range(20):
        client = await house.connect()
        (member,) = house.hub.members
        goodbye = client._wsproto.send(CloseConnection(code=1000))
        client._stream.socket._sock.send(goodbye)
        member.request_close(1001, "the server is going away")
        with pytest.raises(ConnectionClosed) as closed:
            await client.get_message()

        assert closed.value.reason.code in {1000, 1001}
        await house.wait_empty()


async def test_a_client_that_talks_is_not_asked(house: Any) -> None:
    """Each received message moves the PING away."""
    client = await house.connect()
    for _ in range(10):
        await trio.sleep(20)
        await client.send_message("PING")

        assert await client.get_message() == "PONG"


async def test_connection_parameters_come_first_when_announced(house: Any) -> None:
    """`?connectionParams=1` makes the first message one of its own shape."""
    client = await house.connect(path="/websockets?connectionParams=1")
    await client.send_message('{"method":"connectionParams","data":{"a":"b"}}')
    await client.send_message(_SUBSCRIBE)

    assert await client.get_message() == '{"id":1,"result":{"type":"started"}}'


async def test_keep_alive_may_come_before_the_connection_parameters(
    house: Any,
) -> None:
    """Neither PING nor PONG is taken for them."""
    client = await house.connect(path="/websockets?connectionParams=1")
    for message in ("PONG", "PING", '{"method":"connectionParams","data":null}'):
        await client.send_message(message)

    await client.send_message(_SUBSCRIBE)

    assert await client.get_message() == "PONG"
    assert await client.get_message() == '{"id":1,"result":{"type":"started"}}'


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        '{"method":"connectionParams","data":{"a":1}}',
        '{"method":"connectionParams"}',
        '{"id":1,"method":"subscription.stop"}',
    ],
)
async def test_wrong_connection_parameters_end_the_connection(
    house: Any, message: str
) -> None:
    """The client is told why, and closed."""
    client = await house.connect(path="/websockets?connectionParams=1")
    await client.send_message(message)
    answer = json.loads(await client.get_message())

    assert answer["id"] is None
    assert answer["error"]["json"]["message"] == "Invalid connection params shape"

    with pytest.raises(ConnectionClosed):
        await client.get_message()


async def test_null_connection_parameters_are_fine(house: Any) -> None:
    """tRPC's client sends null when it has none."""
    client = await house.connect(path="/websockets?connectionParams=1")
    await client.send_message('{"method":"connectionParams","data":null}')
    await client.send_message(_SUBSCRIBE)

    assert await client.get_message() == '{"id":1,"result":{"type":"started"}}'


async def test_a_logout_amid_the_handshake_waits_for_no_parameters(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was let in a moment before hears of it as soon as anything can be said."""

    async def accept_then_log_out(request: Any) -> Any:
        socket = await accept(request)
        for member in house.hub.members:
            member.request_close(1008, "the session was closed")

        return socket

    monkeypatch.setattr("services.ws.door.accept", accept_then_log_out)
    client = await house.connect(path="/websockets?connectionParams=1")
    begin = trio.current_time()
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert closed.value.reason.code == 1008
    assert trio.current_time() - begin < 1


async def test_an_expired_session_closes_its_socket(house: Any) -> None:
    """The socket does not outlive the login."""
    client = await house.connect()
    (member,) = house.hub.members
    expiry = member.session.expires
    member._now = lambda: expiry - 10 + trio.current_time() - begin
    house.lane.sessions.clear()
    begin = trio.current_time()
    await client.send_message("PONG")  # have it look at its clock
    with pytest.raises(ConnectionClosed) as closed:
        await client.get_message()

    assert pytest.approx(trio.current_time() - begin) == 10
    assert (
        closed.value.reason.code,
        closed.value.reason.reason,
    ) == (1008, "the session has expired")


async def test_a_prolonged_session_keeps_its_socket(house: Any) -> None:
    """Work in another tab prolongs the login, and so the socket's time."""
    client = await house.connect()
    (member,) = house.hub.members
    expiry = member.session.expires
    begin = trio.current_time()
    member._now = lambda: expiry - 10 + trio.current_time() - begin
    house.add_session(expires=expiry + 3600)
    await client.send_message("PONG")
    await trio.sleep(20)
    await client.send_message("PING")

    assert await client.get_message() == "PONG"
    assert expiry + 3600 == member.session.expires
