"""Boards of Homarr before 1.0: what becomes of a file, and who may send it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.boards import edit
from dashboard.errors import InvalidInputError
from dashboard.oldmarr.configuration import (
    MAX_APPS,
    MAX_BOOKMARKS,
    MAX_CATEGORIES,
    MAX_WIDGETS,
    MAX_WRAPPERS,
)
from dashboard.trpc.procedure import Upload
from dashboard.trpc.routers.board_import import MAX_BYTES
from tests.dashboard.oldmarr.files import (
    app,
    configuration,
    medium,
    shapes,
    small,
    widget,
    wrapper,
)

from .callers import Callers

IMPORT = "board.importOldmarrConfig"
CREATE = ("board-create",)
TABLES = ("board", "layout", "section", "item", "item_layout", "app")
HERE = wrapper("default")
SPOT = shapes((0, 0, 1, 1))


def form(file: Any, **settings: Any) -> dict[str, Any]:
    """What a client sends: a file, given as an object or in bytes, and settings."""
    content = file if isinstance(file, bytes) else json.dumps(file).encode()
    upload = Upload("default.json", "application/json", content)
    return {"file": [upload], "configuration": json.dumps({"name": "old", **settings})}


async def count(callers: Callers) -> list[int]:
    """How many rows there are of all that an import makes."""
    rows = [await callers.rows(f"SELECT count(*) FROM {name}") for name in TABLES]  # noqa: S608
    return [row[0][0] for row in rows]


async def open_old(callers: Callers, by: str = "admin") -> dict[str, Any]:
    """The board that was made."""
    board: dict[str, Any] = await callers.call(
        "board.getBoardByName", {"name": "old"}, by=by
    )
    return board


async def issues(callers: Callers, given: Any) -> list[Any]:
    """What is told to be wrong."""
    with pytest.raises(InvalidInputError) as caught:
        await callers.call(IMPORT, given)

    return caught.value.issues


async def test_a_file_becomes_a_board(callers: Callers):
    """With its looks, its layouts, its section, and its items in their places."""
    await callers.call(IMPORT, form(small()), by="owner", having=CREATE)
    board = await open_old(callers)
    layouts = {layout.pop("id"): layout for layout in board["layouts"]}
    names = {key: layout["name"] for key, layout in layouts.items()}
    app_item, clock = (
        next(item for item in board["items"] if item["kind"] == kind)
        for kind in ("app", "clock")
    )
    (stored,) = await callers.rows(
        "SELECT * FROM app WHERE href = 'https://sonarr.example'"
    )

    assert {name: board[name] for name in list(board)[2:19]} == {
        "isPublic": True,
        "creatorId": "owner",
        "pageTitle": "My place",
        "metaTitle": None,
        "logoImageUrl": None,
        "faviconImageUrl": None,
        "backgroundImageUrl": "/imgs/backgrounds/hills.webp",
        "backgroundImageAttachment": "scroll",
        "backgroundImageRepeat": "repeat-y",
        "backgroundImageSize": "contain",
        "primaryColor": "#15aabf",
        "secondaryColor": "#fd7e14",
        "opacity": 80,
        "customCss": None,
        "iconColor": None,
        "itemRadius": "lg",
        "disableStatus": False,
    }
    assert list(layouts.values()) == [
        {"name": "small", "columnCount": 3, "breakpoint": 0},
        {"name": "medium", "columnCount": 6, "breakpoint": 800},
        {"name": "large", "columnCount": 10, "breakpoint": 1400},
    ]
    assert [(s["kind"], s["yOffset"]) for s in board["sections"]] == [("empty", 0)]
    assert stored == (
        app_item["options"]["appId"],
        "Sonarr",
        "This is Sonarr",
        "/icons/sonarr.svg",
        "https://sonarr.example",
        "http://sonarr.lan",
    )
    assert app_item["options"] == {
        "appId": app_item["options"]["appId"],
        "openInNewTab": False,
        "pingEnabled": True,
        "showTitle": True,
        "layout": "column",
        "descriptionDisplayMode": "tooltip",
    }
    assert {
        names[place["layoutId"]]: (place["xOffset"], place["yOffset"], place["width"])
        for place in clock["layouts"]
    } == {"small": (0, 1, 2), "medium": (3, 0, 2), "large": (3, 0, 2)}
    assert {p["sectionId"] for p in clock["layouts"]} == {board["sections"][0]["id"]}


async def test_a_large_file_becomes_a_board_that_can_be_saved_again(callers: Callers):
    """Categories, sidebars and every widget; nothing of a secret is kept."""
    await callers.call(IMPORT, form(medium()))
    board = await open_old(callers)
    kinds = [item["kind"] for item in board["items"]]

    assert [s.get("name") for s in board["sections"]] == [
        None,
        "Media & more",
        None,
        "Tools",
        None,
    ]
    assert len(kinds) == 27
    assert kinds.count("app") == 6
    assert kinds.count("downloads") == kinds.count("healthMonitoring") == 2
    assert all(len(item["layouts"]) == 3 for item in board["items"])
    bookmarks = next(item for item in board["items"] if item["kind"] == "bookmarks")
    listed = await callers.call("app.byIds", bookmarks["options"]["items"])
    assert [one["name"] for one in listed] == ["Docs", "News"]
    assert await callers.answer("board.saveBoard", board) == "OK"
    for table in ("item", "app", "board"):
        assert "a secret" not in str(await callers.rows(f"SELECT * FROM {table}"))  # noqa: S608


async def test_apps_that_are_there_already_are_used_again(callers: Callers):
    """By name, icon, description and link; so are those that a file has twice."""
    await callers.run(
        "INSERT INTO app VALUES ('mine', 'Sonarr', 'This is Sonarr',"
        " '/icons/sonarr.svg', 'https://sonarr.example', NULL)",
        "INSERT INTO app VALUES ('other', 'Radarr', 'Another',"
        " '/icons/radarr.svg', 'https://radarr.example', NULL)",
    )
    file = small()
    file["apps"].append(file["apps"][1])
    before = await count(callers)
    await callers.call(IMPORT, form(file))
    board = await open_old(callers)
    ids = [i["options"]["appId"] for i in board["items"] if i["kind"] == "app"]

    assert (await count(callers))[-1] == before[-1] + 1
    assert "mine" in ids
    assert "other" not in ids
    assert (len(ids), len(set(ids))) == (3, 2)


async def test_apps_can_be_imported_alone(callers: Callers):
    """Then no board is made, and its name may be taken."""
    before = await count(callers)
    await callers.call(IMPORT, form(medium(), name="lab", onlyImportApps=True))

    assert await count(callers) == [*before[:-1], before[-1] + 8]


async def test_a_board_of_such_a_name_is_a_conflict(callers: Callers):
    """And then not even the apps are made."""
    before = await count(callers)
    answer = await callers.fail(IMPORT, form(small(), name="LAB"))

    assert answer == "CONFLICT: Board with similar name already exists"
    assert await count(callers) == before


async def test_what_fails_on_the_way_leaves_nothing(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
):
    """The apps and the board were written when the first item cannot be."""
    monkeypatch.setattr(edit, "OPTIONS_BYTES", 20)
    before = await count(callers)

    assert await callers.answer(IMPORT, form(small())) == "BAD_REQUEST"
    assert await count(callers) == before


async def test_members_that_are_wrong_and_of_no_weight_count_as_their_defaults(
    callers: Callers,
):
    """As in Homarr: those of an app, and the counts of columns."""
    one = app("A", HERE, SPOT)
    one["behaviour"] |= {"isOpeningNewTab": "yes", "tooltipDescription": 5}
    one["network"] = {"enabledStatusChecker": None}
    one["appearance"] |= {"appNameStatus": [], "positionAppName": "diagonal"}
    two = app("B", HERE, SPOT)
    two["behaviour"] = {"externalUrl": "", "tooltipDescription": ""}
    two["appearance"]["appNameStatus"] = "hover"
    file = configuration(apps=[one, two])
    file["settings"]["customization"]["gridstack"] = {"columnCountLarge": 99}
    await callers.call(IMPORT, form(file))
    board = await open_old(callers)
    first, second = sorted(
        (item["options"] for item in board["items"]), key=lambda o: not o["showTitle"]
    )

    assert [one["columnCount"] for one in board["layouts"]] == [3, 6, 12]
    for name, value in (
        ("openInNewTab", True),
        ("pingEnabled", True),
        ("layout", "column"),
        ("descriptionDisplayMode", "tooltip"),
    ):
        assert first[name] == value

    assert second["descriptionDisplayMode"] == "hidden"
    assert await callers.rows("SELECT href FROM app WHERE name = 'B'") == [
        ("http://b.lan",)
    ]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript://%0aalert(1)", "nas:8080", "//x.lan"]
)
async def test_a_link_that_leads_nowhere_is_left_out(callers: Callers, url: str):
    """As none can be made here; the app stays."""
    one = app("A", HERE, SPOT)
    one["url"] = one["behaviour"]["externalUrl"] = url
    await callers.call(IMPORT, form(configuration(apps=[one])))

    assert await callers.rows("SELECT href, ping_url FROM app WHERE name = 'A'") == [
        (None, None)
    ]


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 256, 5, None])
async def test_the_name_is_a_board_s(callers: Callers, name: Any):
    """By the same rules; the client makes one of the file's."""
    (first, *_) = await issues(callers, form(small(), name=name))

    assert first["path"] == ["configuration", "name"]


