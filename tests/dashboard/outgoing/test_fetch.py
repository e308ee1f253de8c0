"""Requests for contents: their bounds, their redirects, and what goes wrong."""

from __future__ import annotations

import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from dashboard import outgoing
from dashboard.errors import (
    ExternalConnectionsOffError,
    OutgoingBusyError,
    OutgoingError,
    OutgoingTimeoutError,
)
from dashboard.outgoing import fetch, fetch_json, requests
from dashboard.outgoing.body import BodyError, read_body
from dashboard.settings import Settings
from tests.dashboard.remote import (
    Remote,
    answer,
    answer_gzip,
    answer_json,
    redirect,
)

SETTINGS = Settings()


async def refuse(url: str, **options: Any) -> str:
    """The cause that a request fails for."""
    with pytest.raises(OutgoingError) as caught:
        await fetch(url, settings=SETTINGS, **options)

    return caught.value.cause


async def test_a_request_is_a_plain_get(remote: Remote):
    """With the host and port of the URL, and what people type in its path."""
    remote.answers["/a%20b/%C3%BC"] = answer("here")
    found = await fetch(
        f" {remote.url()}a b/ü?q=1&r=%20#part", settings=SETTINGS, accept="text/plain"
    )
    head = remote.requests[0].split("\r\n")

    assert found.body == b"here"
    assert head[0] == "GET /a%20b/%C3%BC?q=1&r=%20 HTTP/1.1"
    assert f"Host: 127.0.0.1:{remote.port}" in head
    assert "Accept: text/plain" in head


@pytest.mark.parametrize("status", [304, 400, 404, 500, 503])
async def test_only_success_is_an_answer(remote: Remote, status: int):
    """The cause names the status."""
    remote.answers["/"] = answer("no", status=status)

    assert await refuse(remote.url()) == f"it answered {status}"


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
async def test_only_http_is_spoken(url: str):
    """Any other URL is refused, and nothing is opened."""
    assert await refuse(url)


async def test_a_body_is_read_up_to_its_bound(remote: Remote):
    """One byte more is too much, with a length or without one."""
    remote.answers["/fits"] = answer(b"x" * 100)
    remote.answers["/long"] = answer(b"x" * 101)
    remote.answers["/open"] = answer(b"x" * 101, length=False)
    found = await fetch(remote.url("/fits"), settings=SETTINGS, max_bytes=100)

    assert len(found.body) == 100
    for path in ("/long", "/open"):
        cause = await refuse(remote.url(path), max_bytes=100)
        assert cause == "it is longer than 100 bytes"


async def test_an_endless_body_is_let_go(remote: Remote):
    """What nobody reads is not sent either."""
    assert await refuse(remote.url("/endless")) == "it is longer than 1048576 bytes"
    while remote.open:
        await anyio.wait_all_tasks_blocked()

    assert remote.sent < 1 << 26


async def test_decompression_stays_within_the_bound(remote: Remote):
    """A bomb is a thousand times as large as what is sent."""
    remote.answers["/"] = answer_gzip(b"hello")
    remote.answers["/bomb"] = answer_gzip(bytes(1 << 26))
    found = await fetch(remote.url(), settings=SETTINGS)

    assert found.body == b"hello"
    assert await refuse(remote.url("/bomb")) == "it is longer than 1048576 bytes"


async def test_a_bomb_is_never_unpacked():
    """Not even the piece that arrives at once: only what the bound allows."""

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    bomb = gzip.compress(bytes(1 << 26))
    tracemalloc.start()
    with pytest.raises(BodyError):
        await read_body(chunks(), encoding="gzip", max_bytes=1000)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 24


async def test_an_encoding_that_is_broken_is_refused(remote: Remote):
    """No gzip, half a gzip, and an encoding that nobody offered."""
    headers = "Content-Encoding: gzip\r\n"
    remote.answers["/none"] = answer("hello", headers=headers)
    remote.answers["/half"] = answer(gzip.compress(bytes(1000))[:-9], headers=headers)
    remote.answers["/br"] = answer("x", headers="Content-Encoding: br\r\n")

    assert (await refuse(remote.url("/none"))).startswith("it is no gzip")
    assert await refuse(remote.url("/half")) == "it ended too early"
    assert "'br'" in await refuse(remote.url("/br"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(remote: Remote, status: int):
    """Relative ones too; the answer says where it was found."""
    remote.answers["/old"] = redirect("new?x=1", status=status)
    remote.answers["/new"] = answer("here")
    found = await fetch(remote.url("/old"), settings=SETTINGS)

    assert (found.body, found.url) == (b"here", remote.url("/new?x=1"))


async def test_redirects_end(remote: Remote):
    """A loop is left after a few rounds."""
    remote.answers["/"] = redirect("/")

    assert await refuse(remote.url()) == "it redirects more than 5 times"
    assert len(remote.requests) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "http://[::1"]
)
async def test_redirects_stay_with_http(remote: Remote, location: str):
    """Another scheme, or no URL at all, is refused."""
    remote.answers["/"] = redirect(location)

    assert await refuse(remote.url())
    assert len(remote.requests) == 1


