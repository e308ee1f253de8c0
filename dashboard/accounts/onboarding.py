"""The first visit: the first administrator, their group and the home board."""

from __future__ import annotations

from dashboard.accounts.hashing import hash_password
from dashboard.accounts.passwords import check_new_name, check_new_password
from dashboard.accounts.rows import insert_user
from dashboard.boards.examples import insert_home_board
from dashboard.database import Database, Transaction
from dashboard.errors import AlreadyOnboardedError
from dashboard.identity import User
from dashboard.ids import new_id

ADMIN_GROUP = "credentials-admin"


async def onboarding_step(database: Database) -> str:
    """The step that the installation is at: "start" … "finish"."""
    row = await database.one("SELECT step FROM onboarding LIMIT 1")
    return "start" if row is None else str(row["step"])


async def create_first_admin(database: Database, *, name: str, password: str) -> User:
    """Make the first administrator and the home board, and finish the onboarding.

    Raises AlreadyOnboardedError where there is one, and InvalidAccountError when the
    name or the password breaks a rule; of two calls at once, one wins.
    """
    name = check_new_name(name)
    check_new_password(password)
    async with database.read() as tx:
        await _check_not_onboarded(tx)

    hashed = await hash_password(password)
    async with database.write() as tx:
        # Again, now that nobody else can write.
        await _check_not_onboarded(tx)
        user = User(id=await insert_user(tx, name=name, hashed=hashed), name=name)
        await _make_admin(tx, user)
        await insert_home_board(tx, owner_id=user.id)
        await _finish(tx)

    return user


async def _check_not_onboarded(tx: Transaction) -> None:
    row = await tx.one("SELECT 1 FROM onboarding WHERE step = 'finish'")
    if row is None:
        row = await tx.one(
            'SELECT 1 FROM "groupPermission" AS p'
            ' JOIN "groupMember" AS m ON m.group_id = p.group_id'
            " WHERE p.permission = 'admin' LIMIT 1"
        )

    if row is not None:
        raise AlreadyOnboardedError


async def _make_admin(tx: Transaction, user: User) -> None:
    await tx.execute(
        'INSERT INTO "group" (id, name, owner_id, position)'
        ' VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM "group"))'
        " ON CONFLICT (name) DO NOTHING",
        (new_id(), ADMIN_GROUP, user.id),
    )
    await tx.execute(
        'INSERT INTO "groupPermission" (group_id, permission)'
        " SELECT id, 'admin' FROM \"group\" WHERE name = ?",
        (ADMIN_GROUP,),
    )
    await tx.execute(
        'INSERT INTO "groupMember" (group_id, user_id)'
        " SELECT id, ? FROM \"group\" WHERE name IN (?, 'everyone')",
        (user.id, ADMIN_GROUP),
    )


async def _finish(tx: Transaction) -> None:
    changed = await tx.execute(
        "UPDATE onboarding SET previous_step = step, step = 'finish'"
    )
    if changed == 0:
        await tx.execute(
            "INSERT INTO onboarding (id, step) VALUES (?, 'finish')", (new_id(),)
        )
