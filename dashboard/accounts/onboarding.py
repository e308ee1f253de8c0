"""The first visit: the first administrator, and the steps to a house that is set up.

Two ways lead there. The page /init takes one step from the beginning to the end;
clients of Homarr take its steps one by one. Whoever comes first makes the
administrator, and there is no second time on either way.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from dashboard.accounts.groups import check_group_name, insert_group
from dashboard.accounts.hashing import hash_password
from dashboard.accounts.passwords import check_new_name, check_new_password
from dashboard.accounts.rows import insert_user
from dashboard.boards.examples import insert_home_board
from dashboard.database import Database, Readable, Transaction
from dashboard.errors import AlreadyOnboardedError
from dashboard.identity import User
from dashboard.ids import new_id

if TYPE_CHECKING:
    from dashboard.server_settings import FirstSettings

ADMIN_GROUP = "credentials-admin"
#: Homarr's, in their order. A newer Homarr has "integrations" before the last.
STEPS = ("start", "import", "user", "group", "settings", "finish")


async def onboarding_step(source: Readable) -> str:
    """The step that the installation is at: "start" … "finish"."""
    current, _ = await find_steps(source)
    return current


async def find_steps(source: Readable) -> tuple[str, str | None]:
    """The step that the installation is at, and the one before, if it has had one."""
    row = await source.one("SELECT step, previous_step FROM onboarding LIMIT 1")
    return ("start", None) if row is None else (row["step"], row["previous_step"])


async def is_set_up(source: Readable) -> bool:
    """Whether there is somebody to log in as, whatever step Homarr's client is at."""
    return await onboarding_step(source) == "finish" or await _has_admin(source)


async def create_first_admin(database: Database, *, name: str, password: str) -> User:
    """Make the first administrator and the home board, and finish the onboarding.

    Raises AlreadyOnboardedError where there is one, and InvalidAccountError when the
    name or the password breaks a rule; of two calls at once, one wins.
    """
    name = check_new_name(name)
    check_new_password(password)
    async with database.read() as tx:
        await _check_not_set_up(tx)

    hashed = await hash_password(password)
    async with database.write() as tx:
        # Again, now that nobody else can write.
        await _check_not_set_up(tx)
        user = User(id=await insert_user(tx, name=name, hashed=hashed), name=name)
        await _make_admin(tx, user)
        await insert_home_board(tx, owner_id=user.id)
        # As if every step had been taken: Homarr takes whoever is one after "start"
        # back there, and then makes another administrator.
        await _set_step(tx, "finish", previous="settings")

    return user


async def init_user(
    database: Database,
    *,
    name: str,
    password: str,
    email: str | None,
    providers: Collection[str],
) -> User:
    """Make the first administrator at the step "user", and take the next step.

    Raises as `create_first_admin`; AlreadyOnboardedError at any other step, too.
    """
    name = check_new_name(name)
    check_new_password(password)
    hashed = await hash_password(password)
    async with database.write() as tx:
        await _check_not_set_up(tx)
        await _check_step(tx, "user")
        user_id = await insert_user(tx, name=name, hashed=hashed, email=email)
        user = User(id=user_id, name=name)
        await _make_admin(tx, user)
        await _take_next_step(tx, "user", providers=providers)

    return user


async def create_external_group(
    database: Database, *, name: str, by_admin: bool, providers: Collection[str]
) -> None:
    """Make a group of administrators for another provider, at the step "group".

    Where there is an administrator already, only one of them may: nobody else gets to
    choose who becomes one. Raises AlreadyOnboardedError, also at any other step, and
    InvalidAccountError as `create_group` does.
    """
    name = check_group_name(name)
    async with database.write() as tx:
        await _check_step(tx, "group")
        if not by_admin:
            await _check_not_set_up(tx)

        group_id = await insert_group(tx, name=name, owner_id=None)
        await tx.execute(
            'INSERT INTO "groupPermission" (group_id, permission) VALUES (?, ?)',
            (group_id, "admin"),
        )
        await _take_next_step(tx, "group", providers=providers)


async def choose_first_settings(
    database: Database, settings: FirstSettings, *, providers: Collection[str]
) -> None:
    """Save the settings that are asked for at the step "settings", and finish.

    Raises AlreadyOnboardedError at any other step.
    """
    # Loaded late: every page asks this file whether there is an administrator.
    from dashboard.server_settings import save_server_setting

    async with database.write() as tx:
        await _check_step(tx, "settings")
        await save_server_setting(tx, "analytics", settings.analytics)
        await save_server_setting(
            tx, "crawlingAndIndexing", settings.crawling_and_indexing
        )
        await _take_next_step(tx, "settings", providers=providers)


async def leave_step(
    database: Database, *, preferred: str | None, providers: Collection[str]
) -> None:
    """Take the next step from one where there is nothing to do.

    Raises AlreadyOnboardedError where something is: the administrator, the group and
    the settings each take the step themselves, and from the last one none leads on.
    """
    async with database.write() as tx:
        step = await onboarding_step(tx)
        idle = step in {"start", "import"} or (
            # A Homarr that was stopped between making the administrator and the step.
            step not in {"group", "settings", "finish"} and await _has_admin(tx)
        )
        if not idle:
            raise AlreadyOnboardedError

        await _take_next_step(tx, step, preferred=preferred, providers=providers)


async def go_back(database: Database) -> None:
    """Take the way back to the start from the step after it, and from no other.

    Raises AlreadyOnboardedError when all is done.
    """
    async with database.write() as tx:
        step, previous = await find_steps(tx)
        if step == "finish":
            raise AlreadyOnboardedError

        if previous == "start":
            await _set_step(tx, "start", previous=None)


async def _take_next_step(
    tx: Transaction,
    step: str,
    *,
    providers: Collection[str],
    preferred: str | None = None,
) -> None:
    """Go on to the first of the steps after this one that there is reason for."""
    reasons = {
        "import": step == "start" and preferred == "import",
        "user": "credentials" in providers and not await _has_admin(tx),
        "group": not {"oidc", "ldap"}.isdisjoint(providers),
        "settings": True,
        "finish": True,
    }
    after = STEPS[STEPS.index(step) + 1 :] if step in STEPS else ("finish",)
    found = next((name for name in after if reasons[name]), None)
    if found is not None:
        await _set_step(tx, found, previous=step)


async def _check_step(tx: Transaction, step: str) -> None:
    if await onboarding_step(tx) != step:
        raise AlreadyOnboardedError


async def _check_not_set_up(source: Readable) -> None:
    if await is_set_up(source):
        raise AlreadyOnboardedError


async def _has_admin(source: Readable) -> bool:
    row = await source.one(
        'SELECT 1 FROM "groupPermission" AS p'
        ' JOIN "groupMember" AS m ON m.group_id = p.group_id'
        " WHERE p.permission = 'admin' LIMIT 1"
    )
    return row is not None


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


async def _set_step(tx: Transaction, step: str, *, previous: str | None) -> None:
    changed = await tx.execute(
        "UPDATE onboarding SET step = ?, previous_step = ?", (step, previous)
    )
    if changed == 0:
        await tx.execute(
            "INSERT INTO onboarding (id, step, previous_step) VALUES (?, ?, ?)",
            (new_id(), step, previous),
        )
