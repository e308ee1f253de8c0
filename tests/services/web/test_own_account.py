"""One's own account: changing the password, and ending all sessions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from quart import Quart

from .helpers import ADMIN, PASSWORD, Browser

NEW = "a much better one"


def _change(**fields: str) -> dict[str, str]:
    return {
        "currentPassword": PASSWORD,
        "password": NEW,
        "confirmPassword": NEW,
        **fields,
    }


async def test_a_changed_password_ends_all_other_sessions(
    app: Quart, member: Browser, closed: list[Any]
):
    """This browser stays inside, with a new token; the others and all sockets end."""

    other = Browser(app)
    await other.log_in()
    old = [one.cookie("homarr.session-token").value for one in (other, member)]
    page = await member.submit("/account", "/account/password", _change())
    told = await member.get(page.location)
    outside = await other.get("/")
    failed = await Browser(app).log_in()
    new = await Browser(app).log_in(password=NEW)

    assert (page.status, page.location) == (303, "/account?done=password")
    assert "Your password is changed." in told.words
    assert (outside.status, outside.location) == (302, "/auth/login")
    assert (failed.status, new.status) == (422, 303)
    assert [[token] for token in old] == [message["tokens"] for message in closed]
    assert member.cookie("homarr.session-token").value not in old


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"currentPassword": "wrong"}, "That is not your current password."),
        ({"currentPassword": ""}, "That is not your current password."),
        ({"confirmPassword": "another one"}, "The two passwords are not the same."),
        (
            {"password": "short", "confirmPassword": "short"},
            "Give at least 8 characters.",
        ),
        (
            {"password": "x" * 10240, "confirmPassword": "x" * 10240},
            "Give at most 72 bytes",
        ),
        ({"currentPassword": "x" * 10240}, "That is not your current password."),
        ({"currentPassword": "\0"}, "That is not your current password."),
    ],
)
async def test_a_refused_change_changes_nothing(
    app: Quart, member: Browser, closed: list[Any], fields: dict[str, str], told: str
):
    """The page says what is wrong, and every session goes on."""

    page = await member.submit("/account", "/account/password", _change(**fields))
    still = await Browser(app).log_in()

    assert page.status == 422
    assert told in page.words
    assert still.status == 303
    assert closed == []


async def test_an_open_browser_is_no_place_to_try_passwords(member: Browser):
    """Wrong passwords are counted here as at the login."""

    pages = [
        await member.submit(
            "/account", "/account/password", _change(currentPassword=f"wrong {number}")
        )
        for number in range(7)
    ]

    assert [page.status for page in pages] == [422] * 6 + [429]
    assert int(pages[-1].headers["Retry-After"]) >= 1


async def test_a_bad_new_password_does_not_forgive_wrong_old_ones(member: Browser):
    """What is refused before the old password is looked at counts as nothing."""

    for number in range(6):
        fields = _change(currentPassword=f"wrong {number}")
        await member.submit("/account", "/account/password", fields)
        short = _change(password="short", confirmPassword="short")
        await member.submit("/account", "/account/password", short)

    page = await member.submit("/account", "/account/password", _change())

    assert page.status == 429


async def test_log_out_everywhere_ends_every_session(
    app: Quart, member: Browser, closed: list[Any]
):
    """Of this browser too; all sockets of the user are told."""

    other = Browser(app)
    await other.log_in()
    page = await member.submit("/account", "/account/end-sessions", {})
    here, there = await member.get("/"), await other.get("/")

    assert (page.status, page.location) == (303, "/auth/login")
    assert member.cookie("homarr.session-token") is None
    assert (here.location, there.location) == ("/auth/login", "/auth/login")
    assert [set(message) for message in closed] == [{"userId"}]


async def test_others_stay_logged_in(member: Browser, guest: Browser):
    """Logging out everywhere is about oneself."""

    await guest.submit("/account", "/account/end-sessions", {})

    assert (await member.get("/account")).status == 200


async def test_only_administrators_are_shown_the_way_to_the_administration(
    member: Browser, guest: Browser
):
    """The link is there for those whom it leads somewhere."""

    mine, theirs = await member.get("/account"), await guest.get("/account")

    assert 'href="/manage/users"' in mine.text
    assert "You can manage this place." in mine.words
    assert ADMIN in mine.words
    assert "/manage" not in theirs.text


async def test_strangers_have_no_account_page(stranger: Browser):
    """They are asked to log in, and come back."""

    page = await stranger.get("/account")

    assert (page.status, page.location) == (
        302,
        "/auth/login?callbackUrl=%2Faccount",
    )


async def test_a_password_manager_learns_whose_password_it_is(member: Browser):
    """The form of the password names the account, without showing a field for it."""

    page = await member.get("/account")
    form = page.text.partition('action="/account/password"')[2].partition("</form>")[0]
    field = re.search(r"<input[^>]*autocomplete=\"username\"[^>]*>", form)

    assert field is not None
    assert f'value="{ADMIN}"' in field[0]
    assert " hidden" in field[0]
