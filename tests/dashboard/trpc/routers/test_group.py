from __future__ import annotations

from typing import Any

import pytest

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.superjson import UNDEFINED

from .house import ADMINS, EVERYONE, MEMBER_ADA, MEMBER_ADMIN, House

GONE = "NOT_FOUND: Group not found"
SIMILAR = "CONFLICT: Found group with similar name"


async def test_all_groups_are_told_with_their_members(house: House):
    """In their order, which begins with "everyone"."""
    assert await house.call("group.getAll") == [EVERYONE, ADMINS]


@pytest.mark.parametrize(
    ("given", "expected", "count"),
    [
        ({}, [EVERYONE, ADMINS], 2),
        ({"pageSize": 1}, [EVERYONE], 2),
        ({"pageSize": 1, "page": 2}, [ADMINS], 2),
        ({"page": 2}, [], 2),
        ({"search": " CRED "}, [ADMINS], 1),
        ({"search": "_"}, [], 0),
    ],
)
async def test_groups_are_told_by_pages(
    house: House, given: dict[str, Any], expected: list[Any], count: int
):
    """Ten at a time, of those with these letters in their name."""
    assert await house.call("group.getPaginated", given) == {
        "items": expected,
        "totalCount": count,
    }


@pytest.mark.parametrize("given", [{"page": 0}, {"pageSize": 0}, {"page": 1.5}])
async def test_pages_are_counted_from_one(house: House, given: dict[str, Any]):
    """In whole numbers."""
    assert await house.issues("group.getPaginated", given)


async def test_everything_about_a_group_is_told(house: House):
    """Its owner and permissions, and where its members come from."""
    await house.run(
        "UPDATE \"group\" SET owner_id = 'ada' WHERE id = 'admins'",
        "INSERT INTO \"groupPermission\" VALUES ('admins', 'from-tomorrow')",
        "INSERT INTO \"groupPermission\" VALUES ('admins', 'board-create')",
    )

    assert await house.call("group.getById", {"id": "admins"}) == {
        **ADMINS,
        "ownerId": "ada",
        "members": [{**MEMBER_ADMIN, "provider": "credentials"}],
        "permissions": ["board-create", "admin", "from-tomorrow"],
        "owner": MEMBER_ADA,
    }
    assert (await house.call("group.getById", {"id": "everyone"}))["owner"] is None
    assert await house.fail("group.getById", {"id": "gone"}) == GONE


@pytest.mark.parametrize(
    ("given", "by", "told"),
    [
        (UNDEFINED, "admin", False),
        ({"withPermissions": False}, "admin", False),
        ({"withPermissions": True}, "admin", True),
        ({"withPermissions": True}, "ada", False),
    ],
)
async def test_groups_to_choose_from_are_told_to_every_member(
    house: House, given: Any, by: str, told: bool
):
    """With their permissions to administrators who ask for them."""
    names = [
        {"id": "everyone", "name": "everyone"},
        {"id": "admins", "name": "credentials-admin"},
    ]
    permissions = [{"permissions": []}, {"permissions": ["admin"]}]

    assert await house.call("group.selectable", given, by=by) == (
        [{**name, **more} for name, more in zip(names, permissions, strict=True)]
        if told
        else names
    )


async def test_groups_are_found_by_letters_of_their_name(house: House):
    """As many as are wanted."""
    everyone = {"id": "everyone", "name": "everyone"}

    assert await house.call("group.search", {"query": "E", "limit": 1}) == [everyone]
    assert await house.call("group.search", {"query": "EVERY"}) == [everyone]


async def test_a_group_is_made_by_its_owner(house: House):
    """Its id is told; it comes after all others."""
    made = await house.call("group.createGroup", {"name": " Family "})

    assert await house.call("group.getById", {"id": made}) == {
        **EVERYONE,
        "id": made,
        "name": "Family",
        "ownerId": "admin",
        "position": 2,
        "members": [],
        "permissions": [],
        "owner": MEMBER_ADMIN,
    }


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "too_small"),
        ("  ", "too_small"),
        ("x" * 65, "too_big"),
        ("everyone", "custom"),
        (" everyone ", "custom"),
        ("EveryOne", "custom"),
        ("a\tb", "custom"),
    ],
)
async def test_a_name_follows_homarrs_rules(house: House, name: str, code: str):
    """Counted without the spaces around it; one is reserved."""
    for path in ("group.createGroup", "group.updateGroup"):
        (issue,) = await house.issues(path, {"id": "admins", "name": name})
        assert (issue["path"], issue["code"]) == (["name"], code)


async def test_similar_names_are_a_conflict(house: House):
    """In any case; a group may be written differently than it is."""
    made = await house.call("group.createGroup", {"name": "Test"})
    rename = {"id": made, "name": "tESt"}

    assert await house.fail("group.createGroup", {"name": "test "}) == SIMILAR
    assert await house.fail("group.updateGroup", {**rename, "id": "admins"}) == SIMILAR
    assert await house.call("group.updateGroup", rename) is UNDEFINED
    assert (await house.call("group.getById", {"id": made}))["name"] == "tESt"


async def test_homes_are_chosen_one_by_one(house: House):
    """What is left out stays; "everyone" has homes as well."""
    path = "group.savePartialSettings"
    for settings in ({"homeBoardId": "open"}, {"mobileHomeBoardId": "closed"}, {}):
        given = {"id": "everyone", "settings": settings}
        assert await house.call(path, given) is UNDEFINED

    found = await house.call("group.getById", {"id": "everyone"})
    assert (found["homeBoardId"], found["mobileHomeBoardId"]) == ("open", "closed")
    await house.call(path, {"id": "everyone", "settings": {"homeBoardId": None}})
    found = await house.call("group.getById", {"id": "everyone"})
    assert (found["homeBoardId"], found["mobileHomeBoardId"]) == (None, "closed")


async def test_a_home_has_to_be_there(house: House):
    """And so has the group."""
    path, gone = "group.savePartialSettings", {"homeBoardId": "gone"}
    board = await house.fail(path, {"id": "admins", "settings": gone})

    assert board == "NOT_FOUND: Board not found"
    assert await house.fail(path, {"id": "gone", "settings": {}}) == GONE


async def test_groups_are_put_into_an_order(house: House):
    """ "everyone" stays before them, which in Homarr it does not."""
    made = await house.call("group.createGroup", {"name": "family"})
    given = {"positions": [made, "everyone", "gone", "admins"]}

    assert await house.call("group.savePositions", given) is UNDEFINED
    found = await house.call("group.getAll")
    assert [one["id"] for one in found] == ["everyone", made, "admins"]


async def test_permissions_are_set_as_a_whole(house: House):
    """Each once; for "everyone" as well."""
    given = {"groupId": "everyone", "permissions": ["app-create", "app-create"]}

    assert await house.call("group.savePermissions", given) is UNDEFINED
    assert await house.rows(
        "SELECT permission FROM \"groupPermission\" WHERE group_id = 'everyone'"
    ) == [("app-create",)]
    await house.call("group.savePermissions", {**given, "permissions": []})
    assert (await house.call("group.getById", {"id": "everyone"}))["permissions"] == []


@pytest.mark.parametrize("permission", PERMISSIONS)
async def test_every_permission_can_be_given(house: House, permission: str):
    """Those of Homarr, and no other word."""
    given = {"groupId": "everyone", "permissions": [permission]}
    wrong = {**given, "permissions": [permission, f"{permission}s"]}

    assert await house.answer("group.savePermissions", given) == "OK"
    (issue,) = await house.issues("group.savePermissions", wrong)
    assert issue["path"] == ["permissions"]
