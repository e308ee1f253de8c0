"""Pings against a server on loopback: what is asked, and what is told."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import anyio
import pytest

from dashboard import pings
from dashboard.pings import ping
from dashboard.settings import Settings
from tests.dashboard.remote import Remote, answer, open_remote, redirect

SETTINGS = Settings()


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        remote.answers = {
            "/": answer("ok"),
            "/broken": answer(status=500),
            "/to-broken": redirect("/broken"),
            "/loop": redirect("/loop"),
            "/nonsense": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        }
        yield remote


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("", 200), ("/broken", 500), ("/none", 404), ("/to-broken", 500)],
)
async def test_every_answer_is_its_status(remote: Remote, path: str, status: int):
    """Of a redirect, it is that of where it leads to."""
    result = await ping(remote.url(path), settings=SETTINGS)

    assert list(result) == ["url", "statusCode", "durationMs"]
    assert (result["url"], result["statusCode"]) == (remote.url(path), status)
    assert isinstance(result["durationMs"], int)


async def test_pings_go_on_without_external_connections(remote: Remote):
    """Most apps are in the local network."""
    result = await ping(remote.url(), settings=Settings(no_external_connection=True))

    assert result["statusCode"] == 200


@pytest.mark.parametrize("path", ["/nonsense", "/loop"])
async def test_what_is_no_answer_is_an_error(remote: Remote, path: str):
    """With a short text that says so."""
    result = await ping(remote.url(path), settings=SETTINGS)

    assert list(result) == ["url", "error"]
    assert result["error"]


async def test_a_refused_connection_is_an_error():
    """Nobody listens on that port, and the text says just that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    result = await ping(f"http://127.0.0.1:{port}/", settings=SETTINGS)

    assert result["error"] == "Connection refused"


async def test_a_slow_answer_is_an_error_after_the_limit(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
):
    """The limit holds for the whole request."""
    monkeypatch.setattr(pings, "PING_TIMEOUT", 0.05)
    remote.slow = "/"
    result = await ping(remote.url(), settings=SETTINGS)

    assert result["error"] == "no answer within 0.05 s"


async def test_a_long_error_is_cut(remote: Remote):
    """It is sent to every board that shows the app."""
    remote.answers["/"] = b"x" * 5000 + b"\r\n\r\n"
    result = await ping(remote.url(), settings=SETTINGS)

    assert len(result["error"]) == pings.LONGEST_ERROR


async def test_an_endless_body_is_not_read(remote: Remote):
    """The head is all that is wanted."""
    result = await ping(remote.url("/endless"), settings=SETTINGS)

    assert result["statusCode"] == 200
    while remote.open:
        await anyio.wait_all_tasks_blocked()

    assert remote.sent < 1 << 26
