"""What every answer goes through on its way out: ETags, 304, and what stays plain."""

from __future__ import annotations

import gzip

import brotli
import pytest
from quart import Quart, Response

from .helpers import Browser
from .wire import BODY, EVERYTHING, answer, send


async def test_a_file_s_encodings_have_etags_of_their_own():
    """They are other bytes; a weak one is of the content."""

    plain, _ = await send(answer(ETag='"v"'), accept=None)
    strong, _ = await send(answer(ETag='"v"'), accept="br")
    weak, _ = await send(answer(ETag='W/"v"'), accept="br")

    tags = [one.headers["ETag"] for one in (plain, strong, weak)]
    assert tags == ['"v"', '"v-br"', 'W/"v"']


@pytest.mark.parametrize(
    ("known", "accept", "status"),
    [
        ('"v"', None, 304),
        ('W/"v"', None, 304),
        ('"a", W/"v", "b"', None, 304),
        ("*", None, 304),
        ('"v-br"', "br", 304),
        ('"v"', "br", 200),
        ('"v-br"', None, 200),
        ('"other"', None, 200),
        ("v", None, 304),
        ("", None, 200),
    ],
)
async def test_what_the_client_has_is_not_sent_again(
    known: str, accept: str | None, status: int
):
    """By the ETag of the very encoding that it would be sent."""

    response, data = await send(
        answer(ETag='"v"', Cache_Control="public"), accept=accept, If_None_Match=known
    )

    assert response.status_code == status
    if status == 304:
        assert data == b""
        assert response.headers["Cache-Control"] == "public"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["ETag"] == ('"v-br"' if accept else '"v"')
        for name in ("Content-Type", "Content-Length", "Content-Encoding"):
            assert name not in response.headers


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_nothing_of_one(status: int):
    """Not even a length of zero, which would be that of the content."""

    response, _ = await send(Response(b"", status=status, headers={"ETag": '"v"'}))

    assert response.headers["ETag"] == '"v"'
    assert "Content-Length" not in response.headers
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("encoding", [None, "gzip", "br"])
async def test_a_read_that_may_be_kept_has_an_etag(encoding: str | None):
    """Of its content, whatever the encoding; the next one like it is a 304."""

    def read(body: bytes) -> Response:
        return answer(body, Cache_Control="private, no-cache")

    first, _ = await send(read(BODY), accept=None)
    tag = first.headers["ETag"]
    same, data = await send(read(BODY), accept=encoding, If_None_Match=tag)
    other, _ = await send(read(BODY + b" "), accept=encoding, If_None_Match=tag)

    assert tag.startswith('W/"')
    assert (same.status_code, data) == (304, b"")
    assert other.status_code == 200
    assert other.headers["ETag"] != tag


@pytest.mark.parametrize(
    "response",
    [
        answer(Cache_Control="no-store"),
        answer(Cache_Control="no-store, no-transform"),
        answer(Cache_Control="private, max-age=60"),
        answer(Cache_Control="private, no-cache", Set_Cookie="a=b"),
        answer(),
        Response(
            BODY,
            status=404,
            content_type="application/json",
            headers={"Cache-Control": "private, no-cache"},
        ),
    ],
    ids=["no-store", "secret", "for a time", "cookie", "nothing said", "error"],
)
async def test_other_answers_have_no_etag(response: Response):
    """And are never a 304, whatever the client says that it has."""

    delivered, _ = await send(response, If_None_Match="*")

    assert "ETag" not in delivered.headers
    assert delivered.status_code != 304


async def test_a_change_is_never_not_modified():
    """If-None-Match is about reads."""

    response, _ = await send(
        answer(ETag='"v"', Cache_Control="private, no-cache"),
        method="POST",
        If_None_Match="*",
    )

    assert response.status_code == 200


async def test_a_page_is_compressed_once_it_sets_no_cookie(stranger: Browser):
    """The first one does."""

    first = await stranger.get("/auth/login", Accept_Encoding="identity")
    response = await stranger.client.get(
        "/auth/login", headers={"Accept-Encoding": "gzip"}
    )
    body = gzip.decompress(await response.get_data())

    assert "Set-Cookie" in first.headers
    assert "Content-Encoding" not in first.headers
    assert response.headers["Content-Encoding"] == "gzip"
    assert b"csrf_token" in body


async def test_a_cookie_is_never_in_a_compressed_answer(stranger: Browser):
    """The size of such an answer must tell nothing of it."""

    response = await stranger.client.get(
        "/auth/login", headers={"Accept-Encoding": EVERYTHING}
    )

    assert "Set-Cookie" in response.headers
    assert "Content-Encoding" not in response.headers


async def test_no_two_pages_have_the_same_token(member: Browser):
    """So nothing can be guessed from their sizes; either one is taken."""

    tokens = [(await member.get("/account")).form_token for _ in range(2)]
    out = await member.post("/auth/logout", {"csrf_token": tokens[0]})

    assert tokens[0] != tokens[1]
    assert out.status == 303


async def test_pages_with_a_secret_are_not_compressed(member: Browser):
    """A new API key, and a new invite's link, with whatever stands beside them."""

    for path, fields in (
        ("/manage/api-keys", {}),
        ("/manage/invites", {"lifetime": "1h"}),
    ):
        token = (await member.get(path)).form_token
        page = await member.post(
            path, {"csrf_token": token, **fields}, Accept_Encoding=EVERYTHING
        )

        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store, no-transform"
        assert "Content-Encoding" not in page.headers


async def test_the_page_of_an_invite_is_not_compressed(stranger: Browser):
    """It repeats the secret of its link."""

    page = await stranger.get("/auth/invite/x?token=secret")

    assert page.headers["Cache-Control"] == "no-store, no-transform"


async def test_static_files_are_compressed(app: Quart):
    """For ever, as the plain ones."""

    response = await app.test_client().get(
        "/static/style.css", headers={"Accept-Encoding": "br"}
    )
    etag = response.headers["ETag"]
    again = await app.test_client().get(
        "/static/style.css", headers={"Accept-Encoding": "br", "If-None-Match": etag}
    )

    assert b"{" in brotli.decompress(await response.get_data())
    assert etag.endswith('-br"')
    assert (again.status_code, await again.get_data()) == (304, b"")


async def test_results_over_trpc_are_kept_and_compressed(member: Browser):
    """As REST's: these two are told apart by nothing on their way out."""

    path = "/api/trpc/app.all"
    response = await member.client.get(path, headers={"Accept-Encoding": "gzip"})
    etag = response.headers["ETag"]
    again = await member.get(path, If_None_Match=etag)

    assert response.headers["Vary"] == "trpc-accept, accept, Accept-Encoding"
    assert b"iconUrl" in gzip.decompress(await response.get_data())
    assert (again.status, again.text) == (304, "")


async def test_lines_over_trpc_go_out_as_they_are(member: Browser):
    """A stream must flush, and each line is read when it comes."""

    page = await member.get(
        "/api/trpc/app.all?batch=1",
        trpc_accept="application/jsonl",
        Accept_Encoding=EVERYTHING,
    )

    assert "Content-Encoding" not in page.headers
    assert "ETag" not in page.headers
    assert "iconUrl" in page.text