@pytest.mark.parametrize(
    ("text", "received"),
    [
        (None, "undefined"),
        ("", "undefined"),
        ("{", "string"),
        ("[" * 100_000, "string"),
        ("5", "number"),
    ],
)
async def test_settings_that_are_none_are_told(
    callers: Callers, text: Any, received: str
):
    """As Zod does of a text that is no JSON."""
    given = form(small())
    if text is None:
        del given["configuration"]
    else:
        given["configuration"] = text

    (issue,) = await issues(callers, given)

    assert issue["path"] == ["configuration"]
    assert issue["message"] == f"Invalid input: expected object, received {received}"


UPLOADS = {
    "none": [],
    "two": [Upload("a", "application/json", b"{}")] * 2,
    "empty": [Upload("a", "application/json", b"")],
    "text": "{}",
}


@pytest.mark.parametrize("given", UPLOADS.values(), ids=UPLOADS)
async def test_there_is_one_file(callers: Callers, given: Any):
    """And what is wrong beside it is told as well."""
    found = await issues(callers, {"file": given, "configuration": '{"name":""}'})

    assert [issue["path"] for issue in found] == [["file"], ["configuration", "name"]]
    assert found[0]["message"] == "Input not instance of File"


@pytest.mark.parametrize(
    ("upload", "key"),
    [
        (Upload("a.zip", "application/zip", b"PK"), "invalidFileType"),
        (Upload("a", "application/json", b" " * (MAX_BYTES + 1)), "fileTooLarge"),
    ],
    ids=["type", "size"],
)
async def test_other_files_are_refused_in_homarr_s_words(
    callers: Callers, upload: Upload, key: str
):
    """By their type and their size."""
    (issue,) = await issues(callers, {**form(b""), "file": [upload]})

    assert (issue["code"], issue["path"]) == ("custom", ["file"])
    assert issue["params"]["i18n"]["key"] == key


