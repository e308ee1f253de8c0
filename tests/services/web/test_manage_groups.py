"""The groups: members, permissions, and the administrator who has to be left."""

from __future__ import annotations

import re

import pytest

from dashboard.accounts import add_member, find_group, list_groups
from dashboard.database import Database

from .helpers import ADMIN, GUEST, Browser
from .manage import admin_group, user_id


async def _create(member: Browser, name: str = "Family") -> str:
    """Make a group through its form; return its path."""

    page = await member.submit("/manage/groups", "/manage/groups", {"name": name})
    assert page.status == 303
    return page.location


async def _everyone(database: Database) -> str:
    groups = await list_groups(database)
    return f"/manage/groups/{next(one.id for one in groups if one.reserved)}"


async def test_a_new_group_is_listed_and_empty(member: Browser):
    """Its page opens by itself."""

    path = await _create(member)
    shown, listed = await member.get(path), await member.get("/manage/groups")

    assert "Nobody is in this group." in shown.words
    assert "Family 0 members" in listed.words


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "Give 1 to 64 characters."),
        ("x" * 65, "Give 1 to 64 characters."),
        ("a\0b", "Give visible characters and spaces only."),
        ("Everyone", "Give another name; this one is reserved."),
        ("credentials-ADMIN", "There is a group 'credentials-ADMIN' already."),
    ],
)
async def test_a_name_that_breaks_a_rule_is_told(member: Browser, name: str, told: str):
    """At the making and at the renaming alike."""

    path = await _create(member)
    made = await member.submit("/manage/groups", "/manage/groups", {"name": name})
    renamed = await member.submit(path, f"{path}/rename", {"name": name})

    assert (made.status, renamed.status) == (422, 422)
    assert told in made.words
    assert told in renamed.words


async def test_a_group_is_renamed(member: Browser):
    """Under the same address."""

    path = await _create(member)
    page = await member.submit(path, f"{path}/rename", {"name": "Friends"})
    shown = await member.get(page.location)

    assert "<h1>Friends</h1>" in shown.text
    assert "The group has its new name." in shown.words


async def test_a_permission_counts_at_the_members_next_request(
    member: Browser, guest: Browser, database: Database
):
    """Given and taken away; nobody has to log in again."""

    path = await _create(member)
    theirs = await user_id(database)
    before = await guest.get("/manage/users")
    await member.submit(path, f"{path}/members", {"user": theirs})
    await member.submit(path, f"{path}/permissions", {"permissions": ["admin"]})
    inside = await guest.get("/manage/users")
    await member.submit(path, f"{path}/members/{theirs}/remove", {})
    outside = await guest.get("/manage/users")

    assert (before.status, inside.status, outside.status) == (403, 200, 403)


async def test_the_boxes_show_what_is_given(member: Browser, database: Database):
    """All of Homarr's permissions are there, and one of a newer Homarr stays."""

    path = await _create(member)
    group_id = path.rpartition("/")[2]
    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
            (group_id, "robot-command-all"),
        )

    page = await member.get(path)
    boxes = re.findall(r'name="permissions" value="([\w-]+)"( checked)?', page.text)
    kept = ["robot-command-all", "board-create"]
    await member.submit(path, f"{path}/permissions", {"permissions": kept})
    group = await find_group(database, group_id)

    assert len(boxes) == 21
    assert [name for name, ticked in boxes if ticked] == ["robot-command-all"]
    assert group is not None
    assert set(group.permissions) == set(kept)


async def test_an_unknown_permission_is_refused(member: Browser):
    """A form that was made up changes nothing."""

    path = await _create(member)
    page = await member.submit(
        path, f"{path}/permissions", {"permissions": ["admin", "fly"]}
    )

    assert page.status == 422
    assert " checked" not in (await member.get(path)).text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("permissions", {}),
        ("permissions", {"permissions": ["board-create"]}),
        ("delete", {}),
        ("members/{admin}/remove", {}),
    ],
)
async def test_somebody_is_always_left_to_administrate(
    member: Browser,
    guest: Browser,
    database: Database,
    action: str,
    fields: dict[str, list[str]],
):
    """No change of the last group with `admin` takes it from everybody."""

    path = f"/manage/groups/{await admin_group(database)}"
    action = action.format(admin=await user_id(database, ADMIN))
    page = await member.submit(path, f"{path}/{action}", fields)

    assert page.status == 422
    assert "After that nobody could manage this place any more." in page.words
    assert (await member.get("/manage/users")).status == 200


