"""Onboarding, login and logout, as somebody in front of a browser meets them."""

from __future__ import annotations

import pytest
from quart import Quart

from dashboard import superjson
from dashboard.accounts.onboarding import init_user
from dashboard.database import Database
from dashboard.resources import Resources
from services.web.pages import account

from .helpers import ADMIN, PASSWORD, Browser, FakeClock

NEW_ADMIN = {"name": "grace", "password": "Hopper 1906!", "confirmPassword": ""}


def _new_admin(**changes: str) -> dict[str, str]:
    fields = {**NEW_ADMIN, "confirmPassword": NEW_ADMIN["password"]}
    return {**fields, **changes}


@pytest.mark.parametrize("path", ["/", "/auth/login", "/boards/x", "/boards/x?a=b"])
async def test_first_visit_leads_to_the_onboarding(newcomer: Browser, path: str):
    """Until there is an administrator, every page leads to /init."""

    page = await newcomer.get(path)

    assert (page.status, page.location) == (302, "/init")


async def test_first_visitor_becomes_administrator(newcomer: Browser):
    """The form makes the account, logs in and shows the home board."""

    page = await newcomer.submit("/init", "/init", _new_admin())
    home = await newcomer.get("/")

    assert (page.status, page.location) == (303, "/")
    assert home.status == 200
    assert "grace" in home.words


async def test_onboarding_happens_once(newcomer: Browser):
    """Once there is an administrator, the form makes no second one."""

    late = (await newcomer.get("/init")).form_token
    await newcomer.submit("/init", "/init", _new_admin())
    await newcomer.submit("/", "/auth/logout", {})
    page = await newcomer.get("/init")
    again = await newcomer.post("/init", {"csrf_token": late, **_new_admin(name="eve")})
    failed = await newcomer.log_in(name="eve", password=NEW_ADMIN["password"])

    assert (page.status, page.location) == (303, "/")
    assert again.status in {303, 403}
    assert failed.status == 422


async def test_an_administrator_by_another_way_opens_the_pages(
    newcomer: Browser, empty_database: Database
):
    """A client of Homarr made them, and has not asked for its settings yet."""

    async with empty_database.write() as tx:
        await tx.execute("UPDATE onboarding SET step = 'user'")

    await init_user(
        empty_database,
        name="grace",
        password=NEW_ADMIN["password"],
        email=None,
        providers=["credentials"],
    )
    page = await newcomer.get("/init")
    home = await newcomer.log_in(name="grace", password=NEW_ADMIN["password"])

    assert (page.status, page.location) == (303, "/")
    assert (home.status, home.location) == (303, "/")


async def test_faults_stand_beside_what_was_typed(newcomer: Browser):
    """A refused form keeps the name, says what is wrong, and forgets the password."""

    fields = _new_admin(name="grace <b>", password="weakly", confirmPassword="weakly")
    page = await newcomer.submit("/init", "/init", fields)

    assert page.status == 422
    assert 'value="grace &lt;b&gt;"' in page.text
    assert "Give at least 8 characters." in page.words
    assert 'aria-invalid="true"' in page.text
    assert "weakly" not in page.text


@pytest.mark.parametrize(
    "password", ["", "\0", "x" * 73, "ü" * 37, "\U0001f600" * 19, "x" * 100_000]
)
async def test_unusable_passwords_are_refused(newcomer: Browser, password: str):
    """What bcrypt cannot hold is a sentence, never a crash."""

    fields = _new_admin(password=password, confirmPassword=password)
    page = await newcomer.submit("/init", "/init", fields)

    assert page.status == 422
    assert "Give at " in page.words


async def test_both_faults_are_told_at_once(newcomer: Browser):
    """Name and password are judged together."""

    fields = _new_admin(name="g", confirmPassword="different")
    page = await newcomer.submit("/init", "/init", fields)

    assert "Give 3 to 255 characters." in page.words
    assert "The two passwords are not the same." in page.words


async def test_login_opens_the_page_that_was_asked_for(stranger: Browser):
    """The way back survives the login."""

    asked = await stranger.get("/boards/abc/items/def?x=1")
    form = await stranger.get(asked.location)
    page = await stranger.log_in(callback="/boards/abc/items/def?x=1")

    assert asked.status == 302
    assert (
        asked.location
    ) == "/auth/login?callbackUrl=%2Fboards%2Fabc%2Fitems%2Fdef%3Fx%3D1"
    assert 'name="callbackUrl" value="/boards/abc/items/def?x=1"' in form.text
    assert (page.status, page.location) == (303, "/boards/abc/items/def?x=1")


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/x"]
)
async def test_login_never_leads_to_another_site(stranger: Browser, target: str):
    """A forged way back leads home."""

    page = await stranger.log_in(callback=target)

    assert (page.status, page.location) == (303, "/")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ADMIN, "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        (ADMIN, "x" * 5000),
        (ADMIN, "\0"),
        (ADMIN, PASSWORD + " "),
        ("\ud7ff' OR 1=1 --", "x"),
    ],
)
async def test_failed_logins_are_told_in_the_same_words(
    stranger: Browser, name: str, password: str
):
    """Neither status nor words tell whether the name exists."""

    page = await stranger.log_in(name=name, password=password)

    assert page.status == 422
    assert "That name and password do not belong together." in page.words
    assert stranger.cookie("homarr.session-token") is None
    assert PASSWORD not in page.text


