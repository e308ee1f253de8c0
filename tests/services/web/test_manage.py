"""The administration as a whole, and its users, invites and API keys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from quart import Quart

from dashboard.accounts import (
    add_member,
    delete_user,
    find_user,
    list_api_keys,
    list_invites,
)
from dashboard.database import Database
from services.web.routes import ROUTES

from .helpers import ADMIN, GUEST, GUEST_PASSWORD, Browser, FakeClock
from .manage import admin_group, user_id

PAGES = ["/manage", "/manage/users", "/manage/invites", "/manage/groups"]
PAGES += ["/manage/api-keys", "/manage/memory"]
ADDRESSES = [route for route in ROUTES if route.path.startswith("/manage")]


@pytest.mark.parametrize("path", PAGES)
async def test_strangers_are_asked_to_log_in(stranger: Browser, path: str):
    """The administration is not shown, and comes after the login."""

    page = await stranger.get(path)

    assert page.status == 302
    assert page.location.startswith("/auth/login?callbackUrl=%2Fmanage")


@pytest.mark.parametrize("route", ADDRESSES, ids=lambda one: f"{one.method} {one.path}")
async def test_other_members_are_forbidden_everything(guest: Browser, route: Any):
    """Every address of the administration, by GET and by POST, is 403."""

    path = re.sub(r"<\w+>", "x", route.path)
    if route.method == "GET":
        page = await guest.get(path)
    else:
        page = await guest.submit("/account", path, {})

    assert page.status == 403
    assert "You may not do this. Another account may." in page.words


@pytest.mark.parametrize("route", ADDRESSES, ids=lambda one: f"{one.method} {one.path}")
def test_every_address_of_the_administration_asks_for_an_administrator(route: Any):
    """A new address cannot be forgotten."""

    assert route.access == "admin"


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_leads_to_the_others(member: Browser, path: str):
    """The tabs are there, and one of them is the page itself."""

    page = await member.get(path)

    assert page.status == 200
    assert page.text.count('aria-current="page"') == 1
    for other in PAGES[1:]:
        assert f'href="{other}"' in page.text


async def test_what_is_not_there_is_not_found(member: Browser):
    """Users, invites, keys and groups that do not exist are 404."""

    shown = [await member.get(f"/manage/{path}/nobody") for path in ("users", "groups")]
    deleted = [
        await member.submit("/account", f"/manage/{path}/nobody/delete", {})
        for path in ("users", "groups", "invites", "api-keys")
    ]

    assert {page.status for page in (*shown, *deleted)} == {404}


# Users


async def test_the_users_are_listed_with_what_they_are(member: Browser, guest: Browser):
    """Who administrates, and which one is oneself."""

    page = await member.get("/manage/users")

    assert f"{ADMIN} Administrator You" in page.words
    assert GUEST in page.words


async def test_ending_sessions_logs_a_user_out(
    member: Browser, guest: Browser, database: Database, closed: list[Any]
):
    """Everywhere, sockets included; they may log in again."""

    theirs = await user_id(database)
    path = f"/manage/users/{theirs}"
    page = await member.submit(path, f"{path}/end-sessions", {})
    told = await member.get(page.location)
    outside = await guest.get("/account")
    again = await guest.log_in(name=GUEST, password=GUEST_PASSWORD)

    assert "Their sessions are ended." in told.words
    assert outside.status == 302
    assert again.status == 303
    assert closed == [{"userId": theirs}]


async def test_a_deleted_user_is_logged_out_and_gone(
    member: Browser, guest: Browser, database: Database, closed: list[Any]
):
    """Their session opens nothing, their sockets are told, their name is free."""

    theirs = await user_id(database)
    path = f"/manage/users/{theirs}"
    page = await member.submit(path, f"{path}/delete", {})
    outside = await guest.get("/account")
    failed = await guest.log_in(name=GUEST, password=GUEST_PASSWORD)

    assert (page.status, page.location) == (303, "/manage/users?done=deleted")
    assert outside.status == 302
    assert failed.status == 422
    assert closed == [{"userId": theirs}]
    assert await find_user(database, name=GUEST) is None


async def test_the_last_administrator_stays(
    member: Browser, guest: Browser, database: Database, closed: list[Any]
):
    """Not even by their own name."""

    mine = await user_id(database, ADMIN)
    path = f"/manage/users/{mine}"
    page = await member.submit(path, f"{path}/delete", {"confirm": ADMIN})

    assert page.status == 422
    assert "This is the last administrator." in page.words
    assert (await member.get("/manage/users")).status == 200
    assert closed == []


async def test_nobody_deletes_themselves_by_a_slip(
    member: Browser, guest: Browser, database: Database
):
    """It takes one's own name; then it is done, and the browser is outside."""

    await add_member(
        database, await admin_group(database), user_id=await user_id(database)
    )
    mine = await user_id(database, ADMIN)
    path = f"/manage/users/{mine}"
    slip = await member.submit(path, f"{path}/delete", {})
    wrong = await member.submit(path, f"{path}/delete", {"confirm": GUEST})
    meant = await member.submit(path, f"{path}/delete", {"confirm": ADMIN})

    assert (slip.status, wrong.status) == (422, 422)
    assert "Type your own name" in slip.words
    assert (meant.status, meant.location) == (303, "/auth/login")
    assert member.cookie("homarr.session-token") is None
    assert await find_user(database, name=ADMIN) is None
    assert (await guest.get("/manage/users")).status == 200


