from __future__ import annotations

import pytest

from dashboard.accounts import (
    Group,
    InvalidAccountError,
    NameTakenError,
    ReservedGroupError,
    UnknownGroupError,
    UnknownUserError,
    add_member,
    create_group,
    delete_group,
    delete_user,
    find_group,
    find_session,
    list_groups,
    open_session,
    order_groups,
    remove_member,
    rename_group,
    set_permissions,
    synchronize_groups,
    transfer_group,
)
from dashboard.database import Database
from dashboard.identity import User

pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture(name="editors")
async def _editors(database: Database, ada: User) -> Group:
    return await create_group(database, name="Editors", owner_id=ada.id)


async def everyone(database: Database) -> Group:
    return next(group for group in await list_groups(database) if group.reserved)


async def test_a_new_group_comes_last_and_is_empty(
    database: Database, ada: User, editors: Group
):
    """Its owner is not a member for that."""
    groups = await list_groups(database)

    assert groups[0].name == "everyone"
    assert groups[-1] == editors
    assert editors.position > max(group.position for group in groups[:-1])
    assert editors.owner_id == ada.id
    assert editors.permissions == editors.member_ids == ()
    assert await find_group(database, editors.id) == editors
    assert await find_group(database, "nowhere") is None


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 65, "a\0b", "a\nb", "everyone", " Everyone "]
)
async def test_a_group_has_a_name_that_can_be_seen(
    database: Database, editors: Group, name: str
):
    """And not the reserved one."""
    with pytest.raises(InvalidAccountError, match="give"):
        await create_group(database, name=name, owner_id="")

    with pytest.raises(InvalidAccountError, match="give"):
        await rename_group(database, editors.id, name=name)

    assert await find_group(database, editors.id) == editors


async def test_a_group_name_is_given_once(
    database: Database, ada: User, editors: Group
):
    """In any case of letters; a group may change the case of its own."""
    await create_group(database, name="Küche", owner_id=ada.id)
    for name in ("editors", " EDITORS ", "KÜCHE"):
        with pytest.raises(NameTakenError, match="there is a group"):
            await create_group(database, name=name, owner_id=ada.id)

    with pytest.raises(NameTakenError):
        await rename_group(database, editors.id, name="küche")

    await rename_group(database, editors.id, name="EDITORS")
    found = await find_group(database, editors.id)

    assert found is not None
    assert found.name == "EDITORS"


async def test_permissions_come_and_go_with_membership(
    database: Database, bob: User, editors: Group
):
    """At once, for sessions that are open."""
    session = await open_session(database, bob)
    await set_permissions(database, editors.id, ["board-modify-all"])
    await add_member(database, editors.id, user_id=bob.id)
    await add_member(database, editors.id, user_id=bob.id)
    found = await find_session(database, session.token)

    assert found is not None
    assert found.may("board-modify-all")
    assert found.may("board-view-all")
    assert not found.may("board-full-all")

    group = await find_group(database, editors.id)

    assert group is not None
    assert group.member_ids == (bob.id,)
    assert group.permissions == ("board-modify-all",)

    await remove_member(database, editors.id, user_id=bob.id)
    await remove_member(database, editors.id, user_id=bob.id)
    found = await find_session(database, session.token)

    assert found is not None
    assert found.permissions == frozenset()


async def test_permissions_are_replaced_as_a_whole(database: Database, editors: Group):
    """Each is stored once, and told in Homarr's order."""
    await set_permissions(database, editors.id, ["admin", "app-create", "admin"])
    group = await find_group(database, editors.id)

    assert group is not None
    assert group.permissions == ("app-create", "admin")

    await set_permissions(database, editors.id, [])
    group = await find_group(database, editors.id)

    assert group is not None
    assert group.permissions == ()


async def test_a_permission_that_nobody_knows_is_refused(
    database: Database, editors: Group
):
    """One that a newer Homarr gave the group may stay."""
    await set_permissions(database, editors.id, ["app-create"])
    with pytest.raises(InvalidAccountError, match="fly"):
        await set_permissions(database, editors.id, ["admin", "fly"])

    group = await find_group(database, editors.id)

    assert group is not None
    assert group.permissions == ("app-create",)

    async with database.write() as tx:
        await tx.execute(
            'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
            (editors.id, "new-in-2030"),
        )

    await set_permissions(database, editors.id, ["new-in-2030", "admin"])
    group = await find_group(database, editors.id)

    assert group is not None
    assert group.permissions == ("admin", "new-in-2030")