async def test_name_is_kept_when_the_password_was_wrong(stranger: Browser):
    """Only the password has to be typed again."""

    page = await stranger.log_in(password="wrong")

    assert f'value="{ADMIN}"' in page.text


async def test_crowded_logins_are_asked_to_come_back(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
):
    """When too many passwords wait, the answer is 429 and says when to try again."""

    async def refuse(*_: object, **__: object) -> None:
        raise account.TooBusyError

    monkeypatch.setattr(account, "verify_password", refuse)
    page = await stranger.log_in()

    assert page.status == 429
    assert page.headers["Retry-After"] == "2"
    assert f'value="{ADMIN}"' in page.text


async def test_session_cookie_is_closed_to_scripts(stranger: Browser):
    """The cookie is HttpOnly, SameSite=Lax, for the whole site, and expires."""

    page = await stranger.log_in()

    header = page.headers["Set-Cookie"]
    assert header.startswith("homarr.session-token=")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Expires="):
        assert attribute in header

    assert "Secure" not in header


async def test_cookies_are_secure_over_https(app: Quart):
    """Over https both cookies are Secure, and the form's is bound to the host."""

    browser = Browser(app, scheme="https")
    form = await browser.get("/auth/login")
    token = form.form_token
    page = await browser.post(
        "/auth/login",
        {"csrf_token": token, "name": ADMIN, "password": PASSWORD},
    )

    assert form.headers["Set-Cookie"].startswith("__Host-homarr.csrf-token=")
    assert "Secure" in form.headers["Set-Cookie"]
    assert "Secure" in page.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in page.headers


async def test_login_replaces_the_session_that_was_there(app: Quart):
    """A new login has a new token, and the old one is dead."""

    browser = Browser(app)
    await browser.log_in()
    old = browser.cookie("homarr.session-token").value
    token = (await browser.get("/")).form_token
    await browser.post(
        "/auth/login", {"csrf_token": token, "name": ADMIN, "password": PASSWORD}
    )
    new = browser.cookie("homarr.session-token").value
    thief = Browser(app)
    refused = await thief.get("/", Cookie=f"homarr.session-token={old}")

    assert old != new
    assert (refused.status, refused.location) == (302, "/auth/login")


async def test_a_planted_session_cookie_is_not_adopted(app: Quart):
    """The token after a login is ours, whatever the browser brought along."""

    browser = Browser(app)
    browser.client.set_cookie("localhost", "homarr.session-token", "f" * 96)
    await browser.log_in()

    assert browser.cookie("homarr.session-token").value != "f" * 96


@pytest.mark.parametrize("name", ["authjs.session-token", "homarr.session-token"])
async def test_cookies_of_every_homarr_version_are_read(
    app: Quart, member: Browser, name: str
):
    """A login made under an older cookie name stays valid."""

    token = member.cookie("homarr.session-token").value
    page = await Browser(app).get("/", Cookie=f"{name}={token}")

    assert page.status == 200


async def test_members_are_not_asked_to_log_in_again(member: Browser):
    """The login page sends a member on."""

    page = await member.get("/auth/login?callbackUrl=/boards/x")

    assert (page.status, page.location) == (303, "/boards/x")


async def test_logout_closes_the_session_everywhere(
    app: Quart, member: Browser, resources: Resources
):
    """The row is gone, the cookie is cleared, and the open sockets are told."""

    heard: list[bytes] = []
    resources.bus.listen("session-closed", lambda _, message: heard.append(message))
    token = member.cookie("homarr.session-token").value
    page = await member.submit("/", "/auth/logout", {})
    refused = await Browser(app).get("/", Cookie=f"homarr.session-token={token}")

    assert (page.status, page.location) == (303, "/auth/login")
    assert member.cookie("homarr.session-token") is None
    assert refused.status == 302
    assert [token] == superjson.decode(heard[0])["tokens"]
    assert superjson.decode(heard[0])["userId"]


async def test_logging_out_twice_is_no_fault(stranger: Browser):
    """A stranger who logs out is where they were."""

    page = await stranger.submit("/auth/login", "/auth/logout", {})

    assert (page.status, page.location) == (303, "/auth/login")


async def test_expired_sessions_ask_for_a_login(member: Browser, clock: FakeClock):
    """The cookie of a session past its time opens nothing."""

    clock.seconds += 31 * 86400
    page = await member.get("/")

    assert (page.status, page.location) == (302, "/auth/login")


async def test_sessions_in_use_are_prolonged(member: Browser, clock: FakeClock):
    """When the session is prolonged, the browser's cookie lives longer too."""

    before = member.cookie("homarr.session-token").expires
    clock.seconds += 2 * 86400
    await member.get("/")
    after = member.cookie("homarr.session-token").expires

    assert after > before + 86400
