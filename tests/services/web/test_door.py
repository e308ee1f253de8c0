"""What every request passes: form tokens, headers, limits, pages for errors."""

from __future__ import annotations

import re

import pytest
from quart import Quart
from quart.testing import WebsocketResponseError

from dashboard.errors import DatabaseBusyError
from services.web.app import MAX_BODY_BYTES
from services.web.pages import board
from services.web.routes import ROUTES

from .helpers import ADMIN, PASSWORD, Browser

#: What programs send below /api is no form: see test_api_door.py, trpc/ and rest/.
UNSAFE = [
    route.path
    for route in ROUTES
    if route.method == "POST" and not route.path.startswith("/api/")
]


def _filled(path: str) -> str:
    return re.sub(r"<\w+>", "x", path)


@pytest.mark.parametrize("path", UNSAFE)
async def test_no_form_is_taken_without_its_token(member: Browser, path: str):
    """Every unsafe address refuses a form that carries no token."""

    await member.get("/")
    page = await member.post(_filled(path), {"name": ADMIN})

    assert page.status == 403
    assert "no longer valid" in page.words


@pytest.mark.parametrize("path", UNSAFE)
async def test_no_form_is_taken_with_another_browsers_token(app: Quart, path: str):
    """A token that somebody else was given opens nothing here."""

    other = (await Browser(app).get("/auth/login")).form_token
    browser = Browser(app)
    await browser.get("/auth/login")
    page = await browser.post(_filled(path), {"csrf_token": other})

    assert page.status == 403


async def test_a_token_from_before_the_login_is_dead_after_it(member: Browser):
    """Logging in makes forms of the time before worthless."""

    old = (await Browser(member.client.app).get("/auth/login")).form_token
    page = await member.post("/auth/logout", {"csrf_token": old})

    assert page.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_forms_from_other_sites_are_refused_even_with_a_token(
    stranger: Browser, site: str
):
    """A browser that says the form came from elsewhere is believed."""

    token = (await stranger.get("/auth/login")).form_token
    fields = {"csrf_token": token, "name": ADMIN, "password": PASSWORD}
    page = await stranger.post("/auth/login", fields, Sec_Fetch_Site=site)

    assert page.status == 403


async def test_reading_pages_changes_nothing(member: Browser):
    """A GET of a form's address is refused instead of doing something."""

    page = await member.get("/auth/logout")
    still = await member.get("/")

    assert page.status == 405
    assert "POST" in page.headers["Allow"]
    assert still.status == 200


@pytest.mark.parametrize(
    "path", ["/", "/auth/login", "/nowhere", "/static/style.css", "/api/health/ready"]
)
async def test_every_answer_carries_the_guards(member: Browser, path: str):
    """Policy, nosniff and referrer stand on every answer, and no HSTS."""

    page = await member.get(path)

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in page.headers


@pytest.mark.parametrize("path", ["/", "/auth/login", "/nowhere", "/api/memory"])
async def test_personal_pages_are_not_kept_by_caches(member: Browser, path: str):
    """What is made for one visitor is not stored."""

    page = await member.get(path)

    assert page.headers["Cache-Control"] == "no-store"


async def test_pages_hold_no_inline_code(member: Browser):
    """The policy would block it: no inline script, handler or style attribute."""

    board_path = await member.home()
    for path in ("/", f"{board_path}?edit=1", "/nowhere"):
        page = await member.get(path)
        assert re.search(r"<script(?![^>]*src=)", page.text) is None
        assert re.search(r"<[^>]+\son\w+=", page.text) is None
        assert re.search(r"<[^>]+\sstyle=", page.text) is None


async def test_static_files_are_kept_for_ever_under_their_version(stranger: Browser):
    """A versioned address is immutable; the browser asks again for any other."""

    page = await stranger.get("/auth/login")
    match = re.search(r'href="(/static/style\.css\?v=\w+)"', page.text)
    assert match is not None
    current = await stranger.get(match[1])
    bare = await stranger.get("/static/style.css")
    again = await stranger.get(
        "/static/style.css", If_None_Match=current.headers["ETag"]
    )

    assert current.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert current.headers["Content-Type"] == "text/css; charset=utf-8"
    assert bare.headers["Cache-Control"] == "no-cache"
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize("name", ["nothing.css", "..%2fapp.py", "%2e%2e/app.py"])
async def test_only_listed_static_files_are_served(stranger: Browser, name: str):
    """No path leads out of the folder, since only known names are looked up."""

    page = await stranger.get(f"/static/{name}")

    assert page.status == 404


