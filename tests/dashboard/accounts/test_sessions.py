from __future__ import annotations

import logging
import re
import resource

import pytest

from dashboard.accounts import (
    close_session,
    close_sessions,
    create_user,
    delete_expired_sessions,
    find_session,
    open_session,
)
from dashboard.database import Database
from dashboard.identity import User
from tests.dashboard.accounts.clock import Clock

DAY = 86400.0
MONTH = 30 * DAY
START = 1_800_000_000.0


async def stored_expiry(database: Database, token: str) -> int | None:
    row = await database.one(
        'SELECT expires FROM "session" WHERE session_token = ?', (token,)
    )
    return None if row is None else int(row["expires"])


async def test_a_session_is_a_row_as_homarr_writes_it(
    database: Database, admin: User, clock: Clock
):
    """96 hexadecimal digits, milliseconds, and all that the group permits."""
    session = await open_session(database, admin, timeout=MONTH, clock=clock)

    assert re.fullmatch("[0-9a-f]{96}", session.token)
    assert session.expires == START + MONTH
    assert session.user_name == "admin"
    assert await stored_expiry(database, session.token) == (START + MONTH) * 1000
    assert session.may("admin")
    assert session.may("board-view-all")
    assert not session.may("unheard-of")


async def test_the_token_is_not_in_the_representation(database: Database, admin: User):
    """A session may be logged."""
    session = await open_session(database, admin)

    assert session.token not in repr(session)


async def test_each_login_has_its_own_token(database: Database, admin: User):
    """Closing one leaves the other."""
    first = await open_session(database, admin)
    second = await open_session(database, admin)
    await close_session(database, first.token)
    await close_session(database, first.token)

    assert first.token != second.token
    assert await find_session(database, first.token) is None
    assert await find_session(database, second.token) == second


@pytest.mark.parametrize(
    "token", ["", "x", "0" * 96, "0" * 10_000, "é", "\ud800", "\0", "' OR 1=1 --"]
)
async def test_an_unknown_token_finds_nothing(database: Database, token: str):
    """Whatever a client sends."""
    assert await find_session(database, token) is None

    await close_session(database, token)


@pytest.mark.parametrize(
    ("seconds", "valid"),
    [(0, True), (99.998, True), (100, False), (100.001, False), (1e9, False)],
)
async def test_a_session_ends_to_the_millisecond(
    database: Database, admin: User, clock: Clock, seconds: float, valid: bool
):
    """At its expiry it has expired."""
    session = await open_session(database, admin, timeout=100, clock=clock)
    clock.now += seconds
    found = await find_session(database, session.token, timeout=100, clock=clock)

    assert (found is not None) is valid


async def test_a_session_in_use_is_prolonged_once_a_day(
    database: Database, admin: User, clock: Clock
):
    """Not before the day is over, and then to the whole time from now."""
    session = await open_session(database, admin, timeout=MONTH, clock=clock)
    clock.now = START + DAY - 1
    found = await find_session(database, session.token, timeout=MONTH, clock=clock)

    assert found is not None
    assert found.expires == START + MONTH
    assert await stored_expiry(database, session.token) == (START + MONTH) * 1000

    clock.now = START + DAY
    found = await find_session(database, session.token, timeout=MONTH, clock=clock)

    assert found is not None
    assert found.expires == START + DAY + MONTH
    assert await stored_expiry(database, session.token) == (START + DAY + MONTH) * 1000


async def test_an_expired_session_is_not_prolonged(
    database: Database, admin: User, clock: Clock
):
    """However it is asked for."""
    session = await open_session(database, admin, timeout=MONTH, clock=clock)
    clock.now = START + MONTH
    for _ in range(2):
        found = await find_session(database, session.token, timeout=MONTH, clock=clock)

        assert found is None

    assert await stored_expiry(database, session.token) == (START + MONTH) * 1000


