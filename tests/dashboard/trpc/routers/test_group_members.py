from __future__ import annotations

from typing import Any

import pytest

from dashboard.settings import Settings
from dashboard.superjson import UNDEFINED

from .house import ADMINS, MEMBER_ADA, MEMBER_ADMIN, House

RESERVED = "FORBIDDEN: Action is forbidden for reserved group names"
GONE = "NOT_FOUND: Group not found"


@pytest.fixture(name="settings")
def _settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(auth_providers=getattr(request, "param", ("credentials",)))


async def test_members_come_and_go(house: House):
    """Twice is once."""
    given = {"groupId": "admins", "userId": "ada"}
    for _ in range(2):
        assert await house.call("group.addMember", given) is UNDEFINED

    assert (await house.call("group.getAll"))[1]["members"] == [
        MEMBER_ADA,
        MEMBER_ADMIN,
    ]
    for _ in range(2):
        assert await house.call("group.removeMember", given) is UNDEFINED

    assert (await house.call("group.getAll"))[1] == ADMINS


async def test_a_group_changes_hands(house: House):
    """To somebody who is there."""
    given = {"groupId": "admins", "userId": "ada"}

    assert await house.call("group.transferOwnership", given) is UNDEFINED
    assert (await house.call("group.getById", {"id": "admins"}))["owner"] == MEMBER_ADA


async def test_a_group_is_deleted(house: House):
    """Its members stay."""
    made = await house.call("group.createGroup", {"name": "family"})
    await house.call("group.addMember", {"groupId": made, "userId": "ada"})

    assert await house.call("group.deleteGroup", {"id": made}) is UNDEFINED
    assert await house.fail("group.getById", {"id": made}) == GONE


#: By procedure: an input whose group, and then whose user, can be another.
CHANGES: dict[str, dict[str, Any]] = {
    "updateGroup": {"id": "admins", "name": "x"},
    "deleteGroup": {"id": "admins"},
    "transferOwnership": {"groupId": "admins", "userId": "ada"},
    "addMember": {"groupId": "admins", "userId": "ada"},
    "removeMember": {"groupId": "admins", "userId": "ada"},
}


@pytest.mark.parametrize("name", CHANGES)
async def test_everyone_stays_as_it_is(house: House, name: str):
    """And what is not there is not found."""
    given = CHANGES[name]
    key = "id" if "id" in given else "groupId"

    assert await house.fail(f"group.{name}", {**given, key: "everyone"}) == RESERVED
    assert await house.fail(f"group.{name}", {**given, key: "gone"}) == GONE


@pytest.mark.parametrize("name", ["transferOwnership", "addMember"])
async def test_somebody_who_is_not_there_is_not_found(house: House, name: str):
    """Homarr looks for them among the groups, or fails itself."""
    given = {**CHANGES[name], "userId": "gone"}

    assert await house.fail(f"group.{name}", given) == "NOT_FOUND: User not found"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("removeMember", {"groupId": "admins", "userId": "admin"}),
        ("deleteGroup", {"id": "admins"}),
        ("savePermissions", {"groupId": "admins", "permissions": ["app-full-all"]}),
    ],
)
async def test_somebody_can_always_administrate(
    house: House, name: str, given: dict[str, Any]
):
    """Somebody with a password: who comes from elsewhere may be switched off."""
    before = await house.call("group.getAll")
    assert await house.answer(f"group.{name}", given) == "FORBIDDEN"
    await house.run("INSERT INTO \"groupMember\" VALUES ('admins', 'olga')")
    assert await house.answer(f"group.{name}", given) == "FORBIDDEN"
    await house.run("DELETE FROM \"groupMember\" WHERE user_id = 'olga'")
    assert await house.call("group.getAll") == before

    await house.run(
        "INSERT INTO \"groupPermission\" VALUES ('everyone', 'admin')",
    )
    assert await house.answer(f"group.{name}", given) == "OK"


@pytest.mark.parametrize("settings", [("oidc",)], indirect=True)
@pytest.mark.parametrize("name", ["addMember", "removeMember"])
async def test_without_passwords_members_come_from_elsewhere(house: House, name: str):
    """The provider says who is in which group."""
    assert await house.fail(f"group.{name}", CHANGES[name]) == (
        "FORBIDDEN: Credentials provider is disabled"
    )
