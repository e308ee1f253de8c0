from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from dashboard.accounts import (
    add_member,
    create_group,
    delete_group,
    delete_user,
    find_admins,
    list_groups,
    remove_member,
    set_permissions,
)
from dashboard.database import Database
from dashboard.errors import LastAdminError
from dashboard.identity import User


async def admin_group(database: Database) -> str:
    """The id of the group that the first administrator is in."""
    (group,) = [one for one in await list_groups(database) if one.permissions]
    return group.id


async def test_the_group_of_the_last_administrator_stays(
    database: Database, admin: User
):
    """Every way to lose them is taken back as a whole."""
    group = await admin_group(database)
    before = await list_groups(database)
    for change in (
        remove_member(database, group, user_id=admin.id),
        set_permissions(database, group, ["app-create"]),
        delete_group(database, group),
    ):
        with pytest.raises(LastAdminError, match="last administrator"):
            await change

    assert await list_groups(database) == before
    assert await find_admins(database) == {admin.id}


async def test_one_of_two_groups_may_go(database: Database, admin: User):
    """Whoever is in the other one administrates on."""
    group = await admin_group(database)
    other = await create_group(database, name="other", owner_id=admin.id)
    await set_permissions(database, other.id, ["admin"])
    await add_member(database, other.id, user_id=admin.id)
    await delete_group(database, group)

    assert await find_admins(database) == {admin.id}


async def test_a_file_without_administrators_is_not_made_worse(
    database: Database, ada: User
):
    """What can be done with it can be done."""
    group = await create_group(database, name="club", owner_id=ada.id)
    await add_member(database, group.id, user_id=ada.id)
    await remove_member(database, group.id, user_id=ada.id)
    await set_permissions(database, group.id, ["app-create"])
    await delete_group(database, group.id)

    assert await delete_user(database, ada.id, keep_last_admin=True)


async def test_two_administrators_in_two_processes_cannot_both_go(
    database: Database, admin: User, ada: User
):
    """Each with a connection of its own; whoever writes second sees what is left."""
    group = await admin_group(database)
    await add_member(database, group, user_id=ada.id)
    other = Database(database.path, driver=database.driver)
    ended: list[str] = []

    async def attempt(change: Callable[[], Awaitable[object]]) -> None:
        try:
            await change()
        except LastAdminError:
            ended.append("refused")
        else:
            ended.append("done")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(
            attempt, lambda: remove_member(database, group, user_id=admin.id)
        )
        tasks.start_soon(
            attempt, lambda: delete_user(other, ada.id, keep_last_admin=True)
        )

    await other.close()

    assert sorted(ended) == ["done", "refused"]
    assert len(await find_admins(database)) == 1