async def test_an_administrator_who_cannot_log_in_here_does_not_count(
    member: Browser, guest: Browser, database: Database
):
    """An account of another provider is not the one that is left."""

    theirs = await user_id(database)
    await add_member(database, await admin_group(database), user_id=theirs)
    async with database.write() as tx:
        await tx.execute(
            "UPDATE \"user\" SET provider = 'oidc' WHERE id = ?", (theirs,)
        )

    path = f"/manage/users/{await user_id(database, ADMIN)}"
    page = await member.submit(path, f"{path}/delete", {"confirm": ADMIN})

    assert page.status == 422


async def test_two_administrators_cannot_delete_each_other_at_once(
    app: Quart, member: Browser, guest: Browser, database: Database
):
    """One of the two requests comes too late, and one administrator is left."""

    import anyio

    theirs, mine = await user_id(database), await user_id(database, ADMIN)
    await add_member(database, await admin_group(database), user_id=theirs)
    await guest.get("/manage/users")
    forms = {
        mine: (guest, (await guest.get(f"/manage/users/{mine}")).form_token),
        theirs: (member, (await member.get(f"/manage/users/{theirs}")).form_token),
    }
    async with anyio.create_task_group() as both:
        for whom, (browser, token) in forms.items():
            both.start_soon(
                browser.post, f"/manage/users/{whom}/delete", {"csrf_token": token}
            )

    left = [await find_user(database, name=name) for name in (ADMIN, GUEST)]

    assert [user is None for user in left].count(True) == 1


# Invites


async def test_the_link_of_an_invite_is_shown_once(
    app: Quart, member: Browser, database: Database
):
    """Whoever opens it can make an account; the list does not repeat it."""

    page = await member.submit("/manage/invites", "/manage/invites", {"lifetime": "1h"})
    match = re.search(r'value="http://localhost(/auth/invite/[^"]+)"', page.text)
    assert match is not None
    listed = await member.get("/manage/invites")
    opened = await Browser(app).get(match[1])

    assert "it is shown this once" in page.words
    assert "You are invited" in opened.words
    assert "token=" not in listed.text
    assert f"made by {ADMIN}" in listed.words


@pytest.mark.parametrize("lifetime", ["", "2h", "-1", "1h\0"])
async def test_an_invite_needs_a_lifetime_of_the_list(
    member: Browser, database: Database, lifetime: str
):
    """Anything else makes none."""

    page = await member.submit(
        "/manage/invites", "/manage/invites", {"lifetime": lifetime}
    )

    assert page.status == 422
    assert await list_invites(database) == []


async def test_a_deleted_invite_opens_nothing(
    app: Quart, member: Browser, database: Database
):
    """Its link is dead at once."""

    page = await member.submit("/manage/invites", "/manage/invites", {"lifetime": "7d"})
    match = re.search(r'value="http://localhost(/auth/invite/[^"]+)"', page.text)
    assert match is not None
    (invite,) = await list_invites(database)
    await member.submit("/manage/invites", f"/manage/invites/{invite.id}/delete", {})

    assert (await Browser(app).get(match[1])).status == 404
    assert await list_invites(database) == []


async def test_an_expired_invite_is_marked(member: Browser, clock: FakeClock):
    """It stays in the list until somebody deletes it."""

    await member.submit("/manage/invites", "/manage/invites", {"lifetime": "1h"})
    before = await member.get("/manage/invites")
    clock.seconds += 3601
    after = await member.get("/manage/invites")

    assert "Expired" not in before.words
    assert "Expired" in after.words


async def test_any_date_of_an_existing_file_is_shown(
    member: Browser, database: Database
):
    """A number that no calendar has is no fault of the page."""

    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO invite (id, token, expiration_date, creator_id)"
            ' SELECT ?, ?, ?, id FROM "user"',
            ("far", "t", 2**60),
        )

    page = await member.get("/manage/invites")

    assert "a date that no calendar has" in page.words


# API keys


async def test_a_key_is_shown_once_and_works(
    app: Quart, member: Browser, database: Database
):
    """The page that made it holds it; the list has the id alone."""

    page = await member.submit("/manage/api-keys", "/manage/api-keys", {})
    match = re.search(r'value="(\w+\.[0-9a-f]{64,})"', page.text)
    assert match is not None
    assert f"The new key {match[1]} Copy it now" in page.words
    listed = await member.get("/manage/api-keys")
    answer = await Browser(app).get("/api/memory", ApiKey=match[1])
    key_id, _, secret = match[1].partition(".")

    assert answer.status == 200
    assert key_id in listed.text
    assert secret not in listed.text
    assert page.headers["Cache-Control"] == "no-store, no-transform"


async def test_a_deleted_key_is_gone(member: Browser, database: Database):
    """From the list and from the table."""

    await member.submit("/manage/api-keys", "/manage/api-keys", {})
    (key,) = await list_api_keys(database)
    page = await member.submit(
        "/manage/api-keys", f"/manage/api-keys/{key.id}/delete", {}
    )

    assert page.location == "/manage/api-keys?done=deleted"
    assert await list_api_keys(database) == []


async def test_a_user_deleted_elsewhere_is_outside_at_once(
    guest: Browser, database: Database
):
    """Another process needs to tell nobody."""

    await delete_user(database, await user_id(database))

    assert (await guest.get("/account")).status == 302