DEEP = b'{"a":' * 150_000 + b"1" + b"}" * 150_000
BAD: dict[str, tuple[Any, list[Any], str]] = {
    "no JSON": (b"PK\x03\x04", ["file"], "the file is not JSON: "),
    "cut off": (b'{"apps":[', ["file"], "the file is not JSON: "),
    "deep": (DEEP, ["file"], "the file is nested too deeply"),
    "a list": ([], ["file"], "expected object, received array"),
    "other": ({}, ["file", "schemaVersion"], "expected number, received undefined"),
    "many apps": (
        configuration(apps=[{}] * 100_000),
        ["file", "apps", 0, "area"],
        "received undefined",
    ),
    "a widget": (
        configuration(widgets=[{**widget("date", HERE, SPOT), "type": "clock"}]),
        ["file", "widgets", 0, "type"],
        "Invalid option",
    ),
    "a number of 400 digits": (
        configuration(apps=[app("A", HERE, shapes((10**400, 0, 1, 1)))]),
        ["file", "apps", 0, "shape", "lg", "location", "x"],
        "Too big: expected number to be <=32767",
    ),
    "a place": (
        configuration(apps=[app("A", HERE, shapes((0, 0, 0, 1)))]),
        ["file", "apps", 0, "shape", "lg", "size", "width"],
        "Too small",
    ),
    "no links": (
        configuration(
            widgets=[{**widget("bookmark", HERE, SPOT), "properties": {"items": [5]}}]
        ),
        ["file", "widgets", 0, "properties", "items", 0],
        "expected object, received number",
    ),
}


