"""Sessions that were valid once, looked at again: many in one query."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.accounts import (
    add_member,
    close_session,
    create_group,
    create_user,
    open_session,
    set_permissions,
)
from dashboard.accounts.recheck import recheck_sessions
from dashboard.database import Database
from dashboard.identity import Session, User

NOW = 1_800_000_000.0


@pytest.fixture(name="user")
async def _user(database: Database) -> User:
    return await create_user(database, name="ada", password="a password")


async def _open(database: Database, user: User) -> Session:
    return await open_session(database, user, timeout=60.0, clock=lambda: NOW)


async def _standings(database: Database, *tokens: str, now: float = NOW) -> Any:
    _, standings = await recheck_sessions(database, tokens, None, clock=lambda: now)
    return standings


async def test_sessions_that_stand_are_told_as_they_are_now(
    database: Database, user: User
):
    """With the permissions and groups of this moment; others are left out."""
    one, other = await _open(database, user), await _open(database, user)
    await close_session(database, other.token)
    group = await create_group(database, name="Admins", owner_id=user.id)
    await add_member(database, group.id, user_id=user.id)
    await set_permissions(database, group.id, ["admin"])
    standings = await _standings(database, one.token, other.token, "unknown")

    assert set(standings) == {one.token}
    standing = standings[one.token]
    assert standing.session.user_name == "ada"
    assert standing.session.may("board-view-all")
    assert group.id in standing.group_ids
    assert standing.session.expires == NOW + 60


async def test_a_user_without_groups_has_none(database: Database, user: User):
    """The outer join's emptiness is no group and no permission."""
    session = await _open(database, user)
    async with database.write() as tx:
        await tx.execute('DELETE FROM "groupMember"')

    standing = (await _standings(database, session.token))[session.token]

    assert standing.group_ids == frozenset()
    assert standing.session.permissions == frozenset()


@pytest.mark.parametrize(("after", "stands"), [(59.0, True), (60.0, False)])
async def test_expired_sessions_do_not_stand(
    database: Database, user: User, after: float, stands: bool
):
    """To the millisecond at which they end; and nothing is prolonged."""
    session = await _open(database, user)
    standings = await _standings(database, session.token, now=NOW + after)

    assert stands == (session.token in standings)


async def test_nothing_is_read_where_nothing_was_written(
    database: Database, user: User
):
    """The version moves with a write of anybody, and with nothing else."""
    session = await _open(database, user)
    version, _ = await recheck_sessions(database, [session.token], None)
    same, nothing = await recheck_sessions(database, [session.token], version)
    await close_session(database, session.token)
    moved, standings = await recheck_sessions(database, [session.token], version)

    assert (same, nothing) == (version, None)
    assert moved != version
    assert standings == {}


async def test_any_number_of_sessions_is_one_query(database: Database, user: User):
    """There is no limit of parameters to run into."""
    session = await _open(database, user)
    tokens = [f"{number:096x}" for number in range(5000)]
    standings = await _standings(database, *tokens, session.token)

    assert set(standings) == {session.token}
