"""Wrong passwords make the next try wait, where they come from and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from quart import Quart

from dashboard.accounts import TooBusyError
from dashboard.accounts.attempts import Attempts
from dashboard.database import Database
from dashboard.errors import DatabaseBusyError, ThrottledError
from dashboard.resources import Resources
from services.web import create_app
from services.web.pages import account

from .helpers import (
    ADMIN,
    GUEST,
    GUEST_PASSWORD,
    PASSWORD,
    Browser,
    FakeClock,
    FakeMonitor,
)

FREE = 6


async def _fail(browser: Browser, times: int = FREE, *, name: str = ADMIN) -> None:
    for number in range(times):
        page = await browser.log_in(name=name, password=f"wrong {number}")
        assert page.status == 422


async def test_after_some_wrong_passwords_the_next_try_waits(stranger: Browser):
    """429, a sentence and the time of the next try; the right one waits as well."""

    await _fail(stranger)
    page = await stranger.log_in()

    assert page.status == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert (
        "Too many wrong passwords, API keys or invites came from here. "
        f"Try again in {page.headers['Retry-After']} second"
    ) in page.words
    assert f'value="{ADMIN}"' in page.text
    assert stranger.cookie("homarr.session-token") is None


async def test_who_waited_gets_in(stranger: Browser, clock: FakeClock):
    """The time that was told is enough."""

    await _fail(stranger)
    clock.seconds += int((await stranger.log_in()).headers["Retry-After"])

    assert (await stranger.log_in()).status == 303


async def test_the_waits_grow(stranger: Browser, clock: FakeClock):
    """Each further failure doubles the wait, up to a quarter of an hour."""

    await _fail(stranger)
    waits = []
    for _ in range(12):
        page = await stranger.log_in(password="wrong")
        waits.append(int(page.headers["Retry-After"]))
        clock.seconds += waits[-1]
        assert (await stranger.log_in(password="wrong")).status == 422

    assert waits == sorted(waits)
    assert waits[0] <= 3
    assert 600 < max(waits) <= 900


@pytest.mark.parametrize("production", [True, False])
async def test_a_failed_login_is_a_line_of_the_log(
    resources: Resources,
    monitor: FakeMonitor,
    caplog: pytest.LogCaptureFixture,
    production: bool,
):
    """The address and the user; nothing of what else was typed, nor of a good one."""

    caplog.set_level("INFO")
    settings = replace(resources.settings, production=production)
    app = create_app(resources=replace(resources, settings=settings), monitor=monitor)
    async with app.test_app():
        browser = Browser(app)
        await browser.log_in(name=f" {ADMIN.upper()}", password="wrong-Secret-1")
        await browser.log_in(
            name="Secret-in-the-wrong-field", password="wrong-Secret-2"
        )
        await browser.log_in()

    lines = [message for message in caplog.messages if "login" in message]
    typed = [message for message in caplog.messages if "Secret" in message]

    assert lines == [
        f"failed login from 192.0.2.1 for user {ADMIN!r}",
        "failed login from 192.0.2.1 for an unknown name",
    ]
    assert typed == []


async def test_known_and_unknown_names_are_answered_alike(app: Quart):
    """Status, headers and words are the same before and after the throttle."""

    answers = []
    for name, address in ((ADMIN, "192.0.2.7"), ("nobody", "192.0.2.8")):
        browser = Browser(app, address=address)
        pages = [
            await browser.log_in(name=name, password="wrong") for _ in range(FREE + 1)
        ]
        answers.append(
            [
                (page.status, page.headers.get("Retry-After"), page.words)
                for page in pages
            ]
        )

    assert answers[0] == answers[1]
    assert answers[0][-1][0] == 429


async def test_nobody_is_locked_out_from_elsewhere(app: Quart, guest: Browser):
    """Another address logs in as the same user, and another name from here."""

    attacker = Browser(app, address="203.0.113.66")
    await _fail(attacker)
    blocked = await attacker.log_in()
    owner = await Browser(app, address="192.0.2.77").log_in()
    other = await attacker.log_in(name=GUEST, password=GUEST_PASSWORD)

    assert (blocked.status, owner.status, other.status) == (429, 303, 303)


async def test_many_names_from_one_address_wait_too(app: Quart):
    """Trying one password on many names is the same attack."""

    attacker = Browser(app, address="203.0.113.67")
    pages = [
        await attacker.log_in(name=f"user{number}", password="summer2026")
        for number in range(25)
    ]
    elsewhere = await Browser(app, address="203.0.113.68").log_in()

    assert 429 in {page.status for page in pages}
    assert elsewhere.status == 303


async def test_a_throttled_try_costs_no_hashing(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
):
    """It is answered before the password is looked at."""

    await _fail(stranger)
    looked: list[Any] = []

    async def look(*_: object, **given: object) -> None:
        looked.append(given)

    monkeypatch.setattr(account, "verify_password", look)
    page = await stranger.log_in()

    assert page.status == 429
    assert looked == []


async def test_the_count_survives_a_restart(
    stranger: Browser, resources: Resources, clock: FakeClock, monitor: Any
):
    """It is in the database, so another application on it knows."""

    await _fail(stranger)
    async with create_app(
        resources=resources, monitor=monitor, now=clock
    ).test_app() as again:
        page = await Browser(again.app).log_in()

    assert page.status == 429


async def test_a_login_in_time_forgives_the_mistakes(stranger: Browser):
    """Whoever gets it right after some tries starts anew."""

    await _fail(stranger, FREE - 1)
    await stranger.log_in()
    await stranger.submit("/", "/auth/logout", {})
    await _fail(stranger, FREE - 1)

    assert (await stranger.log_in(password=PASSWORD)).status == 303


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "1 second."),
        (2.0, "2 seconds."),
        (59.1, "60 seconds."),
        (60.5, "2 minutes."),
        (900.0, "15 minutes."),
    ],
)
def test_people_are_told_how_long_to_wait(seconds: float, told: str):
    """In whole seconds or minutes, and never too few."""

    assert ThrottledError(seconds).sentence == (
        "Too many wrong passwords, API keys or invites came from here. "
        f"Try again in {told}"
    )


@pytest.mark.parametrize(
    "error", [TooBusyError(), DatabaseBusyError(5.0), asyncio.CancelledError()]
)
async def test_a_check_that_breaks_off_is_no_attempt(
    database: Database, clock: FakeClock, error: BaseException
):
    """However many do: the next one is checked at once, and none was a failure."""

    attempts = Attempts(database, now=clock)
    where = {"name": ADMIN, "address": "192.0.2.9"}

    async def fail() -> None:
        return None

    async def break_off() -> None:
        raise error

    await attempts.run(fail, **where)
    for _ in range(FREE * 2):
        with pytest.raises(type(error)):
            await attempts.run(break_off, **where)

    for _ in range(FREE - 1):
        assert await attempts.run(fail, **where) is None

    with pytest.raises(ThrottledError):
        await attempts.run(fail, **where)
