"""The HTTP client counts what it asks and what it gets, and bears nothing odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore
import pytest
import trio

from memory_report.answers import Answers
from memory_report.errors import StoryError
from memory_report.pinged_site import open_pinged_site
from memory_report.visitor import Answer, Visitor

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n"


@asynccontextmanager
async def open_server(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Give these answers in turn, one for each connection; keep what was asked.

    The body of a form is read until it ends in the letter b.
    """

    asked: list[bytes] = []
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    waiting = list(answers)

    async def serve(stream: trio.SocketStream) -> None:
        request = await stream.receive_some()
        if request.startswith(b"POST"):
            while not request.endswith(b"b"):
                request += await stream.receive_some()

        asked.append(request)
        await stream.send_all(waiting.pop(0))
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        host, port = listener.socket.getsockname()
        yield f"http://{host}:{port}", asked
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_visitor(
    url: str, counts: Counter[str], answers: Answers | None = None
) -> AsyncIterator[Visitor]:
    """Open a browser at an address."""

    async with httpcore.AsyncConnectionPool() as pool:
        yield Visitor(pool, url, service="web", counts=counts, answers=answers)


async def test_cookies_are_kept_sent_and_forgotten():
    """A cookie comes back with the next request until the server empties it."""

    first = OK + b"Set-Cookie: a=1; HttpOnly\r\nSet-Cookie: b=2\r\n\r\nok"
    second = OK + b"Set-Cookie: a=; Max-Age=0\r\n\r\nok"
    async with (
        open_server(first, second, OK + b"\r\nok") as (url, asked),
        open_visitor(url, Counter()) as visitor,
    ):
        for _ in range(3):
            await visitor.get("/")

    sent = [
        next((line for line in head.split(b"\r\n") if b"ookie:" in line), b"")
        for head in asked
    ]
    assert sent == [b"", b"Cookie: a=1; b=2", b"Cookie: b=2"]


async def test_requests_and_statuses_are_counted():
    """The ledger's client side is written as the answers come."""

    counts: Counter[str] = Counter()
    moved = b"HTTP/1.1 303 See Other\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    async with (
        open_server(OK + b"\r\nok", moved) as (url, asked),
        open_visitor(url, counts) as visitor,
    ):
        await visitor.get("/")
        answer = await visitor.post_form("/form", {"name": "a&b"})

    assert answer.location == "/x"
    assert asked[1].endswith(b"name=a%26b")
    assert counts == {
        "web.requests": 2,
        "web.responses_2xx": 1,
        "web.responses_3xx": 1,
        "web.response_bytes": 2,
    }


async def test_answers_are_kept_with_what_was_asked():
    """Status, address and words: all that a digest is made of."""

    answers: Answers = []
    moved = b"HTTP/1.1 303 See Other\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    async with (
        open_server(OK + b"\r\nok", moved) as (url, _),
        open_visitor(url, Counter(), answers) as visitor,
    ):
        await visitor.get("/?edit=1")
        await visitor.post_form("/form", {"name": "b"})

    assert answers == [
        ("web GET /?edit=1", "200 \nok"),
        ("web POST /form", "303 /x\n"),
    ]


async def test_an_unexpected_status_fails_the_story():
    """It is named with what the page said, and counted all the same."""

    counts: Counter[str] = Counter()
    refused = (
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\n<h1>No\n entry</h1> "
    )
    async with (
        open_server(refused) as (url, _),
        open_visitor(url, counts) as visitor,
    ):
        with pytest.raises(StoryError, match="status 403 instead of 200: No entry"):
            await visitor.get("/secret")

    assert counts["web.responses_4xx"] == 1


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"])
async def test_no_answer_fails_the_story(answer: bytes):
    """A connection that is dropped or speaks something else is no crash of ours."""

    async with (
        open_server(answer) as (url, _),
        open_visitor(url, Counter()) as visitor,
    ):
        with pytest.raises(StoryError, match="GET /"):
            await visitor.get("/")


async def test_a_refused_connection_fails_the_story():
    """Nobody listens: the step is named."""

    async with open_server() as (url, _):
        pass

    async with open_visitor(url, Counter()) as visitor:
        with pytest.raises(StoryError, match="ConnectError"):
            await visitor.get("/")


def test_the_form_token_is_read_from_the_page():
    """It is HTML, so it is unescaped; a page without forms is named as such."""

    page = Answer(
        status=200,
        location="",
        text='<input type="hidden" name="csrf_token" value="a&amp;b">',
    )

    assert page.form_token() == "a&b"

    with pytest.raises(StoryError, match="no csrf_token field"):
        Answer(status=200, location="", text="").form_token()


async def test_the_pinged_site_answers_and_counts():
    """Half a request, or none, is no visit and does no harm."""

    async with open_pinged_site() as site, httpcore.AsyncConnectionPool() as pool:
        port = int(site.url.rstrip("/").rpartition(":")[2])
        silent = await trio.open_tcp_stream("127.0.0.1", port)
        await silent.send_all(b"GET / HT")
        await silent.aclose()

        response = await pool.request("GET", site.url)

        assert (response.status, site.requests) == (204, 1)
