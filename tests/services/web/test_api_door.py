"""How programs come in: API keys, and JSON that no other site can send."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from quart import Quart, Response

from dashboard.accounts import create_api_key, delete_api_key, list_users
from dashboard.database import Database
from dashboard.resources import Resources
from services.web import app as web
from services.web.api import json_response
from services.web.door import Route
from services.web.visit import Visit

from .helpers import ADMIN, Browser, FakeClock, FakeMonitor


async def _echo(visit: Visit) -> Response:
    return json_response({"user": visit.member.user_name})


@pytest.fixture(name="app")
async def _app(
    resources: Resources,
    monitor: FakeMonitor,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Quart]:
    """The application with one more address, which takes JSON."""

    echo = Route("POST", "/api/echo", _echo, "api")
    monkeypatch.setattr(web, "ROUTES", (*web.ROUTES, echo))
    app = web.create_app(resources=resources, monitor=monitor, now=clock)
    async with app.test_app():
        yield app


@pytest.fixture(name="key")
async def _key(database: Database) -> str:
    admin = next(user for user in await list_users(database) if user.name == ADMIN)
    _, header = await create_api_key(database, user_id=admin.id)
    return header


async def test_a_key_opens_the_api(stranger: Browser, key: str):
    """GET /api/memory answers a program that has a key and no cookie."""

    page = await stranger.get("/api/memory", ApiKey=key)

    assert page.status == 200
    assert page.text.startswith('{"process":')
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    "wrong", ["", "x", "a.b", ".", "a." * 5000, "\u00fc.\u00fc", "id.token.more"]
)
async def test_a_wrong_key_opens_nothing(stranger: Browser, wrong: str):
    """Whatever it looks like, the answer says that it is the key."""

    page = await stranger.get("/api/memory", ApiKey=wrong)

    assert page.status == 401
    assert page.text == '{"error":"the API key is not valid"}'


async def test_a_wrong_key_is_not_made_good_by_a_cookie(member: Browser):
    """Who sends a key is judged by the key."""

    assert (await member.get("/api/memory", ApiKey="a.b")).status == 401
    assert (await member.get("/api/memory")).status == 200


async def test_a_deleted_key_is_refused_at_once(
    stranger: Browser, database: Database, key: str
):
    """Also when it has just been used."""

    before = await stranger.get("/api/memory", ApiKey=key)
    await delete_api_key(database, key.partition(".")[0])
    after = await stranger.get("/api/memory", ApiKey=key)

    assert (before.status, after.status) == (200, 401)


@pytest.mark.parametrize("path", ["/", "/account", "/manage/users", "/manage/api-keys"])
async def test_a_key_never_opens_a_page(stranger: Browser, key: str, path: str):
    """Pages are for sessions."""

    page = await stranger.get(path, ApiKey=key)

    assert page.status == 302
    assert page.location.startswith("/auth/login")


async def test_keys_cannot_be_tried_out(stranger: Browser, key: str):
    """Wrong tokens of a key make the next one wait, with JSON for the program."""

    key_id = key.partition(".")[0]
    pages = [
        await stranger.get("/api/memory", ApiKey=f"{key_id}.{number:064x}")
        for number in range(7)
    ]

    assert [page.status for page in pages] == [401] * 6 + [429]
    assert int(pages[-1].headers["Retry-After"]) >= 1
    assert pages[-1].text.startswith(
        '{"error":"Too many wrong passwords, API keys or invites came from here.'
    )


async def test_a_key_in_use_is_never_throttled(stranger: Browser, key: str):
    """A program that asks often, and rightly, is always answered."""

    pages = [await stranger.get("/api/memory", ApiKey=key) for _ in range(60)]

    assert {page.status for page in pages} == {200}


async def test_a_script_of_our_own_pages_may_send_json(member: Browser):
    """The cookie, JSON and the same origin."""

    page = await member.post_json(
        "/api/echo", Origin="http://localhost", Sec_Fetch_Site="same-origin"
    )

    assert (page.status, page.text) == (200, f'{{"user":"{ADMIN}"}}')


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://localhost", "Sec_Fetch_Site": "cross-site"},
    ],
)
async def test_json_of_other_sites_is_refused(member: Browser, headers: dict[str, str]):
    """Whatever cookie the browser added to it."""

    page = await member.post_json("/api/echo", **headers)

    assert page.status == 403
    assert page.text.startswith('{"error":')


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
async def test_what_a_form_of_another_site_can_send_is_refused(
    member: Browser, content_type: str
):
    """The types for which a browser asks nobody are not JSON."""

    page = await member.post_json("/api/echo", Content_Type=content_type)

    assert page.status == 415


async def test_a_key_needs_no_proof_of_origin(stranger: Browser, key: str):
    """No browser adds it by itself."""

    page = await stranger.post_json(
        "/api/echo", ApiKey=key, Content_Type="text/plain", Origin="https://a.example"
    )

    assert (page.status, page.text) == (200, f'{{"user":"{ADMIN}"}}')


async def test_no_other_site_is_allowed_to_ask(member: Browser):
    """The question that browsers ask first (CORS) is answered with no."""

    response = await member.client.options(
        "/api/echo",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )

    assert not [
        name for name, _ in response.headers if "access-control" in name.lower()
    ]
