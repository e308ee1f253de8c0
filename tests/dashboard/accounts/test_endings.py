from __future__ import annotations

from typing import Any

import pytest

from dashboard import superjson
from dashboard.accounts import WrongPasswordError, open_session
from dashboard.accounts.endings import (
    SESSION_CLOSED,
    log_out,
    log_out_everywhere,
    remove_user,
    replace_password,
    reset_password,
)
from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.errors import LastAdminError, UnknownUserError
from dashboard.identity import Session, User

PASSWORD = "correct horse"


@pytest.fixture(name="bus")
def _bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture(name="closed")
def _closed(bus: MemoryBus) -> list[Any]:
    """What every process is told."""
    heard: list[Any] = []
    bus.listen(
        SESSION_CLOSED, lambda _, message: heard.append(superjson.decode(message))
    )
    return heard


@pytest.fixture(name="two")
async def _two(database: Database, ada: User) -> tuple[Session, Session]:
    """Two sessions of one user."""
    return await open_session(database, ada), await open_session(database, ada)


async def sessions(database: Database) -> set[str]:
    rows = await database.all('SELECT session_token FROM "session"')
    return {row["session_token"] for row in rows}


async def test_a_logout_ends_one_session(
    database: Database, bus: MemoryBus, closed: list[Any], two: tuple[Session, Session]
):
    """Its sockets close, and no others."""
    await log_out(database, bus, two[0])

    assert await sessions(database) == {two[1].token}
    assert closed == [{"userId": two[0].user_id, "tokens": [two[0].token]}]


async def test_a_logout_everywhere_ends_all(
    database: Database, bus: MemoryBus, closed: list[Any], two: tuple[Session, Session]
):
    """Nobody has to know their tokens."""
    await log_out_everywhere(database, bus, two[0].user_id)

    assert await sessions(database) == set()
    assert closed == [{"userId": two[0].user_id}]


async def test_a_new_password_ends_the_others(
    database: Database, bus: MemoryBus, closed: list[Any], two: tuple[Session, Session]
):
    """A wrong one ends nothing, and nobody is told of anything."""
    mine, other = two
    with pytest.raises(WrongPasswordError):
        await replace_password(database, bus, mine, current="no", new="other horse")

    assert closed == []
    await replace_password(database, bus, mine, current=PASSWORD, new="other horse")
    assert await sessions(database) == {mine.token}
    assert closed == [{"userId": mine.user_id, "tokens": [other.token]}]


async def test_a_password_that_was_reset_ends_all(
    database: Database,
    bus: MemoryBus,
    closed: list[Any],
    outsider: User,
    two: tuple[Session, Session],
):
    """Whose password is kept elsewhere goes on."""
    with pytest.raises(UnknownUserError):
        await reset_password(database, bus, outsider.id, "other horse")

    assert closed == []
    await reset_password(database, bus, two[0].user_id, "other horse")
    assert await sessions(database) == set()
    assert closed == [{"userId": two[0].user_id}]


async def test_a_user_goes_with_their_sessions(
    database: Database,
    bus: MemoryBus,
    closed: list[Any],
    admin: User,
    two: tuple[Session, Session],
):
    """But for the last administrator, who stays."""
    with pytest.raises(LastAdminError):
        await remove_user(database, bus, admin.id)

    assert closed == []
    assert await remove_user(database, bus, two[0].user_id)
    assert await sessions(database) == set()
    assert closed == [{"userId": two[0].user_id}]
    assert not await remove_user(database, bus, two[0].user_id)


async def test_tokens_are_told_to_those_who_listen_now_and_kept_nowhere(
    database: Database, bus: MemoryBus, two: tuple[Session, Session]
):
    """The bus keeps the last message of other topics, in Redis too."""
    await log_out(database, bus, two[0])

    assert bus.last(SESSION_CLOSED) is None