@pytest.mark.parametrize(("file", "path", "message"), BAD.values(), ids=BAD)
async def test_a_bad_file_is_told_in_words(
    callers: Callers, file: Any, path: list[Any], message: str
):
    """By the path in it, a hundred of them at most; nothing is written."""
    before = await count(callers)
    found = await issues(callers, form(file))

    assert found[0]["path"] == path
    assert message in found[0]["message"]
    assert len(found) <= 100
    assert await count(callers) == before


SLIM = {
    "name": "A",
    "url": "",
    "area": HERE,
    "shape": {},
    "network": {},
    "behaviour": {"externalUrl": ""},
    "appearance": {"iconUrl": ""},
}
DATE = {"type": "date", "properties": {}, "area": HERE, "shape": {}}
PLACE = {"id": "a", "position": 0, "name": "A"}
LINK = {"name": "A", "href": "", "iconUrl": ""}
MOST = {
    "apps": (SLIM, MAX_APPS),
    "widgets": (DATE, MAX_WIDGETS),
    "categories": (PLACE, MAX_CATEGORIES),
    "wrappers": (PLACE, MAX_WRAPPERS),
}


@pytest.mark.parametrize("name", MOST)
async def test_a_file_has_bounds(callers: Callers, name: str):
    """One more of its parts is told."""
    part, bound = MOST[name]
    file = configuration(**{name: [part] * (bound + 1)})
    (issue,) = await issues(callers, form(file))

    assert issue["path"] == ["file", name]
    assert issue["message"] == f"Too big: expected array to have <={bound} items"


async def test_bookmarks_have_a_bound(callers: Callers):
    """Of each widget; every link is an app."""
    links = {"type": "bookmark", "properties": {"items": [LINK] * (MAX_BOOKMARKS + 1)}}
    (issue,) = await issues(callers, form(configuration(widgets=[{**DATE, **links}])))

    assert issue["path"] == ["file", "widgets", 0, "properties", "items"]
    assert issue["code"] == "too_big"


async def test_a_file_may_begin_with_a_mark_of_its_order(callers: Callers):
    """As editors on Windows write it."""
    content = b"\xef\xbb\xbf" + json.dumps(small()).encode()

    assert await callers.answer(IMPORT, form(content)) == "OK"


async def test_the_board_is_its_importer_s(callers: Callers):
    """Who may see nothing else sees it; a private one is not for strangers."""
    file = small()
    file["settings"]["access"]["allowGuests"] = False
    await callers.call(IMPORT, form(file), by="other", having=CREATE)

    assert (await open_old(callers, by="other"))["name"] == "old"
    assert (
        await callers.answer("board.getBoardByName", {"name": "old"}, by="stranger")
        == "NOT_FOUND"
    )
