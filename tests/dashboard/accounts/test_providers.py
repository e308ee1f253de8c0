from __future__ import annotations

import pytest

from dashboard.accounts import (
    close_disabled_sessions,
    create_user,
    find_session,
    open_session,
    verify_password,
)
from dashboard.accounts.hashing import hash_password
from dashboard.database import Database
from dashboard.identity import User
from dashboard.resources import find_missing
from dashboard.settings import load_settings

PASSWORD = "correct horse"

pytestmark = pytest.mark.usefixtures("cheap_hashes")


async def test_a_session_that_a_file_brought_along_works(
    database: Database, outsider: User
):
    """Whoever opened it, for as long as the provider is enabled."""
    session = await open_session(database, outsider)

    assert await close_disabled_sessions(database, providers=("oidc",)) == 0

    found = await find_session(database, session.token)

    assert found is not None
    assert found.user_id == outsider.id


async def test_sessions_of_a_provider_that_is_not_enabled_end(
    database: Database, ada: User, outsider: User
):
    """Those of the others go on; a provider that nobody knows is left alone."""
    stranger = User(id="stranger", name="stranger")
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "user" (id, name, provider) VALUES (?, ?, ?)',
            (stranger.id, stranger.name, "new-in-2030"),
        )

    sessions = {
        user.name: await open_session(database, user)
        for user in (ada, outsider, stranger)
    }

    async def logged_in() -> set[str]:
        return {
            name
            for name, session in sessions.items()
            if await find_session(database, session.token) is not None
        }

    assert await close_disabled_sessions(database, providers=("credentials",)) == 1
    assert await logged_in() == {"ada", "stranger"}
    assert await close_disabled_sessions(database, providers=("oidc", "ldap")) == 1
    assert await logged_in() == {"stranger"}


async def test_a_user_of_another_provider_does_not_shadow_one_with_a_password(
    database: Database,
):
    """Whoever of the two came first, and whatever hash the other's row holds."""
    hashed = await hash_password("another password")
    async with database.write() as tx:
        for provider in ("ldap", "oidc"):
            await tx.execute(
                'INSERT INTO "user" (id, name, password, provider)'
                " VALUES (?, 'ada', ?, ?)",
                (f"a-{provider}", hashed, provider),
            )

    assert (
        await verify_password(database, name="ada", password="another password") is None
    )

    user = await create_user(database, name="ada", password=PASSWORD)

    assert await verify_password(database, name="ada", password=PASSWORD) == user
    assert (
        await verify_password(database, name="ada", password="another password") is None
    )


def test_what_is_not_offered_is_said_at_the_start():
    """Once: by the process that has the login page."""
    both = load_settings({"AUTH_PROVIDERS": "credentials,oidc"})
    none = load_settings({"AUTH_PROVIDERS": "oidc,ldap"})
    lines = find_missing(both, "web+ws+tasks")

    assert len(lines) == 1
    assert "AUTH_PROVIDERS names oidc, whose sign-in is not offered yet" in lines[0]
    assert "add credentials" not in lines[0]
    assert "oidc and ldap" in find_missing(none, "web+ws+tasks")[0]
    assert "add credentials" in find_missing(none, "web+ws+tasks")[0]
    assert find_missing(load_settings({}), "web+ws+tasks") == []
    assert not [line for line in find_missing(both, "tasks") if "AUTH" in line]
