"""Whatever is sent has one answer, in the shape that clients read errors from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from quart import Quart

from services.web.trpc.reading import MAX_PATHS_LENGTH

from ..helpers import ADMIN, PASSWORD, Browser, Page

MIB = 1024 * 1024
INPUT = b'{"json":{"id":"x"}}'


def told(page: Page) -> tuple[int, str, str]:
    """The status, the code and the message of an error."""

    error: dict[str, Any] = json.loads(page.text)["error"]["json"]
    assert page.status == error["data"]["httpStatus"]
    assert page.headers["Cache-Control"] == "no-store"
    return page.status, error["data"]["code"], error["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"json":',
        b"\xff\xfe",
        b'{"json":{"id":"\xed\xa0\x80"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=["brace", "word", "half", "bytes", "surrogate", "arrays", "objects"],
)
@pytest.mark.parametrize("query", ["", "?batch=1"])
async def test_what_is_not_json_is_refused(stranger: Browser, body: bytes, query: str):
    """One call or a batch of one: 400, and the process goes on."""

    page = await stranger.post_json(f"/api/trpc/probe.change{query}", body)
    if query:
        assert page.status == 400
        (one,) = json.loads(page.text)
        assert one["error"]["json"]["data"]["code"] == "BAD_REQUEST"
        return

    status, code, message = told(page)

    assert (status, code) == (400, "BAD_REQUEST")
    assert message.startswith("The input is not")


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b'"x"', b"{}", b'{"id":"x"}'])
async def test_json_that_is_no_superjson_is_refused(stranger: Browser, body: bytes):
    """The message says which member is missing."""

    page = await stranger.post_json("/api/trpc/probe.change", body)

    assert told(page)[1] == "BAD_REQUEST"
    assert 'the member "json" is missing' in page.text.replace('\\"', '"')


@pytest.mark.parametrize(
    "document",
    [
        '{"json":{"id":"x"},"meta":{"values":{"id":["Date"],"no.such":["Date"]}}}',
        '{"json":{"id":"x"},"meta":5}',
        '{"json":{"id":"x"},"meta":{"values":[[[["x"]]]],"v":1}}',
        '{"json":{"id":"x"},"meta":{"values":{"id":["custom","X"]},"v":1}}',
        '{"json":{"id":"x"},"meta":{"referentialEqualities":{"id":["x"]},"v":1}}',
    ],
)
async def test_annotations_that_do_not_fit_are_passed_over(
    stranger: Browser, document: str
):
    """The plain value is the best that there is."""

    page = await stranger.post_json("/api/trpc/probe.change", document.encode())

    assert page.status == 200


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "probe.change", "mutation"),
        ("POST", "probe.echo", "query"),
        ("POST", "probe.heard", "subscription"),
        ("PUT", "probe.change", "mutation"),
        ("PATCH", "probe.echo", "query"),
        ("DELETE", "probe.change", "mutation"),
        ("GET", "docker.startAll", "mutation"),
    ],
)
async def test_each_kind_has_its_method(
    app: Quart, method: str, path: str, kind: str, contexts: list[object]
):
    """tRPC's own words, and nothing has been called."""

    response = await app.test_client().open(
        f"/api/trpc/{path}",
        method=method,
        headers={"Content-Type": "application/json"},
        data=INPUT if method != "GET" else None,
    )
    error = json.loads(await response.get_data())["error"]["json"]

    assert response.status_code == 405
    assert error["code"] == -32005
    assert error["message"] == (
        f'Unsupported {method}-request to {kind} procedure at path "{path}"'
    )
    assert not contexts


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_head_and_options_are_empty(app: Quart, method: str):
    """And no page of another site is let in by a header."""

    response = await app.test_client().open(
        "/api/trpc/probe.null",
        method=method,
        headers={"Origin": "https://elsewhere.example"},
    )

    assert response.status_code == 204
    assert await response.get_data() == b""
    assert not [name for name, _ in response.headers if name.startswith("Access-")]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        # The missing quotation mark is tRPC's own.
        ("text/plain", 'Unsupported content-type "text/plain'),
        (
            "application/x-www-form-urlencoded",
            'Unsupported content-type "application/x-www-form-urlencoded',
        ),
        (
            "application/octet-stream",
            'Unsupported content-type "application/octet-stream',
        ),
        (None, "Missing content-type header"),
    ],
)
async def test_other_types_of_content_are_not_read(
    app: Quart, kind: str | None, message: str
):
    """tRPC's own words; a form of another site could not say that it is JSON."""

    response = await app.test_client().post(
        "/api/trpc/probe.change",
        headers={} if kind is None else {"Content-Type": kind},
        data=INPUT,
    )
    error = json.loads(await response.get_data())["error"]["json"]

    assert response.status_code == 415
    assert (error["code"], error["message"]) == (-32015, message)