async def test_everyone_stays_as_it_is(database: Database, ada: User):
    """Only what its members may do can be changed."""
    group = await everyone(database)
    await open_session(database, ada)
    calls = [
        rename_group(database, group.id, name="others"),
        delete_group(database, group.id),
        add_member(database, group.id, user_id=ada.id),
        remove_member(database, group.id, user_id=ada.id),
        transfer_group(database, group.id, owner_id=ada.id),
    ]
    for call in calls:
        with pytest.raises(ReservedGroupError, match="cannot be changed"):
            await call

    await order_groups(database, [group.id])
    await set_permissions(database, group.id, ["app-use-all"])
    after = await everyone(database)

    assert ada.id in after.member_ids
    assert after.position == group.position
    assert after.owner_id == group.owner_id
    assert after.permissions == ("app-use-all",)


async def test_an_unknown_group_or_user_is_named(
    database: Database, ada: User, editors: Group
):
    """By the id that was given."""
    calls = [
        rename_group(database, "nowhere", name="others"),
        delete_group(database, "nowhere"),
        add_member(database, "nowhere", user_id=ada.id),
        remove_member(database, "nowhere", user_id=ada.id),
        transfer_group(database, "nowhere", owner_id=ada.id),
        set_permissions(database, "nowhere", ["admin"]),
    ]
    for call in calls:
        with pytest.raises(UnknownGroupError, match="no group 'nowhere'"):
            await call

    for other in (
        add_member(database, editors.id, user_id="nobody"),
        transfer_group(database, editors.id, owner_id="nobody"),
        synchronize_groups(database, "nobody", ["Editors"]),
    ):
        with pytest.raises(UnknownUserError, match="no user 'nobody'"):
            await other

    with pytest.raises(UnknownUserError, match="no user 'nobody'"):
        await create_group(database, name="others", owner_id="nobody")


async def test_a_group_outlives_its_owner(
    database: Database, ada: User, bob: User, editors: Group
):
    """Unless it was given to somebody else before."""
    await transfer_group(database, editors.id, owner_id=bob.id)
    await delete_user(database, ada.id)
    group = await find_group(database, editors.id)

    assert group is not None
    assert group.owner_id == bob.id

    await delete_user(database, bob.id)
    group = await find_group(database, editors.id)

    assert group is not None
    assert group.owner_id is None


async def test_a_deleted_group_takes_its_permissions_along(
    database: Database, admin: User, ada: User, editors: Group
):
    """Nobody keeps what they had through it; another administrator is left."""
    await set_permissions(database, editors.id, ["admin"])
    await add_member(database, editors.id, user_id=ada.id)
    session = await open_session(database, ada)
    await delete_group(database, editors.id)
    found = await find_session(database, session.token)

    assert session.may("admin")
    assert found is not None
    assert not found.may("admin")
    assert await find_group(database, editors.id) is None


async def test_groups_are_put_into_an_order(
    database: Database, ada: User, editors: Group
):
    """From position 1; a group that is gone by now is no error."""
    others = await create_group(database, name="others", owner_id=ada.id)
    await order_groups(database, [others.id, "gone", editors.id])
    places = {group.id: group.position for group in await list_groups(database)}

    assert places[others.id] == 1
    assert places[editors.id] == 3

    await order_groups(database, [])

    assert (await list_groups(database))[0].name == "everyone"


async def test_a_provider_says_which_groups_its_users_are_in(
    database: Database, ada: User, outsider: User, editors: Group
):
    """Of those that exist, never out of "everyone", and nobody else's."""
    others = await create_group(database, name="others", owner_id=ada.id)
    await open_session(database, outsider)
    await add_member(database, others.id, user_id=outsider.id)
    await add_member(database, others.id, user_id=ada.id)
    await synchronize_groups(database, outsider.id, ["Editors", "elsewhere"])
    members = {group.name: group.member_ids for group in await list_groups(database)}

    assert members["Editors"] == (outsider.id,)
    assert members["others"] == (ada.id,)
    assert outsider.id in members["everyone"]
    assert "elsewhere" not in members
