"""The link of an invite: one account for whoever has it."""

from __future__ import annotations

import re

import pytest
from quart import Quart

from dashboard.accounts import create_invite, list_users
from dashboard.database import Database
from dashboard.resources import Resources
from dashboard.settings import Settings
from services.web import create_app

from .helpers import ADMIN, Browser, FakeClock, FakeMonitor

PASSWORD = "a friend of the house"
TOKEN = re.compile(r"\?token=([0-9a-f]{40})\b")


def _fields(token: str, **changes: str) -> dict[str, str]:
    return {
        "token": token,
        "name": "frida",
        "password": PASSWORD,
        "confirmPassword": PASSWORD,
        **changes,
    }


@pytest.fixture(name="link")
async def _link(database: Database, clock: FakeClock) -> tuple[str, str]:
    """The path and the token of an invite."""

    admin = next(user for user in await list_users(database) if user.name == ADMIN)
    invite = await create_invite(
        database, creator_id=admin.id, expires=clock() + 3600, clock=clock
    )
    assert invite.token is not None
    return f"/auth/invite/{invite.id}", invite.token


async def test_an_invite_makes_an_account_and_logs_in(
    stranger: Browser, link: tuple[str, str]
):
    """Name and password, and the visitor is inside; with a session of their own."""

    path, token = link
    shown = await stranger.get(f"{path}?token={token}")
    page = await stranger.submit(f"{path}?token={token}", path, _fields(token))
    account = await stranger.get("/account")

    assert shown.status == 200
    assert "You are invited" in shown.words
    assert (page.status, page.location) == (303, "/")
    assert "logged in as frida" in account.words


async def test_an_invite_works_once(app: Quart, link: tuple[str, str]):
    """The second one with the same link is told that it is not valid."""

    path, token = link
    first, second = Browser(app), Browser(app)
    form = (await second.get(f"{path}?token={token}")).form_token
    await first.submit(f"{path}?token={token}", path, _fields(token))
    fields = {"csrf_token": form, **_fields(token, name="second")}
    late = await second.post(path, fields)
    shown = await second.get(f"{path}?token={token}")

    assert (late.status, shown.status) == (404, 404)
    assert "This invitation is not valid" in late.words
    assert second.cookie("homarr.session-token") is None


@pytest.mark.parametrize("wrong", ["", "0" * 40, "x", "\0", "ü", "a" * 10240])
async def test_a_wrong_token_opens_nothing(
    stranger: Browser, database: Database, link: tuple[str, str], wrong: str
):
    """Neither the page nor the form says whether there is such an invite."""

    path, _ = link
    shown = await stranger.get(f"{path}?token={wrong.encode().hex()}")
    page = await stranger.submit("/auth/login", path, _fields(wrong))
    faulty = {**_fields(wrong), "name": "", "password": ""}
    unknown = await stranger.submit("/auth/login", "/auth/invite/x", faulty)

    assert (shown.status, page.status, unknown.status) == (404, 404, 404)
    assert page.words == unknown.words
    assert [user.name for user in await list_users(database)] == [ADMIN]


async def test_an_expired_invite_opens_nothing(
    stranger: Browser, clock: FakeClock, link: tuple[str, str]
):
    """Its time is over to the second."""

    path, token = link
    clock.seconds += 3599
    good = await stranger.get(f"{path}?token={token}")
    clock.seconds += 2
    page = await stranger.submit("/auth/login", path, _fields(token))

    assert (good.status, page.status) == (200, 404)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ADMIN}, "There is a user 'ada' already."),
        ({"name": "x"}, "Give 3 to 255 characters."),
        ({"name": "a\0b"}, "Give visible characters and spaces only."),
        ({"password": "short"}, "Give at least 8 characters."),
        ({"password": "x" * 10240}, "Give at most 72 bytes"),
        ({"confirmPassword": "other"}, "The two passwords are not the same."),
    ],
)
async def test_a_fault_does_not_use_the_invite_up(
    stranger: Browser, link: tuple[str, str], fields: dict[str, str], told: str
):
    """What is wrong stands beside the field, and the next try works."""

    path, token = link
    shown = f"{path}?token={token}"
    page = await stranger.submit(shown, path, _fields(token, **fields))
    again = await stranger.submit(shown, path, _fields(token))

    assert page.status == 422
    assert told in page.words
    assert again.status == 303


async def test_tokens_cannot_be_tried_out(stranger: Browser, link: tuple[str, str]):
    """After some wrong ones the right one has to wait as well."""

    path, token = link
    pages = [
        await stranger.submit("/auth/login", path, _fields(f"{number:040x}"))
        for number in range(7)
    ]
    right = await stranger.submit("/auth/login", path, _fields(token))

    assert [page.status for page in pages] == [404] * 6 + [429]
    assert right.status == 429
    assert int(right.headers["Retry-After"]) >= 1


async def test_an_invite_ends_the_session_that_was_there(
    member: Browser, link: tuple[str, str]
):
    """A member who uses a link is the new user afterwards."""

    path, token = link
    old = member.cookie("homarr.session-token").value
    await member.submit(f"{path}?token={token}", path, _fields(token))
    thief = Browser(member.client.app)
    page = await thief.get("/account", Cookie=f"homarr.session-token={old}")

    assert "frida" in (await member.get("/account")).words
    assert page.status == 302


async def test_nobody_registers_where_passwords_are_switched_off(
    resources: Resources, monitor: FakeMonitor, clock: FakeClock
):
    """AUTH_PROVIDERS without credentials: no login and no invite by password."""

    settings = Settings(auth_secret="x", auth_providers=("oidc",))
    admin = (await list_users(resources.database))[0]
    invite = await create_invite(
        resources.database, creator_id=admin.id, expires=clock() + 60, clock=clock
    )
    other = Resources(
        settings=settings,
        database=resources.database,
        bus=resources.bus,
        monitor=monitor,
    )
    async with create_app(
        resources=other, monitor=monitor, now=clock
    ).test_app() as running:
        browser = Browser(running.app)
        login = await browser.get("/auth/login")
        shown = await browser.get(f"/auth/invite/{invite.id}?token={invite.token}")
        # A form of our own making, since no page shows one.
        form = browser.cookie("homarr.csrf-token").value.partition(".")[0]
        fields = {"csrf_token": form, **_fields(str(invite.token))}
        registered = await browser.post(f"/auth/invite/{invite.id}", fields)
        fields = {"csrf_token": form, "name": ADMIN, "password": "irrelevant"}
        logged_in = await browser.post("/auth/login", fields)

    assert "switched off" in login.words
    assert 'name="password"' not in login.text
    assert (shown.status, registered.status) == (404, 404)
    assert logged_in.status == 403
    assert "switched off" in logged_in.words
    assert len(await list_users(resources.database)) == 1


async def test_new_names_are_said_to_become_small(
    newcomer: Browser, stranger: Browser, link: tuple[str, str]
):
    """Where the first account is made, and where one is made by an invite."""

    path, token = link
    invited = await stranger.get(f"{path}?token={token}")
    for page in (await newcomer.get("/init"), invited):
        assert "Names are stored in small letters." in page.words