async def test_missing_pages_are_told_to_people(member: Browser):
    """A 404 is a page with a way home."""

    page = await member.get("/nowhere")

    assert page.status == 404
    assert "Nothing here The page does not exist, or you may not see it." in page.words
    assert 'href="/"' in page.text


async def test_every_form_carries_its_token(member: Browser):
    """No form on any page would be refused for want of a token."""

    board_path = await member.home()
    edit = await member.get(f"{board_path}?edit=1")
    items = re.findall(r'href="(/boards/\w+/items/\w+)"', edit.text)
    pages = [edit, *[await member.get(path) for path in items]]
    forms = [
        form
        for page in pages
        for form in re.findall(r"<form .*?</form>", page.text, re.DOTALL)
    ]

    assert len(items) == 4
    assert len(forms) >= 1 + 5 + 5 + 4 * 2
    for form in forms:
        assert form.count('name="csrf_token" value="') == 1


async def test_websockets_elsewhere_are_refused_without_a_fault(
    app: Quart, caplog: pytest.LogCaptureFixture
):
    """A socket at an address of ours is a plain 404, and no error for the log."""

    with pytest.raises(WebsocketResponseError) as refused:
        async with app.test_client().websocket("/websockets") as socket:
            await socket.receive()

    assert refused.value.response.status_code == 404
    assert caplog.records == []


async def test_missing_addresses_are_told_to_programs(stranger: Browser):
    """Below /api an error is JSON."""

    page = await stranger.get("/api/nowhere")

    assert page.status == 404
    assert page.headers["Content-Type"] == "application/json"
    assert page.text.startswith('{"message":"Not found","code":"NOT_FOUND"')


async def test_overlong_forms_are_refused(stranger: Browser):
    """A body over the limit is not read; the page says so."""

    page = await stranger.post("/auth/login", {"name": "x" * MAX_BODY_BYTES})

    assert page.status == 413
    assert "Too large" in page.words


async def test_endless_forms_are_cut_off(app: Quart):
    """A body of unknown length is dropped as soon as it passes the limit."""

    client = app.test_client()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.request(
        "/auth/login", method="POST", headers=headers
    ) as connection:
        for _ in range(MAX_BODY_BYTES // 65536 + 1):
            await connection.send(b"x" * 65536)

        await connection.send_complete()

    response = await connection.as_response()

    assert response.status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"name=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 500, "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
async def test_unreadable_forms_are_refused(
    app: Quart, body: bytes, content_type: str, status: int
):
    """Another format, broken UTF-8 and hundreds of fields get a page, not a fault."""

    response = await app.test_client().post(
        "/auth/login", data=body, headers={"Content-Type": content_type}
    )

    assert status == response.status_code
    assert "<h1>" in str(await response.get_data(as_text=True))


async def test_our_own_faults_are_told_without_details(
    member: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A crash is a page for people, and a traceback for the log only."""

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the inner life")

    monkeypatch.setattr(board, "find_home_board", crash)
    page = await member.get("/")

    assert page.status == 500
    assert "Something broke" in page.words
    assert "inner life" not in page.text
    assert "the inner life" in caplog.text


async def test_a_busy_database_asks_to_come_back(
    member: Browser, monkeypatch: pytest.MonkeyPatch
):
    """A lock held by another process is 503 with a time to try again."""

    async def wait(*_: object, **__: object) -> None:
        raise DatabaseBusyError(5.0)

    monkeypatch.setattr(board, "find_home_board", wait)
    page = await member.get("/")

    assert (page.status, page.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    "cookie",
    [
        "homarr.session-token=",
        "homarr.session-token=x",
        "homarr.session-token=" + "a" * 9000,
        "homarr.session-token=' OR 1=1 --",
        "homarr.session-token=\u00fc",
        "=;;;=",
    ],
)
async def test_broken_cookies_make_a_stranger(stranger: Browser, cookie: str):
    """A cookie that is none of ours asks for a login, nothing else."""

    page = await stranger.get("/", Cookie=cookie)

    assert (page.status, page.location) == (302, "/auth/login")
