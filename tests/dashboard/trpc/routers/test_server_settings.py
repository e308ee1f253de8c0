from __future__ import annotations

from typing import Any

import pytest

from dashboard import superjson
from dashboard.superjson import UNDEFINED

from .house import House

#: Homarr's, member by member.
DEFAULTS: dict[str, dict[str, Any]] = {
    "analytics": {
        "enableGeneral": True,
        "enableWidgetData": False,
        "enableIntegrationData": False,
        "enableUserData": False,
    },
    "crawlingAndIndexing": {
        "noIndex": True,
        "noFollow": True,
        "noTranslate": True,
        "noSiteLinksSearchBox": False,
    },
    "board": {
        "homeBoardId": None,
        "mobileHomeBoardId": None,
        "enableStatusByDefault": True,
        "forceDisableStatus": False,
    },
    "appearance": {"defaultColorScheme": "light"},
    "culture": {"defaultLocale": "en"},
    "search": {"defaultSearchEngineId": None},
}


@pytest.fixture(name="unset")
async def _unset(house: House) -> House:
    """A house where nothing was ever set."""
    await house.run('DELETE FROM "serverSetting"')
    return house


async def stored(house: House) -> dict[str, Any]:
    rows = await house.rows('SELECT setting_key, value FROM "serverSetting"')
    return {key: superjson.decode(value) for key, value in rows}


async def test_what_was_never_set_is_as_homarr_has_it(unset: House):
    """All keys, in the order of its pages."""
    found = await unset.call("serverSettings.getAll")

    assert found == DEFAULTS
    assert list(found) == list(DEFAULTS)


async def test_defaults_stand_in_for_members_that_are_missing(unset: House):
    """And what a newer Homarr has stored is told along."""
    await unset.run(
        'INSERT INTO "serverSetting" VALUES (\'board\', \'{"json":'
        '{"forceDisableStatus":true,"fromTomorrow":1}}\'), (\'user\', \'{"json":{}}\'),'
        " ('search', 'no JSON')"
    )

    assert await unset.call("serverSettings.getAll") == {
        **DEFAULTS,
        "board": {**DEFAULTS["board"], "forceDisableStatus": True, "fromTomorrow": 1},
    }


async def test_the_language_is_told_to_everybody(unset: House):
    """Strangers read the login page in it."""
    path = "serverSettings.getCulture"
    assert await unset.call(path, by="stranger") == {"defaultLocale": "en"}
    given = {"settingsKey": "culture", "value": {"defaultLocale": "de-CH"}}
    assert await unset.call("serverSettings.saveSettings", given) is UNDEFINED

    assert await unset.call(path, by="stranger") == {"defaultLocale": "de-CH"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("analytics", dict.fromkeys(DEFAULTS["analytics"], True)),
        ("crawlingAndIndexing", dict.fromkeys(DEFAULTS["crawlingAndIndexing"], False)),
        (
            "board",
            {
                "homeBoardId": "open",
                "mobileHomeBoardId": None,
                "enableStatusByDefault": False,
                "forceDisableStatus": True,
            },
        ),
        ("appearance", {"defaultColorScheme": "dark"}),
        ("culture", {"defaultLocale": "pt-br"}),
        ("search", {"defaultSearchEngineId": "ddg"}),
    ],
)
async def test_a_setting_is_saved_and_told(
    unset: House, key: str, value: dict[str, Any]
):
    """Also where there was no row, which Homarr passes over in silence."""
    given = {"settingsKey": key, "value": value}
    await unset.call("serverSettings.saveSettings", given)

    assert await stored(unset) == {key: value}
    assert await unset.call("serverSettings.getAll") == {**DEFAULTS, key: value}


async def test_what_is_left_out_or_not_known_stays(unset: House):
    """A client of another version takes nothing away."""
    await unset.run(
        "INSERT INTO \"serverSetting\" VALUES ('analytics',"
        ' \'{"json":{"enableGeneral":true,"instanceId":"x"}}\')'
    )
    value = {"enableUserData": True, "fromNowhere": "y"}
    given = {"settingsKey": "analytics", "value": value}
    await unset.call("serverSettings.saveSettings", given)

    assert await stored(unset) == {
        "analytics": {
            "enableGeneral": True,
            "instanceId": "x",
            "enableUserData": True,
        }
    }


@pytest.mark.parametrize(
    ("key", "member", "value"),
    [
        ("analytics", "enableGeneral", "yes"),
        ("crawlingAndIndexing", "noIndex", None),
        ("board", "homeBoardId", 1),
        ("board", "forceDisableStatus", 0),
        ("appearance", "defaultColorScheme", "blue"),
        ("culture", "defaultLocale", "english"),
        ("culture", "defaultLocale", None),
        ("search", "defaultSearchEngineId", ""),
    ],
)
async def test_each_member_has_its_type(
    unset: House, key: str, member: str, value: Any
):
    """What is wrong is told by its place in the input."""
    given = {"settingsKey": key, "value": {member: value}}
    (issue,) = await unset.issues("serverSettings.saveSettings", given)

    assert issue["path"] == ["value", member]
    assert await stored(unset) == {}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"settingsKey": "user", "value": {}}, ["settingsKey"]),
        ({"settingsKey": "board"}, ["value"]),
        ({"settingsKey": "board", "value": []}, ["value"]),
    ],
)
async def test_a_setting_has_a_key_and_an_object(
    unset: House, given: dict[str, Any], path: list[str]
):
    """One of Homarr's keys."""
    (issue,) = await unset.issues("serverSettings.saveSettings", given)

    assert issue["path"] == path


@pytest.mark.parametrize(
    ("key", "member", "value", "refusal"),
    [
        ("board", "homeBoardId", "gone", "NOT_FOUND: Board not found"),
        ("board", "mobileHomeBoardId", "gone", "NOT_FOUND: Board not found"),
        (
            "board",
            "homeBoardId",
            "closed",
            "BAD_REQUEST: The home board has to be public",
        ),
        (
            "search",
            "defaultSearchEngineId",
            "gone",
            "NOT_FOUND: Search engine not found",
        ),
    ],
)
async def test_what_is_chosen_has_to_be_there(
    unset: House, key: str, member: str, value: str, refusal: str
):
    """And to be seen by strangers, whose home it is."""
    given = {"settingsKey": key, "value": {member: value}}

    assert await unset.fail("serverSettings.saveSettings", given) == refusal
    assert await stored(unset) == {}
