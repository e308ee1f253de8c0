from __future__ import annotations

from dashboard.accounts import verify_password
from dashboard.accounts.attempts import share_attempts
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Context, call, find_procedure

from .house import CHANGE, NEW_PASSWORD, PASSWORD, House


async def test_changing_ones_password_ends_the_other_sessions(house: House):
    """The one that asks goes on; every process is told which sockets to close."""
    mine, other = await house.log_in("ada"), await house.log_in("ada")
    procedure = find_procedure("user.changePassword")
    assert procedure is not None
    context = Context(resources=house.resources, session=mine)

    assert await call(procedure, context, CHANGE) is UNDEFINED
    assert await house.rows('SELECT session_token FROM "session"') == [(mine.token,)]
    assert house.closed == [{"userId": "ada", "tokens": [other.token]}]
    assert await verify_password(house.database, name="ada", password=NEW_PASSWORD)


async def test_it_can_be_changed_again(house: House):
    """Homarr to 1.58 forgot the salt, and took the new password for a wrong one."""
    back = {
        **CHANGE,
        "previousPassword": NEW_PASSWORD,
        "password": PASSWORD,
        "confirmPassword": PASSWORD,
    }

    assert await house.answer("user.changePassword", CHANGE, by="ada") == "OK"
    assert await house.answer("user.changePassword", back, by="ada") == "OK"
    assert await verify_password(house.database, name="ada", password=PASSWORD)


async def test_a_salt_column_holds_the_salt_of_the_hash(
    house: House, level: int | None
):
    """Homarr to 1.58 compares with it; later files have none."""
    await house.call("user.changePassword", CHANGE, by="ada")
    if level is None:
        return

    ((password, salt),) = await house.rows(
        "SELECT password, salt FROM \"user\" WHERE id = 'ada'"
    )
    assert password.startswith(salt)
    assert len(salt) == 29


async def test_a_wrong_password_is_refused_and_soon_not_looked_at(house: House):
    """Whoever finds an open browser may not try out passwords."""
    # Whose clock stands: no wait is over because the machine is slow.
    _shared = share_attempts(house.database, now=lambda: 1e9)
    wrong = {**CHANGE, "previousPassword": "wrong"}
    for _ in range(6):
        refusal = await house.fail("user.changePassword", wrong, by="ada")
        assert refusal == "FORBIDDEN: Invalid password"

    refusal = await house.fail("user.changePassword", CHANGE, by="ada")
    assert refusal.startswith("TOO_MANY_REQUESTS: Too many wrong passwords, API keys")
    assert house.closed == []


async def test_an_administrator_needs_no_previous_password(house: House):
    """All sessions of the other end; for their own they need it."""
    await house.log_in("ada")
    await house.log_in("admin")
    given = {**CHANGE, "previousPassword": "whatever"}

    assert await house.answer("user.changePassword", given) == "OK"
    assert await house.sessions() == ["admin"]
    assert house.closed == [{"userId": "ada"}]
    own = await house.fail("user.changePassword", {**given, "userId": "admin"})
    assert own == "FORBIDDEN: Invalid password"


async def test_a_deleted_user_is_gone_everywhere(house: House):
    """With their sessions, and the sockets of those."""
    await house.log_in("ada")

    assert await house.call("user.delete", {"userId": "ada"}, by="ada") is UNDEFINED
    assert await house.sessions() == []
    assert house.closed == [{"userId": "ada"}]
    assert await house.fail("user.getById", {"userId": "ada"}) == (
        "NOT_FOUND: User not found"
    )


async def test_the_last_administrator_stays(house: House):
    """Homarr lets them go, and then nobody can get in."""
    refused = await house.answer("user.delete", {"userId": "admin"})
    await house.run("INSERT INTO \"groupMember\" VALUES ('admins', 'ada')")

    assert refused == "FORBIDDEN"
    assert await house.answer("user.delete", {"userId": "admin"}) == "OK"
    assert await house.answer("user.delete", {"userId": "ada"}) == "FORBIDDEN"
