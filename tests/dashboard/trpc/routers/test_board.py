"""What there is to see of boards: whole answers, and who gets them."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.boards import BoardCache
from dashboard.boards.assemble import PARTS
from dashboard.database import Database

from .callers import MEMBERS, RIGHTS, Callers

HOME = "board.getHomeBoard"
BY_NAME = "board.getBoardByName"


def place(layout: str, x: int, y: int, width: int, height: int, **owner: str) -> Any:
    return {
        "layoutId": layout,
        "yOffset": y,
        "xOffset": x,
        "width": width,
        "height": height,
        **owner,
    }


LAB = {
    "id": "lab",
    "name": "Lab",
    "isPublic": False,
    "creatorId": "owner",
    "pageTitle": None,
    "metaTitle": None,
    "logoImageUrl": None,
    "faviconImageUrl": None,
    "backgroundImageUrl": None,
    "backgroundImageAttachment": "fixed",
    "backgroundImageRepeat": "no-repeat",
    "backgroundImageSize": "cover",
    "primaryColor": "#fa5252",
    "secondaryColor": "#fd7e14",
    "opacity": 100,
    "customCss": None,
    "iconColor": None,
    "itemRadius": "lg",
    "disableStatus": False,
    "creator": {"id": "owner", "name": "owner", "image": "owner.png"},
    "userPermissions": [],
    "groupPermissions": [],
    "layouts": [
        {"id": "base", "name": "Base", "columnCount": 10, "breakpoint": 0},
        {"id": "wide", "name": "Wide", "columnCount": 12, "breakpoint": 1200},
    ],
    "sections": [
        {
            "id": "dyn",
            "kind": "dynamic",
            "options": {"title": "D", "customCssClasses": [], "borderColor": ""},
            "layouts": [place("base", 0, 4, 3, 2, parentSectionId="top")],
        },
        {"id": "top", "kind": "empty", "yOffset": 0, "xOffset": 0},
        {
            "id": "cat",
            "name": "Cats",
            "kind": "category",
            "yOffset": 1,
            "xOffset": 0,
            "collapsed": False,
        },
    ],
    "items": [
        {
            "kind": "notebook",
            "options": {},
            "id": "note",
            "layouts": [place("base", 0, 0, 3, 2, sectionId="dyn")],
            "integrationIds": [],
            "advancedOptions": {
                "title": None,
                "customCssClasses": [],
                "borderColor": "",
            },
        },
        {
            "kind": "app",
            "options": {"appId": "app", "openInNewTab": False},
            "id": "one",
            "layouts": [
                place("base", 0, 0, 1, 1, sectionId="top"),
                place("wide", 2, 0, 1, 1, sectionId="top"),
            ],
            "integrationIds": ["sonarr"],
            "advancedOptions": {
                "title": "T",
                "customCssClasses": ["c"],
                "borderColor": "",
            },
        },
    ],
}


def ordered(value: Any) -> Any:
    """Objects as lists of pairs, so that the order of their members counts."""
    if isinstance(value, dict):
        return [(key, ordered(member)) for key, member in value.items()]

    return [ordered(member) for member in value] if isinstance(value, list) else value


async def test_a_whole_board_has_homarr_s_members(callers: Callers):
    """All of them, in their order; what nobody knows is left out."""
    found = await callers.call(BY_NAME, {"name": "lAB"}, by="owner")

    assert ordered(found) == ordered(LAB)


@pytest.mark.parametrize(
    ("by", "own", "groups"),
    [
        ("viewer", ["view"], []),
        ("keeper", ["full"], []),
        ("grouped", [], [("team", "modify")]),
        ("admin", [], []),
    ],
)
async def test_everybody_sees_their_own_permissions_alone(
    callers: Callers, by: str, own: list[str], groups: list[tuple[str, str]]
):
    """And nobody those of others."""
    found = await callers.call(BY_NAME, {"name": "Lab"}, by=by)
    expected = {
        **LAB,
        "userPermissions": [{"permission": word} for word in own],
        "groupPermissions": [
            {"boardId": "lab", "groupId": group, "permission": word}
            for group, word in groups
        ],
    }

    assert found == expected


@pytest.mark.parametrize("by", RIGHTS)
async def test_a_board_is_for_those_who_may_see_it(callers: Callers, by: str):
    """By its name and as their home; for others it does not exist."""
    await callers.run("UPDATE \"user\" SET home_board_id = 'lab'")
    expected = "OK" if RIGHTS[by] else "NOT_FOUND"

    assert await callers.answer(BY_NAME, {"name": "Lab"}, by=by) == expected
    assert await callers.answer(HOME, by=by) == expected

    await callers.run("UPDATE board SET is_public = 1")

    assert await callers.answer(BY_NAME, {"name": "Lab"}, by=by) == "OK"


async def test_a_board_that_is_not_there_is_told_in_homarr_s_words(callers: Callers):
    """By its name, and where there is no home at all."""
    assert await callers.fail(BY_NAME, {"name": "x"}) == "NOT_FOUND: Board not found"
    assert await callers.fail(HOME) == "NOT_FOUND: No home board found"
    assert (await callers.fail(BY_NAME, {"name": "a b"})).startswith("BAD_REQUEST")
    assert (await callers.fail(BY_NAME)).startswith("BAD_REQUEST")


async def test_phones_have_a_home_of_their_own(callers: Callers):
    """Whoever calls from one says so."""
    await callers.call("board.createBoard", new("desk"), by="owner", having=CREATE)
    await callers.call("board.setMobileHomeBoard", {"id": "lab"}, by="owner")

    assert (await callers.call(HOME, by="owner"))["name"] == "desk"
    assert (await callers.call(HOME, by="owner", mobile=True))["name"] == "Lab"


async def test_a_folded_category_is_folded_for_its_user(callers: Callers):
    """The others see it as it was."""
    await callers.call(
        "section.changeCollapsed", {"sectionId": "cat", "collapsed": True}, by="viewer"
    )

    async def folded(by: str) -> list[bool]:
        board = await callers.call(BY_NAME, {"name": "Lab"}, by=by)
        return [s["collapsed"] for s in board["sections"] if "collapsed" in s]

    assert await folded("viewer") == [True]
    assert await folded("owner") == [False]


async def test_a_board_is_read_from_the_cache(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
):
    """Its parts are queried once, whoever asks, until somebody writes."""
    read, whole = Database._versioned_read, 0

    async def counted(self: Database, *queries: tuple[str, Any]) -> Any:
        nonlocal whole
        whole += any(sql == PARTS[0] for sql, _ in queries)
        return await read(self, *queries)

    monkeypatch.setattr(Database, "_versioned_read", counted)
    for by in ("owner", "viewer", "keeper", "owner"):
        await callers.call(BY_NAME, {"name": "Lab"}, by=by)

    assert whole == 1
    assert isinstance(callers.resources.boards, BoardCache)
    assert "lab" in callers.resources.boards

    await callers.call("board.renameBoard", {"id": "lab", "name": "Lob"}, by="owner")
    found = await callers.call(BY_NAME, {"name": "Lob"}, by="owner")

    assert (whole, found["name"]) == (2, "Lob")


CREATE = ("board-create",)


def new(name: str, *, public: bool = False) -> dict[str, Any]:
    return {"name": name, "columnCount": 10, "isPublic": public}


async def test_the_list_of_boards_has_homarr_s_members(callers: Callers):
    """Each with its creator and what its viewer was granted."""
    await callers.call("board.setHomeBoard", {"id": "lab"}, by="grouped")
    found = await callers.call("board.getAllBoards", by="grouped")
    expected = {
        "id": "lab",
        "name": "Lab",
        "logoImageUrl": None,
        "isPublic": False,
        "creator": {"id": "owner", "name": "owner", "image": "owner.png"},
        "userPermissions": [],
        "groupPermissions": [
            {"boardId": "lab", "groupId": "team", "permission": "modify"}
        ],
        "isHome": True,
        "isMobileHome": False,
    }

    assert ordered(found) == ordered([expected])

    (seen,) = await callers.call("board.getAllBoards", by="viewer")

    assert seen["userPermissions"] == [
        {"boardId": "lab", "userId": "viewer", "permission": "view"}
    ]
    assert seen["groupPermissions"] == []


async def test_a_board_whose_creator_is_gone_has_none(callers: Callers):
    """In the list and as a whole."""
    await callers.run("DELETE FROM \"user\" WHERE id = 'owner'")
    (listed,) = await callers.call("board.getAllBoards")
    whole = await callers.call(BY_NAME, {"name": "Lab"})

    assert (listed["creator"], whole["creator"], whole["creatorId"]) == (None,) * 3


@pytest.mark.parametrize("by", RIGHTS)
async def test_everybody_lists_and_finds_what_they_may_see(callers: Callers, by: str):
    """Strangers see public boards alone, and learn what may be done with them."""
    await callers.call("board.createBoard", new("labour", public=True))
    listed = await callers.call("board.getAllBoards", by=by)
    found = await callers.call("board.search", {"query": "LAB"}, by=by)
    one = await callers.call("board.search", {"query": "lab", "limit": 1}, by=by)
    right = RIGHTS[by]

    assert [b["name"] for b in listed] == (["Lab"] if right else []) + ["labour"]
    assert [b["name"] for b in found] == [b["name"] for b in listed]
    assert one == found[:1]
    if right:
        assert ordered(found[0]) == ordered(
            {
                "id": "lab",
                "name": "Lab",
                "logoImageUrl": None,
                "permissions": {
                    "hasFullAccess": right == 3,
                    "hasChangeAccess": right >= 2,
                    "hasViewAccess": True,
                },
                "isHome": False,
                "isMobileHome": False,
            }
        )


@pytest.mark.parametrize("limit", [0, 101, "3"])
async def test_a_search_has_a_limit_of_1_to_100(callers: Callers, limit: Any):
    """Other numbers are refused."""
    given = {"query": "", "limit": limit}

    assert (await callers.fail("board.search", given)).startswith("BAD_REQUEST")


async def test_public_boards_are_listed_for_everybody(callers: Callers):
    """By their names and logos."""
    assert await callers.call("board.getPublicBoards", by="stranger") == []

    await callers.run("UPDATE board SET is_public = 1, logo_image_url = '/l.svg'")

    assert await callers.call("board.getPublicBoards", by="stranger") == [
        {"id": "lab", "name": "Lab", "logoImageUrl": "/l.svg"}
    ]


async def test_the_boards_of_a_group_are_those_of_its_members(callers: Callers):
    """Public ones, those of everyone, its own, or all by its permission."""
    path = "board.getBoardsForGroup"

    async def names(group: str) -> list[str]:
        return [b["name"] for b in await callers.call(path, {"groupId": group})]

    await callers.run(
        "INSERT INTO board (id, name, is_public) VALUES ('b', 'b', 1), ('c', 'c', 0)",
        "INSERT INTO \"group\" (id, name, position) VALUES ('two', 'two', 2)",
    )

    assert await names("team") == ["b", "Lab"]
    assert await names("two") == ["b"]

    await callers.run(
        "INSERT INTO \"groupPermission\" VALUES ('two', 'board-full-all')"
    )

    assert await names("two") == ["b", "c", "Lab"]

    await callers.run(
        'INSERT INTO "boardGroupPermission"'
        " SELECT 'c', id, 'view' FROM \"group\" WHERE name = 'everyone'"
    )

    assert await names("team") == ["b", "c", "Lab"]


@pytest.mark.parametrize(
    ("path", "given", "needed"),
    [
        ("board.exists", "Lab", "board-create"),
        ("board.createBoard", new("made"), "board-create"),
        ("board.duplicateBoard", {"id": "lab", "name": "copy"}, "board-create"),
        ("board.getBoardsForGroup", {"groupId": "team"}, "admin"),
    ],
)
async def test_some_need_a_permission(
    callers: Callers, path: str, given: Any, needed: str
):
    """401 without a session, 403 without the permission, whoever asks."""
    refused = "FORBIDDEN: Permission denied"

    assert (
        await callers.fail(path, given, by="stranger") == "UNAUTHORIZED: UNAUTHORIZED"
    )
    for by in (name for name in MEMBERS if name != "admin"):
        assert (
            await callers.fail(path, given, by=by, having=("media-upload",)) == refused
        )

    assert await callers.answer(path, given, by="keeper", having=(needed,)) == "OK"


async def test_a_name_is_looked_up_in_large_and_small_letters(callers: Callers):
    """`exists` says so before a board is made."""
    assert await callers.call("board.exists", "LAB") is True
    assert await callers.call("board.exists", "Lib") is False
