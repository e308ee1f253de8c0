"""Handshakes: who is let in, who is not, and what each is told before the upgrade."""

from __future__ import annotations

from typing import Any

import pytest
import trio

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
STOP = b'{"id":9,"method":"subscription.stop"}'


def _head(
    *lines: bytes,
    path: bytes = b"/websockets",
    host: bytes = b"dash.test:3000",
    origin: bytes | None = b"http://dash.test:3000",
    cookie: bytes | None = b"homarr.session-token=" + b"a" * 96,
) -> bytes:
    head = [
        b"GET " + path + b" HTTP/1.1",
        b"Host: " + host,
        b"Upgrade: websocket",
        b"Connection: keep-alive, Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: " + KEY,
        *lines,
    ]
    if origin is not None:
        head.append(b"Origin: " + origin)

    if cookie is not None:
        head.append(b"Cookie: " + cookie)

    return b"\r\n".join(head) + b"\r\n\r\n"


def _masked(text: bytes) -> bytes:
    assert len(text) < 126
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


async def _read_all(client: trio.SocketStream) -> bytes:
    async with client:
        return b"".join([bytes(data) async for data in client])


async def _read_head(client: trio.SocketStream) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = bytes(await client.receive_some())
        assert more, data
        data += more

    return data


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (_head(path=b"/"), 404),
        (_head(path=b"/websockets/"), 404),
        (_head(path=b"/websocketsx"), 404),
        (_head(path=b"/websockets/x"), 404),
        (_head(path=b"//websockets"), 404),
        (_head(path=b"http://dash.test:3000/websockets"), 404),
        (_head(origin=None), 403),
        (_head(origin=b"null"), 403),
        (_head(origin=b""), 403),
        (_head(origin=b"http://evil.example"), 403),
        (_head(origin=b"http://sub.dash.test:3000"), 403),
        (_head(origin=b"http://dash.test:3001"), 403),
        (_head(origin=b"http://dash.test"), 403),
        (_head(origin=b"http://dash.test:3000.evil.example"), 403),
        (_head(origin=b"http://dash.test:3000@evil.example"), 403),
        (_head(origin=b"http://dash.test:3000/path"), 403),
        (_head(origin=b"file://dash.test:3000"), 403),
        (_head(origin=b"http://other.example"), 403),
        (_head(origin=b"https://other.example:8443"), 403),
        (_head(b"Origin: http://evil.example"), 403),
        (_head(b"Origin: http://dash.test:3000", origin=b"http://evil.example"), 403),
        (_head(origin=b"http://evil.example@dash.test:3000"), 403),
        (_head(cookie=None), 401),
        (_head(cookie=b"homarr.session-token="), 401),
        (_head(cookie=b"homarr.session-token=" + b"b" * 96), 401),
        (_head(cookie=b"session-token=" + b"a" * 96), 401),
        (_head(cookie=b"homarr.session-token=" + b"e" * 96), 401),
        (_head(path=b"/websockets?token=" + b"a" * 96, cookie=None), 401),
        (_head(host=b"dash.test:3000\r\nHost: dash.test:3000"), 400),
        (_head(host=b"d\xc3\xa4sh.test"), 400),
        (_head(b"X: " + b"x" * 16384), 431),
        (b"GET /websockets HTTP/1.1\r\nHost: dash.test:3000\r\n\r\n", 400),
        (_head().replace(b"GET", b"POST"), 400),
        (_head().replace(b": 13", b": 8"), 426),
        (b"nonsense\r\n\r\n", 400),
    ],
)
@pytest.mark.parametrize("handed_over", [True, False], ids=["read", "unread"])
async def test_a_bad_handshake_is_refused_before_the_upgrade(
    house: Any, head: bytes, status: int, handed_over: bool
) -> None:
    """The answer is a plain one, and the socket is closed behind it."""
    house.add_session("e" * 96, expires=1.0)
    begin = trio.current_time()
    client = house.knock(head if handed_over else b"")
    if not handed_over:
        await client.send_all(head)

    answer = await _read_all(client)
    await house.wait_empty()

    assert trio.current_time() - begin < 5
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"upgrade" not in answer.lower()
    assert house.hub.statistics()["accepted"] == 0
    if status in {401, 403, 404, 431}:
        assert b"content-type: text/plain; charset=utf-8" in answer
        assert b"connection: close" in answer
        assert house.hub.statistics()["refused"] == 1


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (None, b"no origin was sent; send the header Origin, as browsers do"),
        (b"", b"this origin may not connect (see ALLOWED_ORIGINS)"),
        (b"http://evil.example", b"this origin may not connect (see ALLOWED_ORIGINS)"),
    ],
)
async def test_a_client_without_an_origin_is_told_to_send_one(
    house: Any, origin: bytes | None, told: bytes
) -> None:
    """No setting would help it; a wrong one is told which setting would."""
    answer = await _read_all(house.knock(_head(origin=origin)))
    await house.wait_empty()

    assert told in answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "head",
    [
        _head(),
        _head(path=b"/websockets?connectionParams=0"),
        _head(path=b"/web%73ockets"),
        _head(origin=b"https://dash.test:3000"),
        _head(origin=b"HTTP://DASH.test:3000"),
        _head(origin=b"http://dash.test", host=b"dash.test"),
        _head(origin=b"https://dash.test", host=b"dash.test"),
        _head(origin=b"http://dash.test", host=b"dash.test:80"),
        _head(origin=b"http://[::1]:3000", host=b"[::1]:3000"),
        _head(origin=b"https://other.example"),
        _head(origin=b"https://other.example:443"),
        _head(cookie=b"authjs.session-token=" + b"a" * 96),
        _head(cookie=b"x=1; homarr.session-token=" + b"a" * 96 + b" ; y"),
        _head(cookie=b"homarr.session-token=stale; authjs.session-token=" + b"a" * 96),
    ],
)
async def test_a_good_handshake_is_accepted(house: Any, head: bytes) -> None:
    """Same host and port or a listed origin, and any of the cookies' names."""
    client = house.knock(head)
    answer = await _read_head(client)

    assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer


async def test_compression_is_never_agreed_to(house: Any) -> None:
    """A few KiB of deflated frames cannot become many MiB."""
    client = house.knock(
        _head(b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    )

    assert b"extensions" not in (await _read_head(client)).lower()


@pytest.mark.parametrize("sent", [b"", b"GET /websockets HTTP/1.1\r\nHost: a\r\n"])
async def test_an_unfinished_handshake_is_closed_after_4_s(
    house: Any, sent: bytes
) -> None:
    """A client that says nothing, or half of it, costs nothing after that."""
    begin = trio.current_time()
    client = house.knock()
    if sent:
        await client.send_all(sent)

    assert await _read_all(client) == b""
    assert 4 <= trio.current_time() - begin <= 5.5


async def test_a_head_without_end_is_refused_at_its_limit(house: Any) -> None:
    """Not only when its end is seen: a client may never send that."""
    client = house.knock()
    await client.send_all(b"GET /websockets HTTP/1.1\r\nX: " + b"x" * 20_000)
    begin = trio.current_time()
    answer = await _read_all(client)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert trio.current_time() - begin < 5


async def test_a_client_that_leaves_amid_its_head_is_forgotten(house: Any) -> None:
    """A reset or an end before the end of the head is no error of ours."""
    for _ in range(3):
        client = house.knock()
        await client.send_all(b"GET /web")
        await client.aclose()

    await house.wait_empty()


@pytest.mark.parametrize("read", [0, 1, 20])
async def test_a_handshake_may_come_byte_by_byte(house: Any, read: int) -> None:
    """However many bytes somebody has read before, the others may trickle in."""
    head = _head()
    client = house.knock(head[:read])
    for at in range(read, len(head)):
        await client.send_all(head[at : at + 1])
        await trio.testing.wait_all_tasks_blocked()

    assert (await _read_head(client)).startswith(b"HTTP/1.1 101 ")


async def test_every_split_of_head_and_frames_is_the_same(house: Any) -> None:
    """Frames sent right behind the head are read, wherever the bytes were cut."""
    everything = _head() + _masked(b"PING") + _masked(STOP) + _masked(b"PING")
    for at in range(len(everything) + 1):
        client = house.knock(everything[:at])
        if at < len(everything):
            await client.send_all(everything[at:])

        answer = await _read_head(client)
        while not answer.endswith(b"\x81\x04PONG\x81\x04PONG"):
            answer += bytes(await client.receive_some())

        await client.aclose()
        await trio.testing.wait_all_tasks_blocked()

    assert len(everything) + 1 == house.hub.statistics()["accepted"]


async def test_a_database_that_fails_is_answered_503(
    house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is let in unseen, and the fault is in the log."""

    async def fail() -> None:
        raise OSError("disk on fire")

    house.lane.before_lookup = fail
    answer = await _read_all(house.knock(_head()))

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert "disk on fire" in caplog.text


async def test_a_database_that_is_slow_is_answered_503(house: Any) -> None:
    """The client hears so after 5 s."""

    async def wait() -> None:
        await trio.sleep(60)

    house.lane.before_lookup = wait
    begin = trio.current_time()
    answer = await _read_head(house.knock(_head()))

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert pytest.approx(trio.current_time() - begin) == 5


async def test_one_user_cannot_take_all_the_sockets(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of one user is another one's good."""
    monkeypatch.setattr("services.ws.limits.MAX_SOCKETS_PER_USER", 2)
    house.add_session("c" * 96, user_id="user2")
    await house.connect()
    await house.connect()
    answer = await _read_all(house.knock(_head()))

    assert answer.startswith(b"HTTP/1.1 429 ")

    await house.connect(token="c" * 96)


async def test_sockets_are_limited_in_all(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that still shake hands count too; one that leaves makes room."""
    monkeypatch.setattr("services.ws.limits.MAX_SOCKETS", 1)
    first = await house.connect()
    answer = await _read_all(house.knock(_head()))

    assert answer.startswith(b"HTTP/1.1 503 ")

    await first.aclose()
    await house.wait_empty()
    await house.connect()


async def test_a_logout_amid_the_handshake_is_noticed(house: Any) -> None:
    """A session that is closed between its look-up and the upgrade is refused."""
    looked_up: list[str] = []

    async def log_out() -> None:
        if not looked_up:
            stop = house.hub.watch_sessions()
            looked_up.append("once")
            house.bus.publish("session-closed", {"userId": "user1"})
            await trio.testing.wait_all_tasks_blocked()
            stop()
        else:
            house.lane.sessions.clear()

    house.lane.before_lookup = log_out
    answer = await _read_all(house.knock(_head()))

    assert answer.startswith(b"HTTP/1.1 401 ")