async def test_only_expired_sessions_are_cleaned_up(
    database: Database, admin: User, clock: Clock
):
    """The count is told."""
    short = await open_session(database, admin, timeout=100, clock=clock)
    long = await open_session(database, admin, timeout=101, clock=clock)
    clock.now += 100

    assert await delete_expired_sessions(database, clock=clock) == 1
    assert await delete_expired_sessions(database, clock=clock) == 0
    assert await stored_expiry(database, short.token) is None
    assert await stored_expiry(database, long.token) is not None


async def test_a_deleted_user_has_no_session(database: Database, admin: User):
    """The row goes with them."""
    session = await open_session(database, admin)
    async with database.write() as tx:
        await tx.execute('DELETE FROM "user" WHERE id = ?', (admin.id,))

    assert await find_session(database, session.token) is None


async def test_a_session_that_a_full_disk_cannot_prolong_is_valid_as_it_is(
    database: Database, admin: User, clock: Clock, caplog: pytest.LogCaptureFixture
):
    """Whoever is logged in goes on reading; it is prolonged once there is room."""
    session = await open_session(database, admin, timeout=MONTH, clock=clock)
    clock.now += 2 * DAY
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        found = await find_session(database, session.token, timeout=MONTH, clock=clock)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    later = await find_session(database, session.token, timeout=MONTH, clock=clock)

    assert found is not None
    assert found.expires == START + MONTH
    assert "could not be prolonged" in caplog.text
    assert later is not None
    assert later.expires == START + MONTH + 2 * DAY


async def test_a_debug_log_of_a_login_has_no_token(
    database: Database, admin: User, caplog: pytest.LogCaptureFixture
):
    """The libraries would write each statement with its values."""
    caplog.set_level(logging.DEBUG)
    session = await open_session(database, admin)
    await find_session(database, session.token)
    await create_user(database, name="other", password="Correct horse 7!")
    rows = await database.all('SELECT password FROM "user"')

    secrets = [session.token, *(value for row in rows for value in row)]
    assert len(secrets) > 2
    assert [one for one in secrets if one and one in caplog.text] == []


async def test_a_permission_that_is_taken_away_is_gone_at_once(
    database: Database, admin: User
):
    """Permissions are read with each request, not kept in the session."""
    session = await open_session(database, admin)
    async with database.write() as tx:
        await tx.execute('DELETE FROM "groupPermission"')

    found = await find_session(database, session.token)

    assert found is not None
    assert found.permissions == frozenset()


async def test_everybody_who_logs_in_is_in_everyone(database: Database, admin: User):
    """As at Homarr's login, also who was not before; twice is no error."""
    async with database.write() as tx:
        await tx.execute('DELETE FROM "groupMember"')

    await open_session(database, admin)
    await open_session(database, admin)
    rows = await database.all(
        'SELECT g.name FROM "groupMember" AS m JOIN "group" AS g ON g.id = m.group_id'
    )

    assert [row["name"] for row in rows] == ["everyone"]


async def test_all_sessions_of_a_user_can_be_closed_but_one(
    database: Database, admin: User
):
    """The tokens are told, so that their sockets can be closed."""
    kept, first, second = [await open_session(database, admin) for _ in range(3)]
    ended = await close_sessions(database, admin.id, except_token=kept.token)

    assert sorted(ended) == sorted([first.token, second.token])
    assert await find_session(database, kept.token) is not None
    assert await find_session(database, first.token) is None
    assert await close_sessions(database, admin.id) == [kept.token]
    assert await close_sessions(database, admin.id) == []


async def test_the_sessions_of_others_stay_open(database: Database, admin: User):
    """Whoever is logged out everywhere."""
    other = User(id="other", name="other")
    async with database.write() as tx:
        await tx.execute("INSERT INTO \"user\" (id, name) VALUES ('other', 'other')")

    session = await open_session(database, other)
    await close_sessions(database, admin.id)

    assert await find_session(database, session.token) is not None
