"""REST, as trpc-to-openapi 3.1.0 answers: bare JSON, its errors, and keys only."""

from __future__ import annotations

import json

import pytest
from quart import Quart

from services.web.rest import answers

from ..helpers import ADMIN, GUEST, Browser, FakeClock
from .asking import ask, read_error


async def test_a_result_is_bare_json(app: Quart, key: str):
    """No envelope, no SuperJSON: dates are texts, undefined is absent."""

    response = await ask(app, "GET", "/api/things", key=key)

    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert (await response.get_data()).decode() == (
        '[{"at":"2026-01-02T03:04:05.678Z","none":null,"list":[1,null],"ä":0.5}]'
    )


async def test_no_result_is_an_empty_body(app: Quart, key: str):
    """200 and nothing, as JSON.stringify makes of undefined."""

    response = await ask(app, "DELETE", "/api/things/x", key=key)

    assert (response.status_code, await response.get_data()) == (200, b"")
    assert response.headers["Content-Length"] == "0"


async def test_an_error_has_its_code_in_words(app: Quart, key: str):
    """Where tRPC says a number, and its data as tRPC has it."""

    response = await ask(app, "GET", "/api/things/none", key=key)

    assert response.status_code == 404
    assert await read_error(response) == {
        "message": "Thing not found",
        "code": "NOT_FOUND",
        "data": {
            "code": "NOT_FOUND",
            "httpStatus": 404,
            "path": "thing.byId",
            "zodError": None,
            "error": None,
        },
    }


async def test_without_a_key_nobody_is_asking(app: Quart, member: Browser):
    """The cookie of a login counts for nothing here."""

    page = await member.get("/api/things")
    open_page = await member.get("/api/things/x")

    assert (page.status, json.loads(page.text)["message"]) == (401, "UNAUTHORIZED")
    assert json.loads(open_page.text) == {"id": "x", "user": None}


async def test_a_key_has_the_permissions_of_its_owner(
    app: Quart, key: str, guest_key: str
):
    """Neither more nor less."""

    bodies = {"json": {"name": "n"}}
    may = await ask(app, "PATCH", "/api/things/x", key=key, **bodies)
    may_not = await ask(app, "PATCH", "/api/things/x", key=guest_key, **bodies)
    who = await ask(app, "GET", "/api/things/x", key=guest_key)

    assert await may.get_json() == {"id": "x", "name": "n", "due": None}
    assert (await read_error(may_not))["message"] == "Permission denied"
    assert may_not.status_code == 403
    assert await who.get_json() == {"id": "x", "user": GUEST}


async def test_a_wrong_key_opens_nothing_not_even_what_is_public(app: Quart, key: str):
    """Whoever sends one is told that it is wrong."""

    response = await ask(app, "GET", "/api/things/x", key=f"{key}0")

    assert response.status_code == 401
    assert (await read_error(response))["code"] == "UNAUTHORIZED"


async def test_keys_cannot_be_tried_out(app: Quart, key: str, clock: FakeClock):
    """The same throttle as everywhere, told in this place's words."""

    key_id = key.partition(".")[0]
    responses = [
        await ask(app, "GET", "/api/things", key=f"{key_id}.{number:064x}")
        for number in range(7)
    ]

    assert [one.status_code for one in responses] == [401] * 6 + [429]
    for _ in range(4):
        clock.seconds += int(responses[-1].headers["Retry-After"])
        wrong = f"{key_id}.{clock.seconds:.0f}"
        responses += [await ask(app, "GET", "/api/things", key=wrong) for _ in range(2)]

    assert [one.status_code for one in responses[-2:]] == [401, 429]
    assert int(responses[-1].headers["Retry-After"]) > 2
    error = await read_error(responses[-1])
    assert error["code"] == "TOO_MANY_REQUESTS"
    assert f" in {responses[-1].headers['Retry-After']} second" in error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nowhere"),
        ("GET", "/api/things/a/b"),
        ("GET", "/api/things/unlisted/x"),
        ("PUT", "/api/things"),
        ("POST", "/api/things/x"),
        ("DELETE", "/api/things"),
    ],
)
async def test_unknown_addresses_and_wrong_methods_are_not_found(
    app: Quart, key: str, method: str, path: str
):
    """The two are not told apart, and no procedure has a name here."""

    response = await ask(app, method, path, key=key, json={})

    assert response.status_code == 404
    assert await read_error(response) == {
        "message": "Not found",
        "code": "NOT_FOUND",
        "data": {
            "code": "NOT_FOUND",
            "httpStatus": 404,
            "zodError": None,
            "error": None,
        },
    }


