from __future__ import annotations

import re

import anyio
import pytest

from dashboard.accounts import (
    InvalidAccountError,
    InvalidInviteError,
    Invite,
    NameTakenError,
    UnknownUserError,
    create_invite,
    delete_invite,
    delete_user,
    find_invite,
    find_user,
    list_invites,
    list_users,
    open_session,
    register,
    verify_password,
)
from dashboard.accounts.hashing import hash_password
from dashboard.database import Database
from dashboard.identity import User
from tests.dashboard.accounts.clock import Clock

PASSWORD = "correct horse"
HOUR = 3600.0

pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture(name="invite")
async def _invite(database: Database, ada: User, clock: Clock) -> Invite:
    return await create_invite(
        database, creator_id=ada.id, expires=clock.now + HOUR, clock=clock
    )


async def accept(
    database: Database,
    invite: Invite,
    clock: Clock,
    *,
    name: str = "new",
    password: str = PASSWORD,
    token: str | None = None,
) -> User:
    return await register(
        database,
        invite_id=invite.id,
        token=invite.token or "" if token is None else token,
        name=name,
        password=password,
        clock=clock,
    )


async def test_an_invite_is_a_row_as_homarr_writes_it(
    database: Database, ada: User, invite: Invite, clock: Clock
):
    """The time is in whole seconds, the token 20 bytes in hexadecimal digits."""
    row = await database.one("SELECT * FROM invite WHERE id = ?", (invite.id,))

    assert row is not None
    assert dict(row) == {
        "id": invite.id,
        "token": invite.token,
        "expiration_date": 1_800_003_600,
        "creator_id": ada.id,
    }
    assert re.fullmatch("[0-9a-f]{40}", invite.token or "")
    assert invite.creator == "ada"
    assert invite.expires == clock.now + HOUR
    assert str(invite.token) not in repr(invite)


async def test_lists_do_not_show_the_link_again(
    database: Database, invite: Invite, ada: User, clock: Clock
):
    """The next to end comes first."""
    soon = await create_invite(
        database, creator_id=ada.id, expires=clock.now + 60.5, clock=clock
    )
    listed = [
        one for one in await list_invites(database) if one.id in {soon.id, invite.id}
    ]

    assert [one.id for one in listed] == [soon.id, invite.id]
    assert [one.token for one in listed] == [None, None]
    assert [one.creator for one in listed] == ["ada", "ada"]
    assert listed[0].expires == soon.expires == clock.now + 60


async def test_a_link_shows_its_invite_while_it_can_be_used(
    database: Database, invite: Invite, clock: Clock
):
    """With the right token, to the second."""
    token = invite.token or ""

    assert await find_invite(database, invite.id, token, clock=clock) == invite
    for wrong in ("", "x", token[:-1], token + "0", token.upper(), "é", "\ud800"):
        assert await find_invite(database, invite.id, wrong, clock=clock) is None

    assert await find_invite(database, "nowhere", token, clock=clock) is None
    assert await find_invite(database, "\0", token, clock=clock) is None

    clock.now += HOUR - 1

    assert await find_invite(database, invite.id, token, clock=clock) == invite

    clock.now += 1

    assert await find_invite(database, invite.id, token, clock=clock) is None


async def test_an_invite_makes_one_account(
    database: Database, invite: Invite, clock: Clock
):
    """It is used up by it, and gives no permission."""
    user = await accept(database, invite, clock, name=" New ")

    assert user.name == "new"
    assert await verify_password(database, name="new", password=PASSWORD) == user
    assert (await open_session(database, user)).permissions == frozenset()

    with pytest.raises(InvalidInviteError):
        await accept(database, invite, clock, name="second")

    assert await find_user(database, name="second") is None


async def test_of_two_registrations_at_once_one_wins(
    database: Database, invite: Invite, clock: Clock
):
    """Also where they come through two processes."""
    other = Database(database.path, driver=database.driver)
    made: list[str] = []
    refused: list[str] = []

    async def try_it(where: Database, name: str) -> None:
        try:
            made.append((await accept(where, invite, clock, name=name)).name)
        except InvalidInviteError:
            refused.append(name)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(try_it, database, f"here{number}")
            tasks.start_soon(try_it, other, f"there{number}")

    await other.close()
    names = {user.name for user in await list_users(database)}

    assert len(made) == 1
    assert len(refused) == 5
    assert names >= set(made)
    assert not names & set(refused)


async def test_an_invite_that_ends_while_hashing_is_refused(
    database: Database,
    invite: Invite,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    """What counts is the moment at which the account is made."""

    async def hash_for_long(password: str) -> str:
        clock.now += HOUR
        return await hash_password(password)

    monkeypatch.setattr("dashboard.accounts.invites.hash_password", hash_for_long)
    with pytest.raises(InvalidInviteError):
        await accept(database, invite, clock)

    assert await find_user(database, name="new") is None


async def test_a_refused_name_leaves_the_invite_good(
    database: Database, invite: Invite, clock: Clock
):
    """The visitor tries another one."""
    with pytest.raises(NameTakenError):
        await accept(database, invite, clock, name="ADA")

    with pytest.raises(InvalidAccountError, match="name: give"):
        await accept(database, invite, clock, name="ab")

    with pytest.raises(InvalidAccountError, match="password: give"):
        await accept(database, invite, clock, password="x" * 10_240)

    await accept(database, invite, clock, name="other")


async def test_without_an_invite_nothing_is_learned_and_no_work_is_made(
    database: Database,
    invite: Invite,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    """Wrong, expired and unknown are one answer, before any name is judged."""

    async def hash_nothing(password: str) -> str:
        raise AssertionError("a stranger's password is hashed")

    monkeypatch.setattr("dashboard.accounts.invites.hash_password", hash_nothing)
    answers = set()
    for token, name in (("0" * 40, "ada"), ("0" * 40, "ab"), ("", "free")):
        with pytest.raises(InvalidInviteError) as caught:
            await accept(database, invite, clock, token=token, name=name)

        answers.add(str(caught.value))

    clock.now += HOUR
    with pytest.raises(InvalidInviteError) as caught:
        await accept(database, invite, clock)

    assert answers == {str(caught.value)}


async def test_a_withdrawn_invite_is_refused(
    database: Database, invite: Invite, clock: Clock
):
    """So is one whose maker is gone."""
    assert await delete_invite(database, invite.id) is True
    assert await delete_invite(database, invite.id) is False

    with pytest.raises(InvalidInviteError):
        await accept(database, invite, clock)


async def test_the_invites_of_a_deleted_user_go_with_them(
    database: Database, ada: User, invite: Invite, clock: Clock
):
    """Nobody comes in on the word of somebody who was sent away."""
    await delete_user(database, ada.id)
    with pytest.raises(InvalidInviteError):
        await accept(database, invite, clock)


@pytest.mark.parametrize("offset", [0.0, -1.0, float("inf"), float("nan"), 1e300])
async def test_an_invite_ends_in_the_future(
    database: Database, ada: User, clock: Clock, offset: float
):
    """And at some time."""
    with pytest.raises(InvalidAccountError, match="expires: give a time"):
        await create_invite(
            database, creator_id=ada.id, expires=clock.now + offset, clock=clock
        )


async def test_an_invite_is_made_by_somebody(database: Database, clock: Clock):
    """Not by a user who is gone."""
    with pytest.raises(UnknownUserError):
        await create_invite(
            database, creator_id="nobody", expires=clock.now + 1, clock=clock
        )