@pytest.mark.parametrize(
    "body", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Le"]
)
async def test_what_is_no_http_is_refused(remote: Remote, body: bytes):
    """With a text that says so."""
    remote.answers["/"] = body

    assert await refuse(remote.url())


async def test_a_slow_answer_is_given_up(remote: Remote):
    """The bound is for the whole request."""
    remote.slow = "/"
    with pytest.raises(OutgoingTimeoutError) as caught:
        await fetch(remote.url(), settings=SETTINGS, timeout=0.05)

    assert caught.value.cause == "no answer within 0.05 s"
    assert not outgoing._under_way


async def test_a_certificate_of_nobodys_is_refused(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
):
    """Contents are asked with certificates checked, stored URLs' status without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asked: list[str] = []
    for name in ("load_certificates", "trust_anybody"):
        monkeypatch.setattr(
            requests, name, lambda name=name: (asked.append(name), context)[1]
        )

    remote.answers["/"] = answer("no TLS")
    url = remote.url().replace("http:", "https:")
    with pytest.raises(OutgoingError):
        await fetch(url, settings=SETTINGS, timeout=0.05)

    with pytest.raises(OutgoingError):
        await outgoing.fetch_status(url, settings=SETTINGS, timeout=0.05)

    assert asked == ["load_certificates", "trust_anybody"]
    assert requests.load_certificates.__name__ == "<lambda>"


def test_certificates_are_checked_or_not():
    """For contents they have to be good and of that name."""
    checked, unchecked = requests.load_certificates(), requests.trust_anybody()

    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert unchecked.verify_mode == ssl.CERT_NONE


async def test_no_external_connection_stops_it(remote: Remote):
    """Before anything is sent."""
    settings = Settings(no_external_connection=True)
    with pytest.raises(ExternalConnectionsOffError, match="NO_EXTERNAL_CONNECTION"):
        await fetch(remote.url(), settings=settings)

    assert remote.requests == []


async def test_one_server_is_not_flooded(remote: Remote):
    """Strangers can cause requests; of too many at once, the next is refused."""
    remote.slow = "/slow"
    remote.answers["/slow"] = answer("late")
    remote.answers["/"] = answer("at last")
    async with anyio.create_task_group() as tasks:
        for _ in range(outgoing.MOST_PER_SERVER):
            tasks.start_soon(_fetch_path, remote, "/slow")

        while remote.open < outgoing.MOST_PER_SERVER:
            await anyio.wait_all_tasks_blocked()

        with pytest.raises(OutgoingBusyError):
            await _fetch_path(remote, "/")

        remote.let_go.set()

    found = await _fetch_path(remote, "/")

    assert found == b"at last"
    assert not outgoing._under_way


async def _fetch_path(remote: Remote, path: str) -> bytes:
    return (await fetch(remote.url(path), settings=SETTINGS)).body


async def test_json_is_of_the_type_that_was_asked_for(remote: Remote):
    """Anything else is the server's fault, and told as such."""
    remote.answers["/list"] = answer_json([1, 2])
    remote.answers["/page"] = answer("<html>")
    remote.answers["/deep"] = answer("[" * 100_000)
    found = await fetch_json(remote.url("/list"), list[int], settings=SETTINGS)

    assert found == [1, 2]
    for path, type_ in (("/list", list[str]), ("/page", list), ("/deep", list)):
        with pytest.raises(OutgoingError, match="not the JSON"):
            await fetch_json(remote.url(path), type_, settings=SETTINGS)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:word@example.org:8443/a?token=b", "example.org:8443"),
        ("https://example.org?token=b", "example.org"),
        ("nonsense", "no server"),
    ],
)
def test_messages_name_the_server_alone(url: str, name: str):
    """Paths and queries may hold keys, and are in no message."""
    assert outgoing.name_server(url) == name