@pytest.mark.parametrize("path", ["/api/things", "/api/things/x", "/api/nowhere"])
async def test_head_is_answered_with_nothing(app: Quart, path: str):
    """204, whatever the address: programs warm up with it."""

    response = await ask(app, "HEAD", path)

    assert (response.status_code, await response.get_data()) == (204, b"")


async def test_a_name_goes_before_a_brace(app: Quart, key: str):
    """Whichever was declared first; case and a slash at the end do not matter."""

    for path in ("things/paginated", "Things/Paginated", "things/paginated/"):
        response = await ask(app, "GET", f"/api/{path}", key=key)

        assert (await response.get_json())["pageSize"] == 10


async def test_a_fault_of_ours_is_told_without_its_words(
    app: Quart, caplog: pytest.LogCaptureFixture
):
    """Those are in the log."""

    response = await ask(app, "GET", "/api/things/broken")
    error = await read_error(response)

    assert response.status_code == 500
    assert error["message"] == error["code"] == "INTERNAL_SERVER_ERROR"
    assert "nobody's business" in caplog.text
    assert "nobody's business" not in json.dumps(error)


async def test_a_result_that_is_no_json_is_a_fault_of_ours(
    app: Quart, caplog: pytest.LogCaptureFixture
):
    """Told in the same shape."""

    response = await ask(app, "GET", "/api/things/odd")

    error = await read_error(response)
    assert response.status_code == 500
    assert error["message"] == error["code"] == "INTERNAL_SERVER_ERROR"
    assert "a REST call failed" in caplog.text


@pytest.mark.parametrize(
    ("path", "status", "seconds", "code"),
    [
        ("busy", 503, "1", "SERVICE_UNAVAILABLE"),
        ("crowded", 429, "2", "TOO_MANY_REQUESTS"),
    ],
)
async def test_what_is_busy_says_when_to_come_back(
    app: Quart, path: str, status: int, seconds: str, code: str
):
    """As pages do."""

    response = await ask(app, "GET", f"/api/things/{path}")

    assert (response.status_code, response.headers["Retry-After"]) == (status, seconds)
    assert (await read_error(response))["code"] == code


async def test_a_procedure_that_does_not_end_is_given_up(
    app: Quart, monkeypatch: pytest.MonkeyPatch
):
    """The caller is told, and nothing of it goes on."""

    monkeypatch.setattr(answers, "CALL_TIMEOUT", 0)
    response = await ask(app, "GET", "/api/things/endless")

    assert response.status_code == 408
    assert (await read_error(response))["code"] == "TIMEOUT"


@pytest.mark.parametrize(
    ("method", "path", "caching"),
    [
        ("GET", "/api/things", "private, no-cache"),
        ("GET", "/api/things/key", "no-store, no-transform"),
        ("POST", "/api/things/secret", "no-store, no-transform"),
        ("DELETE", "/api/things/x", "no-store"),
    ],
)
async def test_only_reads_are_kept_and_secrets_never(
    app: Quart, key: str, method: str, path: str, caching: str
):
    """A secret is not to be compressed by anybody on the way either."""

    response = await ask(app, method, path, key=key)

    assert response.headers["Cache-Control"] == caching


async def test_addresses_of_the_house_keep_their_meaning(member: Browser):
    """A catch-all goes after whatever has an address of its own."""

    health = await member.get("/api/health/ready")
    memory = await member.get("/api/memory")

    assert (health.status, health.text) == (200, "")
    assert json.loads(memory.text)["process"] == "web+ws+tasks"


async def test_a_wrong_method_of_the_house_s_own_address_is_told_so(app: Quart):
    """405 there, with what is right; below it nothing is found."""

    wrong = await ask(app, "POST", "/api/health/live", json={})
    nothing = await ask(app, "GET", "/api/health/nothing")

    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")
    assert await wrong.get_json() == {
        "error": "This address does not take that kind of request."
    }
    assert (await read_error(nothing))["code"] == "NOT_FOUND"


async def test_no_other_site_is_allowed_to_ask(app: Quart, key: str):
    """There is no CORS: no page elsewhere can add the header."""

    response = await ask(
        app, "OPTIONS", "/api/things", headers={"Origin": "https://a.example"}
    )

    assert not [name for name in response.headers.keys() if "Access-Control" in name]  # noqa: SIM118


async def test_the_owner_is_known_to_the_procedure(app: Quart, key: str):
    """By the key alone."""

    response = await ask(app, "GET", "/api/things/x", key=key)

    assert await response.get_json() == {"id": "x", "user": ADMIN}
