"""Apps: whole answers, Homarr's rules for what is given, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.apps import DEFAULT_ICON

from .callers import MEMBERS, RIGHTS, Callers

APP = {
    "id": "app",
    "name": "App",
    "description": "An app",
    "iconUrl": "/a.svg",
    "href": "http://app/",
    "pingUrl": None,
}
HIDDEN = {
    "id": "hidden",
    "name": "Hidden",
    "description": None,
    "iconUrl": "/h.svg",
    "href": None,
    "pingUrl": "http://hidden/ping",
}
NEW = {
    "name": "New",
    "description": None,
    "iconUrl": "/n.svg",
    "href": None,
    "pingUrl": None,
}


async def test_apps_are_listed_by_name_with_homarr_s_members(callers: Callers):
    """All of them, to choose from, by page and by search."""
    page = {"items": [APP, HIDDEN], "totalCount": 2}

    assert await callers.call("app.all", by="other") == [APP, HIDDEN]
    assert await callers.call("app.selectable", by="other") == [APP, HIDDEN]
    assert await callers.call("app.getPaginated", {}, by="other") == page
    assert await callers.call("app.search", {"query": "hid"}, by="other") == [HIDDEN]
    assert list((await callers.call("app.all"))[0]) == list(APP)


@pytest.mark.parametrize(
    ("given", "names", "total"),
    [
        ({"pageSize": 1}, ["App"], 2),
        ({"pageSize": 1, "page": 2}, ["Hidden"], 2),
        ({"page": 2}, [], 2),
        ({"search": " APP "}, ["App"], 1),
        ({"search": "%"}, [], 0),
    ],
)
async def test_a_page_is_a_part_of_what_was_found(
    callers: Callers, given: Any, names: list[str], total: int
):
    """Signs of patterns are only signs."""
    found = await callers.call("app.getPaginated", given)

    assert ([app["name"] for app in found["items"]], found["totalCount"]) == (
        names,
        total,
    )


@pytest.mark.parametrize("by", RIGHTS)
async def test_strangers_know_the_apps_of_public_boards(callers: Callers, by: str):
    """Members know all."""
    found = "NOT_FOUND" if by == "stranger" else "OK"
    ids = ["hidden", "app", "nothing"]
    all_of_them = [] if by == "stranger" else [APP, HIDDEN]

    assert await callers.answer("app.byId", {"id": "app"}, by=by) == found
    assert await callers.call("app.byIds", ids, by=by) == all_of_them

    await callers.run("UPDATE board SET is_public = 1")

    assert await callers.call("app.byId", {"id": "app"}, by=by) == APP
    assert await callers.answer("app.byId", {"id": "hidden"}, by=by) == found
    assert await callers.call("app.byIds", ids, by=by) == (all_of_them or [APP])
    assert await callers.fail("app.byId", {"id": "nothing"}, by=by) == (
        "NOT_FOUND: App not found"
    )


@pytest.mark.parametrize(
    "path", ["app.getPaginated", "app.all", "app.search", "app.selectable"]
)
async def test_lists_are_for_members(callers: Callers, path: str):
    """Strangers are told to log in."""
    given = {"query": ""}

    assert (
        await callers.fail(path, given, by="stranger") == "UNAUTHORIZED: UNAUTHORIZED"
    )
    assert await callers.answer(path, given, by="other") == "OK"


@pytest.mark.parametrize(
    ("path", "given", "needed"),
    [
        ("app.create", NEW, "app-create"),
        ("app.createMany", [NEW], "app-create"),
        ("app.update", {**NEW, "id": "app"}, "app-modify-all"),
        ("app.delete", {"id": "app"}, "app-full-all"),
    ],
)
async def test_every_change_needs_its_permission(
    callers: Callers, path: str, given: Any, needed: str
):
    """The one before it is not enough."""
    order = ("app-use-all", "app-create", "app-modify-all", "app-full-all")
    less = order[order.index(needed) - 1]
    before = await callers.rows("SELECT * FROM app")

    assert await callers.answer(path, given, by="stranger") == "UNAUTHORIZED"
    for by in (name for name in MEMBERS if name != "admin"):
        assert await callers.fail(path, given, by=by, having=(less,)) == (
            "FORBIDDEN: Permission denied"
        )

    assert await callers.rows("SELECT * FROM app") == before
    assert await callers.answer(path, given, by="other", having=(needed,)) == "OK"


async def test_a_new_app_is_told_with_its_id_twice(callers: Callers):
    """What is empty is none, and spaces around it go."""
    given = {
        "name": " New ",
        "description": "  ",
        "iconUrl": " /n.svg ",
        "href": "",
        "pingUrl": " https://new/ping ",
    }
    made = await callers.call("app.create", given)
    stored = {**NEW, "pingUrl": "https://new/ping"}

    assert list(made) == ["appId", *APP]
    assert made == {"appId": made["id"], "id": made["id"], **stored}
    assert await callers.call("app.byId", {"id": made["id"]}) == {
        "id": made["id"],
        **stored,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " "},
        {"name": "n" * 65},
        {"name": None},
        {"description": "d" * 513},
        {"iconUrl": " "},
        {"iconUrl": None},
        {"href": "javascript://x/%0aalert(1)"},
        {"href": "JavaScript://x"},
        {"href": "javascript:alert(1)"},
        {"href": "data:text/html,x"},
        {"href": "app.local"},
        {"href": "/path"},
        {"href": "https://"},
        {"pingUrl": "ftp://app/"},
        {"pingUrl": "app"},
        {"pingUrl": "http:///x"},
        {"name": "\ud800"},
    ],
)
async def test_what_homarr_refuses_is_refused(callers: Callers, change: Any):
    """In a new app, in many and in one that is there."""
    before = await callers.rows("SELECT * FROM app")
    given = {**NEW, **change}

    assert await callers.answer("app.create", given) == "BAD_REQUEST"
    assert await callers.answer("app.update", {**given, "id": "app"}) == "BAD_REQUEST"
    if change != {"iconUrl": None}:
        assert await callers.answer("app.createMany", [NEW, given]) == "BAD_REQUEST"

    assert await callers.rows("SELECT * FROM app") == before


@pytest.mark.parametrize("missing", NEW)
async def test_every_field_of_an_app_is_given(callers: Callers, missing: str):
    """Null is a value, and to leave a field out is an error."""
    given = {key: value for key, value in NEW.items() if key != missing}

    assert await callers.answer("app.create", given) == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("href", "obsidian://open?vault=a b"),
        ("href", "SSH://host:22/x"),
        ("href", "http://[::1]:8080/"),
        ("description", "d" * 512),
        ("name", "n" * 64),
        ("name", "x"),
        ("pingUrl", "http://app.local:81/a?b=c"),
    ],
)
async def test_what_homarr_takes_is_taken(callers: Callers, field: str, value: str):
    """As it is, whatever the scheme of the link."""
    made = await callers.call("app.create", {**NEW, field: value})

    assert made[field] == value


async def test_many_apps_get_icons_that_fit(callers: Callers):
    """Of the known ones, the shortest name that has theirs in it."""
    await callers.run(
        "INSERT INTO \"iconRepository\" VALUES ('r', 'r')",
        "INSERT INTO icon VALUES ('1', 'plex-light.svg', '/long', '', 'r'),"
        " ('2', 'plex.svg', '/plex', '', 'r')",
    )
    given = [
        {**NEW, "name": "Plex", "iconUrl": None},
        {**NEW, "name": "Unheard", "iconUrl": None, "pingUrl": "http://u/"},
        {**NEW, "name": "Own"},
    ]
    await callers.call("app.createMany", given)
    icons = {
        app["name"]: (app["iconUrl"], app["pingUrl"])
        for app in await callers.call("app.all")
    }

    assert icons["Plex"] == ("/plex", None)
    assert icons["Unheard"] == (DEFAULT_ICON, "http://u/")
    assert icons["Own"] == ("/n.svg", None)
    assert await callers.answer("app.createMany", []) == "BAD_REQUEST"


async def test_a_change_stores_every_field(callers: Callers):
    """And says so where there is nothing to change."""
    await callers.call("app.update", {**NEW, "id": "app"})

    assert await callers.call("app.byId", {"id": "app"}) == {"id": "app", **NEW}
    assert await callers.fail("app.update", {**NEW, "id": "x"}) == (
        "NOT_FOUND: App not found"
    )


async def test_an_app_that_an_integration_names_can_be_deleted(callers: Callers):
    """The integration stays, as Homarr means it."""
    await callers.run("UPDATE integration SET app_id = 'app'")
    await callers.call("app.delete", {"id": "app"})

    assert await callers.call("app.all") == [HIDDEN]
    assert await callers.rows("SELECT id, app_id FROM integration") == [
        ("sonarr", None)
    ]
    assert await callers.answer("app.delete", {"id": "app"}) == "OK"
