"""One call by itself: @trpc/client's httpLink, and programs without a client."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from dashboard.resources import Resources
from dashboard.trpc import Context
from services.web import create_app, door

from ..helpers import ADMIN, Browser, FakeMonitor

UNDEFINED = '{"json":null,"meta":{"values":["undefined"],"v":1}}'


def ask(path: str, document: Any = None) -> str:
    """The address of a query, with an input as superjson writes it."""

    text = UNDEFINED if document is None else json.dumps(document)
    return f"/api/trpc/{path}?input={quote(text)}"


async def test_a_query_is_answered_in_trpcs_envelope(stranger: Browser):
    """The very bytes that its own server sends."""

    page = await stranger.get(ask("probe.echo", {"json": {"id": "x"}}))

    assert page.status == 200
    assert page.text == '{"result":{"data":{"json":{"id":"x"}}}}'
    assert page.headers["Content-Type"] == "application/json"
    assert "trpc-accept" in page.headers["Vary"]


@pytest.mark.parametrize(
    ("production", "level"), [(True, logging.DEBUG), (False, logging.INFO)]
)
async def test_who_asks_for_what_is_a_line_of_the_log(
    resources: Resources,
    monitor: FakeMonitor,
    caplog: pytest.LogCaptureFixture,
    production: bool,
    level: int,
):
    """At debug in production, since there is one for each request."""

    settings = replace(resources.settings, production=production)
    app = create_app(resources=replace(resources, settings=settings), monitor=monitor)
    caplog.set_level(logging.DEBUG, "services.web")
    async with app.test_app():
        await Browser(app).get(ask("probe.null"), x_trpc_source="a test")

    lines = [one for one in caplog.records if "tRPC request" in one.getMessage()]

    assert [(one.levelno, one.getMessage()) for one in lines] == [
        (level, "tRPC request from a test by user nobody: probe.null")
    ]


async def test_dates_and_undefined_are_annotated(stranger: Browser):
    """As superjson does it, dots in names escaped."""

    page = await stranger.get(ask("probe.when"))
    date = "2026-08-09T10:11:12.345Z"

    assert json.loads(page.text) == {
        "result": {
            "data": {
                "json": {"at": date, "list": [date, None, None], "a.b": None},
                "meta": {
                    "values": {
                        "at": ["Date"],
                        "list.0": ["Date"],
                        "list.2": ["undefined"],
                        "a\\.b": ["undefined"],
                    },
                    "v": 1,
                },
            }
        }
    }


async def test_no_result_is_undefined_and_null_is_null(stranger: Browser):
    """A client tells them apart."""

    nothing = await stranger.post_json("/api/trpc/probe.change", b'{"json":{"id":"x"}}')
    null = await stranger.get(ask("probe.null"))

    assert nothing.text == f'{{"result":{{"data":{UNDEFINED}}}}}'
    assert null.text == '{"result":{"data":{"json":null}}}'


@pytest.mark.parametrize(
    ("path", "status", "message", "number", "code"),
    [
        ("no.such", 404, 'No procedure found on path "no.such"', -32004, "NOT_FOUND"),
        ("x", 404, 'No procedure found on path "x"', -32004, "NOT_FOUND"),
        ("a,b", 404, 'No procedure found on path "a,b"', -32004, "NOT_FOUND"),
        ("probe.mine", 401, "UNAUTHORIZED", -32001, "UNAUTHORIZED"),
        ("probe.lost", 404, "User not found", -32004, "NOT_FOUND"),
        (
            "docker.getContainers",
            501,
            '"docker.getContainers" is not offered: containers are not managed here',
            -32603,
            "NOT_IMPLEMENTED",
        ),
    ],
)
async def test_an_error_has_homarrs_shape(
    stranger: Browser, path: str, status: int, message: str, number: int, code: str
):
    """All members, in their order, and the status of the code."""

    page = await stranger.get(ask(path))

    assert page.status == status
    assert page.text == (
        f'{{"error":{{"json":{{"message":{json.dumps(message)},"code":{number},'
        f'"data":{{"code":"{code}","httpStatus":{status},"path":"{path}",'
        '"zodError":null,"error":null}}}}'
    )
    assert page.headers["Cache-Control"] == "no-store"


async def test_a_member_without_the_permission_is_told_so(guest: Browser):
    """403 in Homarr's words; a member of no account is told 401 above."""

    page = await guest.get(ask("probe.managed"))
    error = json.loads(page.text)["error"]["json"]

    assert page.status == 403
    assert (error["message"], error["code"]) == ("Permission denied", -32003)


async def test_a_wrong_input_is_told_as_zod_does(stranger: Browser):
    """The message is the pretty JSON of the issues, and they come by field too."""

    page = await stranger.get(ask("probe.echo", {"json": {"id": 5}}))
    error = json.loads(page.text)["error"]["json"]
    words = "Invalid input: expected string, received number"

    assert page.status == 400
    assert error["code"] == -32600
    assert error["message"].startswith('[\n  {\n    "expected": "string",')
    assert error["data"]["zodError"] == {
        "formErrors": [],
        "fieldErrors": {"id": [words]},
    }


@pytest.mark.parametrize("query", ["", "?input=", "?input=" + quote(UNDEFINED)])
async def test_an_input_that_is_not_there_is_undefined(stranger: Browser, query: str):
    """However it is not there."""

    page = await stranger.get(f"/api/trpc/probe.echo{query}")
    error = json.loads(page.text)["error"]["json"]

    assert page.status == 400
    assert "expected object, received undefined" in error["message"]
    assert (await stranger.get(f"/api/trpc/probe.null{query}")).status == 200


