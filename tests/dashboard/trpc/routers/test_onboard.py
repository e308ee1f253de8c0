"""The way of Homarr's clients from the first visit on, and the ways that are closed."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.accounts import (
    create_first_admin,
    open_session,
    verify_password,
)
from dashboard.settings import Settings
from dashboard.superjson import UNDEFINED

from .house import FIRST_SETTINGS, FIRST_USER, NEW_PASSWORD, House

DENIED = "FORBIDDEN: Step denied"


@pytest.fixture(name="settings")
def _settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(auth_providers=getattr(request, "param", ("credentials",)))


async def do(house: House, path: str, given: Any = UNDEFINED) -> str:
    """Do it as a stranger; the step after it, or why not."""
    answer = await house.answer(path, given, by="stranger")
    if answer != "OK":
        return answer

    return (await steps(house))[0]


async def steps(house: House) -> tuple[str, str | None]:
    found = await house.call("onboard.currentStep", by="stranger")
    assert set(found) == {"current", "previous"}
    return found["current"], found["previous"]


async def test_homarrs_way_leads_to_an_administrator(empty: House):
    """Each step takes the next; afterwards somebody can log in."""
    assert await steps(empty) == ("start", None)
    assert await do(empty, "onboard.nextStep", {}) == "user"
    assert await do(empty, "user.initUser", FIRST_USER) == "settings"
    assert await steps(empty) == ("settings", "user")
    assert await do(empty, "serverSettings.initSettings", FIRST_SETTINGS) == "finish"
    assert await steps(empty) == ("finish", "settings")

    user = await verify_password(empty.database, name="first", password=NEW_PASSWORD)
    assert user is not None
    assert (await open_session(empty.database, user)).may("admin")
    stored = await empty.call("serverSettings.getAll")
    for key, value in FIRST_SETTINGS.items():
        assert stored[key] == {**stored[key], **value}


async def test_the_administrators_rows_are_homarrs(empty: House):
    """Their group is the one that its command line looks for."""
    await empty.put_at("user")
    await empty.call(
        "user.initUser", {**FIRST_USER, "email": "f@example.com"}, by="stranger"
    )

    assert await empty.rows('SELECT name, email, provider FROM "user"') == [
        ("first", "f@example.com", "credentials")
    ]
    assert await empty.rows(
        'SELECT g.name, p.permission, u.name FROM "group" AS g'
        ' JOIN "groupPermission" AS p ON p.group_id = g.id'
        ' JOIN "user" AS u ON u.id = g.owner_id'
        ' JOIN "groupMember" AS m ON m.group_id = g.id AND m.user_id = u.id'
    ) == [("credentials-admin", "admin", "first")]


@pytest.mark.parametrize(
    ("settings", "step", "preferred", "following"),
    [
        (("credentials",), "start", None, "user"),
        (("credentials",), "start", "import", "import"),
        (("credentials",), "start", "finish", "user"),
        (("credentials",), "import", None, "user"),
        (("credentials", "oidc"), "start", None, "user"),
        (("oidc",), "start", None, "group"),
        (("ldap",), "import", "import", "group"),
        ((), "start", None, "settings"),
    ],
    indirect=["settings"],
)
async def test_the_next_step_is_homarrs(
    empty: House, step: str, preferred: str | None, following: str
):
    """By where accounts come from; a preference counts where there is a choice."""
    await empty.put_at(step)
    given = {} if preferred is None else {"preferredStep": preferred}

    assert await do(empty, "onboard.nextStep", given) == following
    assert await steps(empty) == (following, step)


@pytest.mark.parametrize("step", ["user", "group", "settings", "finish", "tomorrow"])
async def test_no_step_is_left_undone(empty: House, step: str):
    """In Homarr whoever asks often enough ends it without an administrator."""
    await empty.put_at(step)

    for by in ("stranger", "admin"):
        assert await empty.fail("onboard.nextStep", {}, by=by) == DENIED

    assert (await steps(empty))[0] == step


async def test_a_step_whose_work_is_done_can_be_left(house: House):
    """Homarr may have been stopped between the administrator and the step."""
    await house.put_at("user")

    assert await do(house, "onboard.nextStep", {}) == "settings"


async def test_an_administrator_is_not_asked_for_twice(house: House):
    """Where there is one, the step is passed over."""
    await house.put_at("start")

    assert await do(house, "onboard.nextStep", {}) == "settings"


@pytest.mark.parametrize("step", ["start", "tomorrow"])
async def test_a_preference_is_one_of_the_steps(empty: House, step: str):
    """Whatever step the house is at."""
    given = {"preferredStep": "tomorrow"}
    (issue,) = await empty.issues("onboard.nextStep", given, by="stranger")

    assert issue["path"] == ["preferredStep"]


async def test_the_way_back_leads_to_the_start(empty: House):
    """From the step after it; any other stays."""
    await do(empty, "onboard.nextStep", {"preferredStep": "import"})

    assert await do(empty, "onboard.previousStep") == "start"
    assert await steps(empty) == ("start", None)
    await empty.run("UPDATE onboarding SET step = 'settings', previous_step = 'user'")
    assert await do(empty, "onboard.previousStep") == "settings"


async def test_nobody_begins_anew(house: House):
    """A file of ours before this version says that the start was the step before."""
    await house.run("UPDATE onboarding SET previous_step = 'start'")
    for path in ("onboard.nextStep", "onboard.previousStep"):
        assert await house.fail(path, {}, by="stranger") == DENIED

    assert (await steps(house))[0] == "finish"


async def test_the_page_finishes_as_if_each_step_had_been_taken(empty: House):
    """Homarr's previousStep leads nowhere from there."""
    await create_first_admin(empty.database, name="first", password=NEW_PASSWORD)

    assert await steps(empty) == ("finish", "settings")
    for path, given in (("user.initUser", FIRST_USER), ("onboard.nextStep", {})):
        assert await empty.fail(path, given, by="stranger") == DENIED


