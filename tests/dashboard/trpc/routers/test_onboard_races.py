"""Two at once, the page and a procedure: there is one first administrator."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from dashboard.accounts import AlreadyOnboardedError, create_first_admin
from dashboard.trpc import Context, ProcedureError, find_procedure
from dashboard.trpc.validation import read_input

from .house import FIRST_SETTINGS, FIRST_USER, NEW_PASSWORD, House

EVERYTHING = (
    'SELECT * FROM "user"',
    'SELECT * FROM "group"',
    'SELECT * FROM "serverSetting"',
    "SELECT * FROM onboarding",
)


@pytest.mark.parametrize("step", ["user", "settings"])
async def test_no_page_makes_a_second_administrator(empty: House, step: str):
    """At no step, once there is one."""
    await empty.put_at("user")
    await empty.call("user.initUser", FIRST_USER, by="stranger")
    await empty.put_at(step)

    with pytest.raises(AlreadyOnboardedError):
        await create_first_admin(empty.database, name="eve", password=NEW_PASSWORD)

    assert await empty.answer("user.initUser", FIRST_USER, by="stranger") == "FORBIDDEN"
    assert await empty.rows('SELECT name FROM "user"') == [("first",)]


async def test_of_all_ways_at_once_one_leads_there(empty: House):
    """However the page and the procedure interleave."""
    await empty.put_at("user")
    ended: list[str] = []

    async def visit(name: str) -> None:
        try:
            await create_first_admin(empty.database, name=name, password=NEW_PASSWORD)
        except AlreadyOnboardedError:
            ended.append("FORBIDDEN")
        else:
            ended.append("OK")

    async def ask(name: str) -> None:
        given = {**FIRST_USER, "username": name}
        ended.append(await empty.answer("user.initUser", given, by="stranger"))

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(visit, f"page{number}")
            tasks.start_soon(ask, f"client{number}")

    assert sorted(ended) == ["FORBIDDEN"] * 5 + ["OK"]
    assert await empty.rows('SELECT count(*) FROM "user"') == [(1,)]


@pytest.mark.parametrize(
    ("path", "step", "given"),
    [
        ("group.createInitialExternalGroup", "group", {"name": "second"}),
        ("serverSettings.initSettings", "settings", FIRST_SETTINGS),
        ("user.initUser", "user", FIRST_USER),
    ],
)
async def test_who_was_let_in_too_early_comes_too_late(
    empty: House, path: str, step: str, given: dict[str, Any]
):
    """Of two who pass the guard at once the second finds the step taken."""
    procedure = find_procedure(path)
    assert procedure is not None
    context = Context(resources=empty.resources, session=None)
    await empty.put_at(step)
    await procedure.guard(context)
    await empty.put_at("import")
    before = [await empty.rows(sql) for sql in EVERYTHING]

    with pytest.raises(ProcedureError, match="Step denied"):
        await procedure.function(context, read_input(given, procedure.input))

    assert [await empty.rows(sql) for sql in EVERYTHING] == before
