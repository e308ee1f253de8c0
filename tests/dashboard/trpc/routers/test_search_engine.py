"""Search engines: whole answers, Homarr's rules, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from .callers import MEMBERS, Callers

GENERIC = {
    "type": "generic",
    "name": "Duck",
    "short": "DD",
    "iconUrl": "/d.svg",
    "description": None,
    "urlTemplate": "https://duck/?q=%s",
}
JOINED = {
    "type": "fromIntegration",
    "name": "Sonarr",
    "short": "so",
    "iconUrl": "/s.svg",
    "description": "Series",
    "integrationId": "sonarr",
}


@pytest.fixture(name="ids")
async def _ids(callers: Callers) -> dict[str, str]:
    """Two search engines, by their names; those of a new installation are gone."""
    await callers.run("DELETE FROM search_engine")
    for given in (GENERIC, JOINED):
        await callers.call("searchEngine.create", given)

    rows = await callers.rows("SELECT name, id FROM search_engine")
    return {row[0]: row[1] for row in rows}


def duck(ids: dict[str, str]) -> dict[str, Any]:
    return {
        "id": ids["Duck"],
        "iconUrl": "/d.svg",
        "name": "Duck",
        "short": "dd",
        "description": None,
        "urlTemplate": "https://duck/?q=%s",
        "type": "generic",
        "integrationId": None,
    }


def sonarr(ids: dict[str, str]) -> dict[str, Any]:
    return {
        "id": ids["Sonarr"],
        "iconUrl": "/s.svg",
        "name": "Sonarr",
        "short": "so",
        "description": "Series",
        "urlTemplate": None,
        "type": "fromIntegration",
        "integrationId": "sonarr",
    }


async def test_search_engines_have_homarr_s_members(
    callers: Callers, ids: dict[str, str]
):
    """By page, alone, to choose from, and with their integration in a search."""
    page = await callers.call("searchEngine.getPaginated", {}, by="other")
    one = await callers.call("searchEngine.byId", {"id": ids["Duck"]}, by="other")
    found = await callers.call("searchEngine.search", {"query": " SO "}, by="other")
    integration = {"kind": "sonarr", "url": "http://s/", "id": "sonarr"}

    assert page == {"items": [duck(ids), sonarr(ids)], "totalCount": 2}
    assert list(one.items()) == list(duck(ids).items())
    assert found == [{**sonarr(ids), "integration": integration}]
    assert (await callers.call("searchEngine.search", {"query": "d"}))[0] == {
        **duck(ids),
        "integration": None,
    }


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"pageSize": 1}, ["Duck"]),
        ({"pageSize": 1, "page": 2}, ["Sonarr"]),
        ({"search": " SON"}, ["Sonarr"]),
        ({"search": "_"}, []),
    ],
)
async def test_a_page_is_a_part_of_what_was_found(
    callers: Callers, ids: dict[str, str], given: Any, names: list[str]
):
    """The total is of all pages."""
    page = await callers.call("searchEngine.getPaginated", given)

    assert [engine["name"] for engine in page["items"]] == names
    assert page["totalCount"] == (2 if "search" not in given else len(names))


@pytest.mark.parametrize("with_integrations", [None, True, False])
async def test_those_to_choose_from_can_leave_out_integrations(
    callers: Callers, ids: dict[str, str], with_integrations: bool | None
):
    """Without an input they are all there."""
    path, both = "searchEngine.getSelectable", with_integrations is not False
    if with_integrations is None:
        found = await callers.call(path)
    else:
        found = await callers.call(path, {"withIntegrations": with_integrations})

    assert found == [
        {"value": ids[name], "label": name}
        for name in (["Duck", "Sonarr"] if both else ["Duck"])
    ]


async def test_the_default_is_the_user_s_then_the_server_s(
    callers: Callers, ids: dict[str, str]
):
    """None where there is neither; asking changes nothing."""
    path = "searchEngine.getDefaultSearchEngine"

    async def name(by: str) -> str | None:
        found = await callers.call(path, by=by)
        return None if found is None else str(found["name"])

    before = await callers.rows('SELECT * FROM "serverSetting"')

    assert (await name("stranger"), await name("owner")) == (None, None)
    assert await callers.rows('SELECT * FROM "serverSetting"') == before

    await callers.run(
        f"""UPDATE "serverSetting" SET value =
        '{{"json":{{"defaultSearchEngineId":"{ids["Duck"]}"}}}}'
        WHERE setting_key = 'search'""",  # noqa: S608
        f"""UPDATE "user" SET default_search_engine_id = '{ids["Sonarr"]}'
        WHERE id = 'owner'""",  # noqa: S608
    )

    assert (await name("stranger"), await name("other")) == ("Duck", "Duck")
    assert await name("owner") == "Sonarr"
    assert (await callers.call(path, by="stranger"))["integration"] is None


@pytest.mark.parametrize(
    ("path", "given", "needed"),
    [
        ("getPaginated", {}, None),
        ("getSelectable", {"withIntegrations": True}, None),
        ("byId", {"id": "x"}, None),
        ("search", {"query": ""}, None),
        ("create", {**GENERIC, "short": "n"}, "search-engine-create"),
        ("update", {**GENERIC, "id": "x"}, "search-engine-modify-all"),
        ("delete", {"id": "x"}, "search-engine-full-all"),
    ],
)
async def test_everything_asks_who_it_is(
    callers: Callers, path: str, given: Any, needed: str | None
):
    """A login, or the permission; the one before it is not enough."""
    order = (
        "app-full-all",
        "search-engine-create",
        "search-engine-modify-all",
        "search-engine-full-all",
    )
    path = f"searchEngine.{path}"
    before = await callers.rows("SELECT * FROM search_engine")

    assert (
        await callers.fail(path, given, by="stranger") == "UNAUTHORIZED: UNAUTHORIZED"
    )
    for by in (name for name in MEMBERS if name != "admin" and needed):
        less = (order[order.index(needed or "") - 1],)

        assert await callers.fail(path, given, by=by, having=less) == (
            "FORBIDDEN: Permission denied"
        )

    assert await callers.rows("SELECT * FROM search_engine") == before

    having = () if needed is None else (needed,)
    answer = await callers.answer(path, given, by="other", having=having)

    assert answer == ("NOT_FOUND" if given.get("id") and "delete" not in path else "OK")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "n" * 65},
        {"iconUrl": ""},
        {"description": "d" * 513},
        {"urlTemplate": "https://duck/"},
        {"urlTemplate": "javascript:alert('%s')"},
        {"urlTemplate": "httpx://%s"},
        {"type": "other"},
        {"type": None},
    ],
)
async def test_what_homarr_refuses_is_refused(
    callers: Callers, ids: dict[str, str], change: Any
):
    """In a new one and in one that is there."""
    given = {**GENERIC, "short": "new", **change}
    changed = {**given, "id": ids["Duck"]}

    assert await callers.answer("searchEngine.create", given) == "BAD_REQUEST"
    assert await callers.answer("searchEngine.update", changed) == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (
            {"short": "dD"},
            "CONFLICT: there is a search engine with the short 'dd' already",
        ),
        ({"short": ""}, "BAD_REQUEST"),
        ({"short": "s" * 9}, "BAD_REQUEST"),
    ],
)
async def test_a_short_is_short_and_nobody_else_s(
    callers: Callers, ids: dict[str, str], change: Any, answer: str
):
    """In large letters or small."""
    given = {**GENERIC, **change}

    assert (await callers.fail("searchEngine.create", given)).startswith(answer)


async def test_an_integration_has_to_be_there(callers: Callers, ids: dict[str, str]):
    """Or none is given."""
    unknown = {**JOINED, "short": "x", "integrationId": "x"}
    words = "BAD_REQUEST: there is no integration 'x'"
    none = {key: v for key, v in unknown.items() if key != "integrationId"}

    assert await callers.fail("searchEngine.create", unknown) == words
    assert await callers.fail(
        "searchEngine.update", {**unknown, "id": ids["Duck"]}
    ) == (words)
    assert await callers.answer("searchEngine.create", none) == "OK"


async def test_a_change_stores_all_but_the_short(callers: Callers, ids: dict[str, str]):
    """The type with it."""
    given = {**GENERIC, "name": "Goose", "id": ids["Sonarr"], "short": "other"}
    await callers.call("searchEngine.update", given)
    expected = {**duck(ids), "id": ids["Sonarr"], "name": "Goose", "short": "so"}

    assert await callers.call("searchEngine.byId", {"id": ids["Sonarr"]}) == expected
    assert await callers.fail("searchEngine.update", {**given, "id": "x"}) == (
        "NOT_FOUND: Search engine not found"
    )


async def test_a_deleted_one_is_nobody_s_default(callers: Callers, ids: dict[str, str]):
    """To delete it twice is no error."""
    await callers.run(
        f"UPDATE \"user\" SET default_search_engine_id = '{ids['Duck']}'"  # noqa: S608
    )
    for _ in range(2):
        await callers.call("searchEngine.delete", {"id": ids["Duck"]})

    found = await callers.rows('SELECT DISTINCT default_search_engine_id FROM "user"')

    assert found == [(None,)]
    assert await callers.fail("searchEngine.byId", {"id": ids["Duck"]}) == (
        "NOT_FOUND: Search engine not found"
    )


@pytest.mark.parametrize("path", ["getMediaRequestOptions", "requestMedia"])
async def test_what_needs_an_integration_is_not_offered(callers: Callers, path: str):
    """It is told in words."""
    answer = await callers.fail(f"searchEngine.{path}", {})

    assert answer.startswith("NOT_IMPLEMENTED: ")
