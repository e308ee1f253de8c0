"""Pings against a server on loopback: what is asked, and what is published."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import anyio
import msgspec
import pytest

from dashboard.resources import Resources
from services.tasks.jobs import http_client, ping

ANSWERS = {
    b"/": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"/broken": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    b"/moved": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    b"/nonsense": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    b"/nothing": b"",
}


class Server:
    """Counts what it is asked, and answers by path."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.open = 0
        self.most_open = 0
        self.let_go = anyio.Event()
        self.sent = 0
        self.port = 0

    async def handle(self, stream: anyio.abc.SocketStream) -> None:
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        async with stream:
            try:
                await self._answer(stream)
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                pass
            finally:
                self.open -= 1

    async def _answer(self, stream: anyio.abc.SocketStream) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += await stream.receive()

        self.requests.append(request)
        path = request.split(b" ")[1]
        if path.startswith(b"/slow"):
            await self.let_go.wait()

        if path == b"/endless":
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
            while self.sent < 1 << 28:
                await stream.send(b"x" * 65536)
                self.sent += 65536

        await stream.send(ANSWERS.get(path, ANSWERS[b"/"]))

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[Server]:
    server = Server()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = anyio.abc.SocketAttribute.local_port
    server.port = listener.extra(port)  # noqa: S610  # no Django in this house
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.handle)
        yield server
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/broken", 500), ("/moved", 302), ("", 200)]
)
async def test_every_answer_is_its_status(
    server: Server, path: str, status: int
) -> None:
    """Redirects too: what they point at is never asked."""
    result = await ping.ping(server.url(path))

    assert list(result) == ["url", "statusCode", "durationMs"]
    assert (result["url"], result["statusCode"]) == (server.url(path), status)
    assert isinstance(result["durationMs"], int)
    assert len(server.requests) == 1


async def test_the_request_is_a_plain_get(server: Server) -> None:
    """With the host and port of the URL, and what people type in its path."""
    await ping.ping(f" http://127.0.0.1:{server.port}/a b/ü?q=1&r=%20#part")
    head = server.requests[0].decode().split("\r\n")

    assert head[0] == "GET /a%20b/%C3%BC?q=1&r=%20 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in head


@pytest.mark.parametrize("path", ["/nonsense", "/nothing"])
async def test_what_is_no_http_is_an_error(server: Server, path: str) -> None:
    """With a short text that says so."""
    result = await ping.ping(server.url(path))

    assert list(result) == ["url", "error"]
    assert result["error"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "127.0.0.1",
        "",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://a..b/",
        "unix:///tmp/socket",
    ],
)
async def test_only_http_is_spoken(url: str) -> None:
    """Any other URL is an error, and nothing is opened."""
    result = await ping.ping(url)

    assert list(result) == ["url", "error"]


async def test_a_refused_connection_is_an_error() -> None:
    """Nobody listens on that port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    result = await ping.ping(f"http://127.0.0.1:{port}/")

    assert list(result) == ["url", "error"]
    assert result["error"]


async def test_a_certificate_that_is_not_one_is_an_error(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that speaks no TLS, asked with https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(http_client, "load_certificates", lambda: context)
    monkeypatch.setattr(ping, "PING_TIMEOUT", 0.05)
    result = await ping.ping(f"https://127.0.0.1:{server.port}/")

    assert list(result) == ["url", "error"]


async def test_a_slow_answer_is_an_error_after_the_limit(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds for the whole request."""
    monkeypatch.setattr(ping, "PING_TIMEOUT", 0.05)
    result = await ping.ping(server.url("/slow"))

    assert result["error"] == "no answer within 0.05 s"


async def test_an_endless_body_is_not_read(server: Server) -> None:
    """The head is all that is wanted."""
    result = await ping.ping(server.url("/endless"))

    assert result["statusCode"] == 200
    while server.open:
        await anyio.wait_all_tasks_blocked()

    assert server.sent < 1 << 26


async def test_results_reach_the_topics_of_their_apps(
    server: Server, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two apps with one URL share a request; the ping URL comes before the link."""
    for number, (link, target) in enumerate(
        [("/moved", "/"), ("/", None), ("/broken", None), ("/nonsense", None)]
    ):
        await _add_app(
            resources,
            f"app{number}",
            server.url(link),
            server.url(target) if target else None,
        )

    await ping.run(resources)
    said = {
        number: msgspec.json.decode(resources.bus.last(f"ping:app{number}") or b"")
        for number in range(4)
    }

    assert [said[number]["json"].get("statusCode") for number in range(4)] == [
        200,
        200,
        500,
        None,
    ]
    assert "error" in said[3]["json"]
    assert len(server.requests) == 3


async def test_few_requests_are_under_way_at_once(
    server: Server, resources: Resources
) -> None:
    """A board with many apps does not open as many sockets."""
    for number in range(20):
        await _add_app(resources, f"app{number}", server.url(f"/slow{number}"), None)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ping.run, resources)
        while server.open < ping.MAX_CONCURRENT:
            await anyio.wait_all_tasks_blocked()

        server.let_go.set()

    assert server.most_open == ping.MAX_CONCURRENT
    assert len(server.requests) == 20


async def _add_app(
    resources: Resources, app_id: str, href: str, ping_url: str | None
) -> None:
    options: Any = {"json": {"appId": app_id, "pingEnabled": True}}
    async with resources.database.write() as tx:
        await tx.execute(
            "INSERT INTO app (id, name, icon_url, href, ping_url)"
            " VALUES (?, ?, '', ?, ?)",
            (app_id, app_id, href, ping_url),
        )
        await tx.execute(
            "INSERT OR IGNORE INTO board (id, name) VALUES ('board', 'board')"
        )
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options)"
            " VALUES (?, 'board', 'app', ?)",
            (f"item-{app_id}", msgspec.json.encode(options).decode()),
        )
