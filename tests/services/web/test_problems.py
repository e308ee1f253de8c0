"""Pages of bad news: the bar and the way out stay for who is logged in."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.errors import DatabaseBusyError

from .helpers import ADMIN, Browser, Page


def _has_bar(page: Page) -> bool:
    return f"Logged in as {ADMIN}" in page.text and 'action="/auth/logout"' in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), ("/boards/nothing", 404), ("/auth/logout", 405)],
)
async def test_the_bar_is_there_when_a_page_is_not(
    member: Browser, path: str, status: int
):
    """With a form of the logout that works."""

    page = await member.get(path)
    out = await member.post("/auth/logout", {"csrf_token": page.form_token})

    assert page.status == status
    assert _has_bar(page)
    assert out.status == 303
    assert (await member.get("/")).location == "/auth/login"


async def test_the_bar_is_there_when_something_is_not_allowed(guest: Browser):
    """Somebody who may not manage is told so as themselves."""

    page = await guest.get("/manage/users")

    assert page.status == 403
    assert "Logged in as guido" in page.text
    assert page.form_token


async def test_a_stale_form_leads_to_a_fresh_one(member: Browser):
    """The reasons are named, and the page has a token that is good."""

    page = await member.post("/auth/logout", {"csrf_token": "stale"})
    out = await member.post("/auth/logout", {"csrf_token": page.form_token})

    assert page.status == 403
    assert "or the server was restarted" in page.words
    assert out.status == 303


async def test_strangers_get_no_bar_and_no_cookie(stranger: Browser):
    """A cookie set here could take the place of the one of an open form."""

    page = await stranger.get("/nowhere")

    assert page.status == 404
    assert "Log out" not in page.words
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseBusyError(5.0), 503),
        (sqlite3.OperationalError("disk I/O error"), 500),
    ],
)
async def test_bad_news_of_the_database_do_not_ask_it(
    member: Browser,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
):
    """What the door has found is shown; where it found nothing there is no bar."""

    form = (await member.get("/account")).form_token
    asked: list[Any] = []

    def refuse(*given: Any, **_: Any) -> Any:
        asked.append(given)
        raise error

    with monkeypatch.context() as during:
        during.setattr(database, "write", refuse)
        known = await member.post("/account/end-sessions", {"csrf_token": form})
        first, asked[:] = len(asked), []
        for name in ("one", "all", "write"):
            during.setattr(database, name, refuse)

        unknown = await member.get("/account")

    assert (known.status, unknown.status) == (status, status)
    assert _has_bar(known)
    assert not _has_bar(unknown)
    assert (first, len(asked)) == (1, 1)


async def test_a_page_that_is_not_there_is_told_whatever_the_database_says(
    member: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
):
    """It is still a 404, without the bar."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    for name in ("one", "all", "write"):
        monkeypatch.setattr(database, name, refuse)

    page = await member.get("/nowhere")

    assert page.status == 404
    assert not _has_bar(page)


async def test_administrators_have_their_way_in_the_bar(
    member: Browser, guest: Browser, stranger: Browser
):
    """On every page, and nobody else has it."""

    link = 'href="/manage" title="Administration"'
    mine = [await member.get(path) for path in ("/", "/account", "/nowhere")]

    assert all(link in page.text for page in mine)
    assert link not in (await guest.get("/")).text
    assert link not in (await stranger.get("/auth/login")).text
