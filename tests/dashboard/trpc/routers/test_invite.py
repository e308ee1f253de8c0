from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.accounts import find_invite
from dashboard.settings import Settings
from dashboard.superjson import UNDEFINED

from .house import House

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture(name="settings")
def _settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(auth_providers=getattr(request, "param", ("credentials",)))


async def test_an_invite_is_made_and_listed_without_its_token(house: House):
    """What makes it work is shown once."""
    made = await house.call("invite.createInvite", {"expirationDate": SOON})

    assert set(made) == {"id", "token"}
    assert await find_invite(house.database, made["id"], made["token"])
    assert await house.call("invite.getAll") == [
        {
            "id": made["id"],
            "expirationDate": SOON,
            "creator": {"id": "admin", "name": "admin"},
        }
    ]


async def test_the_next_to_end_comes_first(house: House):
    """Also where that is long ago, or at no date of any calendar."""
    await house.run(
        "INSERT INTO invite VALUES ('b', 'b', 2000000000, 'admin')",
        "INSERT INTO invite VALUES ('c', 'c', 9000000000000000000, 'ada')",
        "INSERT INTO invite VALUES ('a', 'a', 1000000000, 'nobody')",
    )
    found = await house.call("invite.getAll")

    assert [one["id"] for one in found] == ["a", "b", "c"]
    assert found[0]["creator"] == {"id": "nobody", "name": None}
    assert found[0]["expirationDate"] == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    assert found[2]["expirationDate"].year == 9999


@pytest.mark.parametrize(
    "date",
    [
        datetime(2020, 1, 1, tzinfo=UTC),
        "tomorrow",
        SOON.isoformat(),
        2_000_000_000,
        None,
        UNDEFINED,
    ],
)
async def test_an_invite_needs_a_date_in_the_future(house: House, date: Any):
    """A date of SuperJSON's, as Zod wants it: a text is none, whatever stands in it."""
    (issue,) = await house.issues("invite.createInvite", {"expirationDate": date})

    assert issue["path"] == ["expirationDate"]
    assert await house.call("invite.getAll") == []


async def test_an_invite_is_withdrawn_once(house: House):
    """What is not there is not found."""
    made = await house.call("invite.createInvite", {"expirationDate": SOON})
    given = {"id": made["id"]}

    assert await house.call("invite.deleteInvite", given) is UNDEFINED
    assert await house.fail("invite.deleteInvite", given) == (
        "NOT_FOUND: Invite not found"
    )


@pytest.mark.parametrize("settings", [("ldap",)], indirect=True)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("getAll", UNDEFINED),
        ("createInvite", {"expirationDate": SOON}),
        ("deleteInvite", {"id": "x"}),
    ],
)
async def test_without_passwords_there_are_no_invites(
    house: House, name: str, given: Any
):
    """AUTH_PROVIDERS says so."""
    assert await house.fail(f"invite.{name}", given) == (
        "FORBIDDEN: Credentials provider is disabled"
    )
