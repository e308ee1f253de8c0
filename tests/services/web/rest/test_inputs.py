"""What a request gives a procedure: the path, the query and the body."""

from __future__ import annotations

from typing import Any

import pytest
from quart import Quart

from services.web.app import MAX_BODY_BYTES

from .asking import ask, read_error


async def test_a_part_of_the_path_is_a_member_of_the_input(app: Quart, key: str):
    """Decoded, and before one of the same name in the body or the query."""

    got = await ask(app, "GET", "/api/things/a%20b?thingId=c", key=key)
    patched = await ask(
        app, "PATCH", "/api/things/x", key=key, json={"thingId": "y", "name": "n"}
    )

    assert (await got.get_json())["id"] == "a b"
    assert (await patched.get_json())["id"] == "x"


@pytest.mark.parametrize(
    ("query", "member", "value"),
    [
        ("pageSize=25", "pageSize", 25),
        ("share=0.5", "share", 0.5),
        ("share=2", "share", 2.0),
        ("hidden=true", "hidden", True),
        ("hidden=0", "hidden", False),
        ("order=2", "order", 2),
        ("search=25", "search", "25"),
        ("search=", "search", ""),
        ("search=null", "search", "null"),
        ("textOrNumber=7", "textOrNumber", "7"),
        ("tags=1", "tags", [1]),
        ("tags=1&tags=2", "tags", [1, 2]),
        ("after=2026-01-02", "after", "2026-01-02T00:00:00Z"),
        ("after=2026-01-02T03:04:05Z", "after", "2026-01-02T03:04:05Z"),
        ("unknown=1", "pageSize", 10),
    ],
)
async def test_the_query_becomes_what_the_input_wants(
    app: Quart, key: str, query: str, member: str, value: Any
):
    """Numbers, booleans, lists and dates; a text stays one."""

    response = await ask(app, "GET", f"/api/things/paginated?{query}", key=key)

    assert response.status_code == 200
    assert (await response.get_json())[member] == value


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=ten",
        "pageSize=1.5",
        "pageSize=1000",
        "pageSize=" + "9" * 5000,
        "share=nan",
        "share=1e999",
        "hidden=maybe",
        "order=3",
        "tags=1&tags=x",
        "after=tomorrow",
        "pageSize=1&pageSize=2",
    ],
)
async def test_invalid_input_is_refused_with_its_issues(
    app: Quart, key: str, query: str
):
    """Each issue names its place."""

    response = await ask(app, "GET", f"/api/things/paginated?{query}", key=key)
    error = await read_error(response)

    assert response.status_code == 400
    assert error["message"] == "Input validation failed"
    assert error["code"] == "BAD_REQUEST"
    assert error["issues"]
    assert error["data"]["zodError"]


async def test_the_guard_is_asked_before_the_input_is_judged(app: Quart):
    """Strangers learn nothing of what an input should be."""

    response = await ask(app, "GET", "/api/things/paginated?pageSize=ten")

    assert response.status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a":}', b"[" * 100_000, b"1e999", b"{} {}"]
)
async def test_what_is_no_json_is_refused(app: Quart, key: str, body: bytes):
    """Whatever is wrong with it."""

    response = await ask(app, "PATCH", "/api/things/x", key=key, data=body)

    assert response.status_code == 400
    assert (await read_error(response))["message"] == "Failed to parse request body"
    assert (await read_error(response))["code"] == "PARSE_ERROR"


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"x"', b'{"name":7}', b"{}"])
async def test_json_of_the_wrong_shape_is_invalid_input(
    app: Quart, key: str, body: bytes
):
    """Nothing is made of it."""

    response = await ask(app, "PATCH", "/api/things/x", key=key, data=body)

    assert response.status_code == 400
    assert (await read_error(response))["message"] == "Input validation failed"


async def test_what_is_no_object_is_never_taken_for_an_empty_one(app: Quart, key: str):
    """Not even where an empty one would do; null is what was not given."""

    wrong = await ask(app, "POST", "/api/things/find", key=key, data=b"[]")
    null = await ask(app, "POST", "/api/things/find", key=key, data=b"null")
    empty = await ask(app, "POST", "/api/things/find", key=key, data=b"{}")

    assert wrong.status_code == 400
    assert await null.get_data() == b"null"
    assert (await empty.get_json())["pageSize"] == 10


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 200),
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
async def test_a_body_is_json_or_has_no_type(
    app: Quart, key: str, content_type: str | None, status: int
):
    """Forms of other sites cannot get in, whatever key they would send."""

    headers = {"Content-Type": content_type} if content_type else {}
    response = await ask(
        app, "PATCH", "/api/things/x", key=key, data=b'{"name":"n"}', headers=headers
    )

    assert response.status_code == status
    if status == 415:
        told = (await read_error(response))["message"]
        assert told == f'Unsupported content-type "{content_type}'


async def test_a_text_in_a_body_becomes_a_date_and_nothing_else(app: Quart, key: str):
    """JSON has numbers and booleans of its own, so texts of them are wrong."""

    dated = await ask(
        app, "PATCH", "/api/things/x", key=key, json={"name": "n", "due": "2026-01-02"}
    )
    numbered = await ask(
        app, "POST", "/api/things/find", key=key, json={"pageSize": "7"}
    )
    found = await ask(app, "POST", "/api/things/find", key=key, json={"pageSize": 7})

    assert (await dated.get_json())["due"] == "2026-01-02T00:00:00.000Z"
    assert numbered.status_code == 400
    assert (await found.get_json())["pageSize"] == 7


async def test_a_body_that_is_not_wanted_is_not_read(app: Quart, key: str):
    """A procedure without an input takes whatever JSON, as Homarr's does."""

    response = await ask(app, "POST", "/api/things/secret", key=key, data=b"{")

    assert response.status_code == 200


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"{}", 200), (b"{", 400)])
async def test_a_body_may_lack_where_the_path_says_all(
    app: Quart, key: str, body: bytes, status: int
):
    """A wrong one is wrong all the same."""

    response = await ask(app, "PATCH", "/api/things/x/touch", key=key, data=body)

    assert response.status_code == status


async def test_a_large_body_is_refused(app: Quart, key: str):
    """Before it is parsed."""

    body = b'"' + b"x" * MAX_BODY_BYTES + b'"'
    response = await ask(app, "PATCH", "/api/things/x", key=key, data=body)

    assert response.status_code == 413
    assert (await read_error(response))["code"] == "PAYLOAD_TOO_LARGE"