async def test_a_charset_does_not_hurt(stranger: Browser):
    """Some programs name one."""

    page = await stranger.post_json(
        "/api/trpc/probe.change", INPUT, Content_Type="application/json; charset=utf-8"
    )

    assert page.status == 200


async def test_a_body_has_a_bound(stranger: Browser):
    """A little below one MiB is read, and one above is refused unread."""

    text = b"x" * (MIB - 100)
    large = await stranger.post_json(
        "/api/trpc/probe.reset", b'{"json":"' + text + b'"}'
    )
    larger = await stranger.post_json(
        "/api/trpc/probe.reset", b'{"json":"' + text * 2 + b'"}'
    )

    assert large.status == 200
    assert told(larger)[:2] == (413, "PAYLOAD_TOO_LARGE")


async def test_a_path_has_a_bound(stranger: Browser):
    """The front door's own comes later: a path of ten thousand names is no batch."""

    page = await stranger.get("/api/trpc/" + "a," * (MAX_PATHS_LENGTH // 2) + "aa")

    assert told(page)[:2] == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "path",
    [
        "probe",
        "probe.",
        ".echo",
        "probe..echo",
        "probe.echo.more",
        "probe.__init__",
        "__proto__.x",
        "routers.procedures",
        "..%2f..%2fetc",
        "a/b",
        "%F0%9F%8E%B2",
        "probe.echo%00",
    ],
)
async def test_odd_paths_are_not_found(stranger: Browser, path: str):
    """No name leads to anything that is not a procedure."""

    page = await stranger.get(f"/api/trpc/{path}")

    assert told(page)[:2] == (404, "NOT_FOUND")


async def test_an_empty_name_in_a_batch_is_not_found(stranger: Browser):
    """The others are answered."""

    page = await stranger.get("/api/trpc/probe.null,,probe.null?batch=1")
    ends = json.loads(page.text)

    assert page.status == 207
    assert ends[1]["error"]["json"]["message"] == 'No procedure found on path ""'


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data"])
async def test_pages_of_other_sites_cannot_change_anything(
    member: Browser, headers: dict[str, str], kind: str, contexts: list[object]
):
    """Cookies or not; told in the shape of an error, before anything is read."""

    page = await member.post_json(
        "/api/trpc/probe.change", INPUT, Content_Type=kind, **headers
    )

    assert told(page)[:2] == (403, "FORBIDDEN")
    assert not contexts


async def test_the_site_s_own_pages_and_programs_may(member: Browser):
    """A browser says that it is the same origin; a program says nothing."""

    path = "/api/trpc/probe.change"
    own = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}

    assert (await member.post_json(path, INPUT, **own)).status == 200
    assert (await member.post_json(path, INPUT)).status == 200


async def test_trouble_at_the_door_has_the_shape_of_an_error_too(
    member: Browser, app: Quart, monkeypatch: pytest.MonkeyPatch
):
    """A client of tRPC reads it like any other."""

    from dashboard.errors import DatabaseBusyError, DatabaseFullError
    from services.web import door

    for error, status in ((DatabaseBusyError(5), 503), (DatabaseFullError("x"), 503)):

        async def fail(*_: object, _error: Exception = error, **__: object) -> None:
            raise _error

        monkeypatch.setattr(door, "find_session", fail)
        page = await member.get("/api/trpc/probe.null")

        assert told(page)[:2] == (status, "SERVICE_UNAVAILABLE")


async def test_an_expired_cookie_is_nobody(stranger: Browser, contexts: list[Any]):
    """As without one: what anybody may see is shown."""

    page = await stranger.get(
        "/api/trpc/probe.echo?input=" + INPUT.decode(),
        Cookie="authjs.session-token=gone",
    )

    assert page.status == 200
    assert contexts[0].session is None
    assert ADMIN not in page.text
    assert PASSWORD not in page.text