@pytest.mark.parametrize("query", ["", "?input=" + quote(UNDEFINED), "?batch=1"])
@pytest.mark.parametrize("address", ["/api/trpc/", "/api/trpc"])
async def test_no_path_is_a_procedure_that_is_not_there(
    stranger: Browser, address: str, query: str
):
    """In tRPC's envelope, as its own server tells it."""

    page = await stranger.get(f"{address}{query}")
    answer = json.loads(page.text)
    error = (answer[0] if query == "?batch=1" else answer)["error"]["json"]

    assert page.status == 404
    assert error["message"] == 'No procedure found on path ""'
    assert error["code"] == -32004
    assert error["data"]["path"] == ""


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("probe.null/", None),
        ("probe.null//", None),
        ("probe.null///", "probe.null/"),
        ("/probe.null", "/probe.null"),
        ("//probe.null", "//probe.null"),
        ("/", ""),
        ("probe.null/x", "probe.null/x"),
    ],
)
async def test_slashes_are_read_as_trpcs_fetch_adapter_reads_them(
    stranger: Browser, address: str, path: str | None
):
    """Two at the end are one too many, as is one before: captured of 11.7.2."""

    page = await stranger.get(f"/api/trpc/{address}")
    error = json.loads(page.text).get("error", {}).get("json", {})

    assert page.status == (200 if path is None else 404)
    assert error.get("data", {}).get("path") == path
    if path is not None:
        assert error["message"] == f'No procedure found on path "{path}"'


async def test_a_session_is_looked_up_once_for_all_calls(
    member: Browser, monkeypatch: pytest.MonkeyPatch
):
    """A page's worth of queries asks the database once who it is."""

    asked = 0
    find = door.find_session

    async def count(*args: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        return await find(*args, **more)

    monkeypatch.setattr(door, "find_session", count)
    page = await member.get("/api/trpc/probe.mine,probe.managed,probe.mine?batch=1")

    assert page.text == (
        f'[{{"result":{{"data":{{"json":"{ADMIN}"}}}}}},'
        '{"result":{"data":{"json":true}}},'
        f'{{"result":{{"data":{{"json":"{ADMIN}"}}}}}}]'
    )
    assert asked == 1


async def test_procedures_know_who_calls_from_where(
    member: Browser, contexts: list[Context]
):
    """The address is throttled by, a telephone has a board of its own."""

    path = ask("probe.echo", {"json": {"id": "x"}})
    agents = {
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0": False,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 Safari/604.1": True,
        "Mozilla/5.0 (Linux; Android 16; Pixel) Chrome/140 Mobile Safari/537.36": True,
        "Mozilla/5.0 (Linux; Android 16; Tablet) Chrome/140 Safari/537.36": False,
        "Mozilla/5.0 (iPad; CPU OS 12_0) Mobile/15E148 Safari/604.1": False,
        "": False,
    }
    for agent in agents:
        await member.get(path, User_Agent=agent)

    assert [context.mobile for context in contexts] == list(agents.values())
    assert {context.address for context in contexts} == {"192.0.2.1"}
    assert {context.session.user_name for context in contexts if context.session} == {
        ADMIN
    }


async def test_an_api_key_is_not_taken_here(stranger: Browser, member: Browser):
    """As in Homarr: it neither lets in, nor spoils a session."""

    assert (await stranger.get(ask("probe.mine"), ApiKey="a.b")).status == 401
    assert (await member.get(ask("probe.mine"), ApiKey="a.b")).status == 200


async def test_procedures_answer_before_the_onboarding(newcomer: Browser):
    """The first visit is made by them: what a step allows is their affair."""

    assert (await newcomer.get(ask("probe.null"))).status == 200
    assert (await newcomer.get(ask("probe.mine"))).status == 401


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("probe.when", "private, no-cache"),
        ("probe.key", "no-store, no-transform"),
        ("probe.key,probe.when?batch=1", "no-store, no-transform"),
        ("probe.when,probe.null?batch=1", "private, no-cache"),
        ("probe.lost", "no-store"),
        ("probe.lost,probe.null?batch=1", "no-store"),
    ],
)
async def test_only_reads_that_hold_no_secret_may_be_kept(
    member: Browser, path: str, caching: str
):
    """And a secret is never compressed either."""

    page = await member.get(f"/api/trpc/{path}")

    assert page.headers["Cache-Control"] == caching


async def test_what_a_mutation_answers_is_kept_by_nobody(stranger: Browser):
    """It would be another answer the next time."""

    page = await stranger.post_json("/api/trpc/probe.reset", UNDEFINED.encode())

    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")


async def test_a_subscription_is_sent_to_the_socket(stranger: Browser):
    """As tRPC's own server does whose events are switched off: told as an event."""

    page = await stranger.get(ask("probe.heard"))

    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/event-stream")
    assert page.text == (
        "event: connected\ndata: {}\n\n\nevent: serialized-error\n"
        'data: {"json":{"message":"Subscribe over a WebSocket, at /websockets",'
        '"code":-32005,"data":{"code":"METHOD_NOT_SUPPORTED","httpStatus":405,'
        '"path":"probe.heard","zodError":null,"error":null}}}\n\n\n'
    )


async def test_a_result_that_cannot_be_sent_is_our_mistake(
    stranger: Browser, caplog: pytest.LogCaptureFixture
):
    """It is logged, and the others of its batch are answered."""

    page = await stranger.get("/api/trpc/probe.strange,probe.null?batch=1")
    first, second = json.loads(page.text)

    assert page.status == 207
    assert first["error"]["json"]["message"] == "INTERNAL_SERVER_ERROR"
    assert second == {"result": {"data": {"json": None}}}
    assert "'probe.strange' cannot be sent" in caplog.text