@pytest.mark.parametrize("settings", [("oidc",)], indirect=True)
async def test_another_provider_gets_a_group_of_administrators(empty: House):
    """Nobody gets a password then."""
    await do(empty, "onboard.nextStep", {})
    made = await do(empty, "group.createInitialExternalGroup", {"name": " staff "})

    assert made == "settings"
    assert await empty.rows(
        'SELECT g.name, g.owner_id, g.position, p.permission FROM "group" AS g'
        ' JOIN "groupPermission" AS p ON p.group_id = g.id'
    ) == [("staff", None, 0, "admin")]
    await empty.put_at("user")
    assert await empty.fail("user.initUser", FIRST_USER, by="stranger") == (
        "FORBIDDEN: Credentials provider is disabled"
    )


@pytest.mark.parametrize("settings", [("credentials", "oidc")], indirect=True)
async def test_who_is_there_first_says_who_else_may(empty: House):
    """No stranger names a group of administrators once there is an administrator."""
    await do(empty, "onboard.nextStep", {})
    assert await do(empty, "user.initUser", FIRST_USER) == "group"
    path, given = "group.createInitialExternalGroup", {"name": "staff"}
    for by in ("stranger", "ada"):
        assert await empty.fail(path, given, by=by) == DENIED

    assert await empty.fail(path, {"name": "Credentials-Admin"}) == (
        "CONFLICT: Found group with similar name"
    )
    assert await empty.answer(path, given) == "OK"
    assert (await steps(empty))[0] == "settings"


@pytest.mark.parametrize(
    "change",
    [
        {"analytics": None},
        {"analytics": {}},
        {"crawlingAndIndexing": FIRST_SETTINGS["analytics"]},
        {"analytics": {**FIRST_SETTINGS["analytics"], "enableGeneral": 1}},
    ],
)
async def test_the_first_settings_are_whole(empty: House, change: dict[str, Any]):
    """Each is a yes or a no."""
    await empty.put_at("settings")
    given = {**FIRST_SETTINGS, **change}
    path = "serverSettings.initSettings"

    assert await empty.issues(path, given, by="stranger")
    assert (await steps(empty))[0] == "settings"


async def test_a_file_without_the_row_is_at_the_start(empty: House):
    """As Homarr takes it; the first step makes the row."""
    await empty.run("DELETE FROM onboarding")

    assert await steps(empty) == ("start", None)
    assert await do(empty, "onboard.nextStep", {}) == "user"
    assert await steps(empty) == ("user", "start")
