"""Bad input and bad times: one clear answer each, and then all is well again."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from quart import Quart

from dashboard.accounts import create_user
from dashboard.database import Database
from dashboard.resources import Resources
from services.web import create_app

from .helpers import ADMIN, PASSWORD, Browser, FakeClock, FakeMonitor

NOTE = "x" * 15_000


@contextmanager
def _full_disk() -> Iterator[None]:
    """No file of this process grows or is written to: the system's own refusal."""

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_refuses_writes_and_nothing_else(
    member: Browser, clock: FakeClock
):
    """507 with a sentence; pages are read; and it recovers by itself."""

    await member.get("/")
    # The session is to be prolonged by now, which is a write as well.
    clock.seconds += 2 * 86400.0
    with _full_disk():
        shown = await member.get("/")
        full = await member.add("notebook", content=NOTE)

    again = await member.add("notebook", content="there is room")

    assert shown.status == 200
    assert full.status == 507
    assert "The disk is full, so nothing was saved." in full.words
    assert again.status == 303
    assert "there is room" in (await member.get("/")).words


@pytest.fixture(name="hasty")
async def _hasty(
    database: Database, resources: Resources, monitor: FakeMonitor, clock: FakeClock
) -> AsyncIterator[Quart]:
    """The application on a database that does not wait long for a lock."""

    await database.close()
    quick = Database(database.path, busy_timeout=0.05)
    app = create_app(
        resources=Resources(
            settings=resources.settings,
            database=quick,
            bus=resources.bus,
            monitor=monitor,
        ),
        monitor=monitor,
        now=clock,
    )
    async with app.test_app():
        yield app

    await quick.close()


async def test_a_lock_of_another_process_is_told_as_busy(
    hasty: Quart, database: Database
):
    """503 and when to come back, for as long as it is held; pages are read."""

    browser = Browser(hasty)
    await browser.log_in()
    path = await browser.home()
    form = (await browser.get("/")).form_token
    fields = {"csrf_token": form, "kind": "memory"}
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    busy = await browser.post(f"{path}/items", fields)
    shown = await browser.get("/")
    other.execute("ROLLBACK")
    other.close()
    again = await browser.post(f"{path}/items", fields)

    assert (busy.status, busy.headers["Retry-After"]) == (503, "1")
    assert shown.status == 200
    assert again.status == 303


@pytest.mark.parametrize("length", [1, 95, 97, 255, 256, 9000])
async def test_a_session_cookie_of_the_wrong_length_makes_a_stranger(
    stranger: Browser, length: int
):
    """It is asked to log in, like no cookie at all."""

    page = await stranger.get("/", Cookie=f"homarr.session-token={'a' * length}")

    assert (page.status, page.location) == (302, "/auth/login")


async def test_a_password_of_ten_kibibytes_is_a_wrong_one(stranger: Browser):
    """Told as any other, and as quickly."""

    page = await stranger.log_in(password="x" * 10_240)

    assert page.status == 422
    assert "That name and password do not belong together." in page.words


@pytest.mark.parametrize("name", ["ada\0", "\0", "a\0da", "ada\0' OR 1=1"])
async def test_a_nul_in_a_name_is_nobody(
    stranger: Browser, database: Database, name: str
):
    """It is not cut off there, neither at the login nor at the first visit."""

    await create_user(database, name="adam", password=PASSWORD)
    page = await stranger.log_in(name=name)

    assert page.status == 422
    assert stranger.cookie("homarr.session-token") is None


async def test_a_nul_in_a_new_name_is_told(newcomer: Browser):
    """The first administrator cannot have one."""

    fields = {"name": "ad\0a", "password": PASSWORD, "confirmPassword": PASSWORD}
    page = await newcomer.submit("/init", "/init", fields)

    assert page.status == 422
    assert "Give visible characters and spaces only." in page.words


async def test_too_many_at_once_is_told_to_programs_as_well(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
):
    """429 and JSON, when more keys wait to be checked than the queue takes."""

    from dashboard.accounts import hashing

    monkeypatch.setattr(hashing, "MAX_RUNNING", 0)
    monkeypatch.setattr(hashing, "MAX_WAITING", 0)
    page = await stranger.get("/api/memory", ApiKey="abcdefgh.0123456789")

    assert (page.status, page.headers["Retry-After"]) == (429, "2")
    assert page.text.startswith('{"error":')
    assert ADMIN not in page.text