async def test_with_another_administrator_all_of_that_is_allowed(
    member: Browser, guest: Browser, database: Database
):
    """The guard is about the last one only."""

    path = f"/manage/groups/{await admin_group(database)}"
    await add_member(
        database, await admin_group(database), user_id=await user_id(database)
    )
    mine = await user_id(database, ADMIN)
    page = await member.submit(path, f"{path}/members/{mine}/remove", {})

    assert page.status == 303
    assert (await member.get("/manage/users")).status == 403
    assert (await guest.get("/manage/users")).status == 200


async def test_everyone_has_permissions_and_nothing_else(
    member: Browser, guest: Browser, database: Database
):
    """It cannot be renamed, left, joined or deleted."""

    path = await _everyone(database)
    shown = await member.get(path)
    allowed = await member.submit(
        path, f"{path}/permissions", {"permissions": ["board-view-all"]}
    )
    theirs = await user_id(database)
    refused = [
        await member.submit(path, f"{path}/{action}", {"name": "x", "user": theirs})
        for action in ("rename", "members", f"members/{theirs}/remove", "delete")
    ]

    assert shown.text.count("<form") == 2  # the permissions, and the way out
    assert allowed.status == 303
    assert {page.status for page in refused} == {404}


@pytest.mark.parametrize("user", ["", "nobody"])
async def test_only_users_become_members(member: Browser, user: str):
    """Whoever does not exist is not added."""

    path = await _create(member)
    page = await member.submit(path, f"{path}/members", {"user": user})

    assert page.status == 422
    assert "Choose a user." in page.words
    assert "Nobody is in this group." in page.words


async def test_members_are_listed_with_a_way_out(
    member: Browser, guest: Browser, database: Database
):
    """And whoever is in the group is not offered to be added."""

    path = await _create(member)
    theirs = await user_id(database)
    before = await member.get(path)
    await member.submit(path, f"{path}/members", {"user": theirs})
    after = await member.get(path)

    assert f'<option value="{theirs}">' in before.text
    assert f'<option value="{theirs}">' not in after.text
    assert f"Remove {GUEST} from the group" in after.text


async def test_a_deleted_group_takes_its_permissions_with_it(
    member: Browser, guest: Browser, database: Database
):
    """Its members stay users."""

    path = await _create(member)
    await member.submit(path, f"{path}/members", {"user": await user_id(database)})
    await member.submit(path, f"{path}/permissions", {"permissions": ["admin"]})
    page = await member.submit(path, f"{path}/delete", {})

    assert page.location == "/manage/groups?done=deleted"
    assert (await guest.get("/manage/users")).status == 403
    assert (await guest.get("/account")).status == 200


async def test_what_only_homarr_asks_for_is_folded_away(
    member: Browser, database: Database
):
    """It stands below its own summary, and is saved like the rest."""

    path = await _create(member)
    page = await member.get(path)
    own, _, folded = page.text.partition("Used by Homarr only")
    wanted = ["board-create", "integration-create", "other-view-logs"]
    await member.submit(path, f"{path}/permissions", {"permissions": wanted})
    group = await find_group(database, path.rpartition("/")[2])

    for name in ("integration-", "search-engine-", "media-", "other-view-logs"):
        assert f'value="{name}' in folded
        assert f'value="{name}' not in own

    for name in ("admin", "board-create", "app-modify-all"):
        assert f'value="{name}"' in own
        assert f'value="{name}"' not in folded

    assert group is not None
    assert set(group.permissions) == set(wanted)
