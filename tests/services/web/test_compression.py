"""Compression: which answers, by whose wish, and how much memory at once."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from services.web import compression
from services.web.compression import Compression, choose_encoding
from services.web.delivery import deliver

from .wire import BODY, answer, decompress, send


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("deflate", None),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip, zstd;q=0, br;q=0", "gzip"),
        ("*", "zstd"),
        ("*, zstd;q=0", "br"),
        ("*;q=0", None),
        ("*;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=0.5, identity", None),
        ("gzip, identity", "gzip"),
        ("identity;q=0, *", "zstd"),
        ("identity;q=0", None),
        ("gzip;q=2", None),
        ("gzip;q=x, br", "br"),
        (";;,,=", None),
    ],
)
def test_the_client_chooses_and_we_prefer(accepted: str, chosen: str | None):
    """By its q-values first; among equals zstd, then brotli, then gzip."""

    assert choose_encoding(parse_accept_header(accepted, Accept)) == chosen


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
async def test_each_encoding_can_be_read_again(encoding: str):
    """The headers say what it is and how long."""

    response, data = await send(answer(), accept=encoding)

    assert decompress(encoding, data) == BODY
    assert len(data) < len(BODY) / 3
    assert response.headers["Content-Encoding"] == encoding
    assert response.headers["Content-Length"] == str(len(data))
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
async def test_large_bodies_go_out_in_steps(encoding: str):
    """Their compressed form is never there as a whole, so its length is not known."""

    # Hexadecimal digits at random shrink to a half: something comes of every step.
    body = secrets.token_hex(1024 * 1024).encode()
    response, data = await send(answer(body), accept=encoding)

    assert decompress(encoding, data) == body
    assert "Content-Length" not in response.headers
    async with (await send_unread(answer(body), accept=encoding)).response as parts:
        sizes = [len(part) async for part in parts]

    assert len(sizes) > 5
    assert min(sizes) > 0
    assert max(sizes) < len(data) / 2


async def send_unread(response: Response, *, accept: str) -> Response:
    """Deliver an answer whose body nobody has read yet."""

    headers = {"Accept-Encoding": accept}
    async with Quart(__name__).test_request_context("/", headers=headers):
        return await deliver(response, request, Compression())


async def test_a_step_is_short(monkeypatch: pytest.MonkeyPatch):
    """The event loop is given back after each: a body is never compressed in one go."""

    sizes: list[int] = []

    def open_spy(_size: int) -> Any:
        def step(part: memoryview) -> bytes:
            sizes.append(len(part))
            return bytes(part)

        return step, lambda: b""

    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setitem(compression._OPEN, "gzip", open_spy)
    monkeypatch.setattr(compression.asyncio, "sleep", sleep)
    await send(answer(b"x" * 200_000), accept="gzip")

    assert sum(sizes) == 200_000
    assert max(sizes) <= compression.STEP
    assert len(slept) == len(sizes) - 1


@pytest.mark.parametrize(
    "kept",
    [
        answer(b"[]"),
        answer(BODY, Content_Encoding="gzip"),
        answer(BODY, Cache_Control="no-store, no-transform"),
        answer(BODY, Set_Cookie="a=b"),
        Response(BODY, content_type="image/png"),
        Response(BODY, content_type="application/zip"),
        Response(BODY, content_type="font/woff2"),
        Response(BODY, content_type="text/event-stream"),
        Response(BODY, content_type="application/json", status=206),
    ],
    ids=[
        "small",
        "encoded",
        "secret",
        "cookie",
        "png",
        "zip",
        "font",
        "events",
        "range",
    ],
)
async def test_some_answers_are_left_as_they_are(kept: Response):
    """Whatever the client wishes."""

    before = await kept.get_data()
    encoding = kept.headers.get("Content-Encoding")
    response, data = await send(kept)

    assert data == before
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Content-Length"] == str(len(before))


async def test_a_stream_is_never_held_up():
    """What its page yields goes out as it is, when it is."""

    async def lines() -> AsyncIterator[bytes]:
        yield b"x" * 5000
        yield b"y" * 5000

    response = Response(lines(), content_type="application/json")
    delivered, data = await send(response)

    assert "Content-Encoding" not in delivered.headers
    assert data == b"x" * 5000 + b"y" * 5000


@pytest.mark.parametrize("accept", [None, "identity", "gzip"])
@pytest.mark.parametrize("body", [b"[]", BODY])
async def test_caches_are_told_whatever_was_chosen(accept: str | None, body: bytes):
    """The same address may be encoded for the next client."""

    response, _ = await send(answer(body, Vary="trpc-accept"), accept=accept)

    assert response.headers["Vary"] == "trpc-accept, Accept-Encoding"


async def test_what_is_never_compressed_does_not_vary():
    """Caches keep one copy of an image."""

    response, _ = await send(Response(BODY, content_type="image/png"))

    assert "Vary" not in response.headers


async def test_who_refuses_plain_bytes_gets_none():
    """Then even a small answer is encoded."""

    response, data = await send(answer(b"[]"), accept="identity;q=0, gzip")

    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(data) == b"[]"


async def test_head_has_the_headers_of_get():
    """The server leaves the body out."""

    got, _ = await send(answer(ETag='"v"'))
    headed, _ = await send(answer(ETag='"v"'), method="HEAD")

    assert list(headed.headers) == list(got.headers)


async def test_no_more_than_so_many_are_compressed_at_once():
    """Those beyond go out as they are, and the next ones are compressed again."""

    by = Compression()
    large = BODY * 60
    opened = []
    headers = {"Accept-Encoding": "gzip"}
    async with Quart(__name__).test_request_context("/", headers=headers):
        for _ in range(compression.MAX_AT_ONCE):
            response = await deliver(answer(large), request, by)
            parts = response.response.__aiter__()
            await anext(parts)
            opened.append(parts)

    beyond, _ = await send(answer(), by=by)
    # A client that left: its compressor goes too.
    await opened[0].aclose()  # type: ignore[attr-defined]
    after, _ = await send(answer(), by=by)
    for parts in opened:
        await parts.aclose()  # type: ignore[attr-defined]

    assert "Content-Encoding" not in beyond.headers
    assert beyond.headers["Vary"] == "Accept-Encoding"
    assert after.headers["Content-Encoding"] == "zstd"


async def test_static_bytes_are_compressed_once(monkeypatch: pytest.MonkeyPatch):
    """A strong ETag says that they are the same; a weak one does not."""

    opened: list[int] = []
    open_gzip = compression._OPEN["gzip"]

    def open_spy(size: int) -> Any:
        opened.append(size)
        return open_gzip(size)

    monkeypatch.setitem(compression._OPEN, "gzip", open_spy)
    by = Compression()
    for etag in ('"a"', '"a"', '"b"', 'W/"c"', 'W/"c"'):
        _, data = await send(answer(ETag=etag), accept="gzip", by=by)
        assert gzip.decompress(data) == BODY

    assert len(opened) == 4


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """The oldest goes first."""

    monkeypatch.setattr(compression, "MAX_KEPT", 10_000)
    by = Compression()
    for number in range(50):
        await send(answer(ETag=f'"{number}"'), by=by)

    kept = [key[1] for key in by._kept]
    assert sum(map(len, by._kept.values())) <= 10_000
    assert kept[-1] == "49-zstd"
    assert "0-zstd" not in kept
