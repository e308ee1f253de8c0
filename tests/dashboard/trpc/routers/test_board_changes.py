"""What changes boards: who may, and what is there afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from .callers import RIGHTS, Callers

SPOT = {"xOffset": 0, "yOffset": 0, "width": 1, "height": 1}
CLOCK = {
    "id": "clock",
    "kind": "clock",
    "options": {},
    "advancedOptions": {},
    "integrationIds": [],
    "layouts": [{"layoutId": "base", "sectionId": "top", **SPOT}],
}
TOP = {"id": "top", "kind": "empty", "xOffset": 0, "yOffset": 0}
LAYOUT = {"id": "base", "name": "Base", "columnCount": 10, "breakpoint": 0}
GRANTS = {
    "entityId": "lab",
    "permissions": [{"principalId": "other", "permission": "view"}],
}

#: Procedures, what they are given, and the least right on the board that they take.
CALLS: list[tuple[str, dict[str, Any], int]] = [
    ("board.setHomeBoard", {"id": "lab"}, 1),
    ("board.setMobileHomeBoard", {"id": "lab"}, 1),
    ("section.changeCollapsed", {"sectionId": "cat", "collapsed": True}, 1),
    ("board.saveLayouts", {"id": "lab", "layouts": [LAYOUT]}, 2),
    ("board.savePartialBoardSettings", {"id": "lab", "opacity": 50}, 2),
    ("board.saveBoard", {"id": "lab", "sections": [TOP], "items": [CLOCK]}, 2),
    ("board.addItem", {"boardId": "lab", "kind": "weather"}, 2),
    (
        "widget.notebook.updateContent",
        {"itemId": "note", "content": "<p>new</p>", "boardId": "lab"},
        2,
    ),
    ("board.renameBoard", {"id": "lab", "name": "New"}, 3),
    ("board.changeBoardVisibility", {"id": "lab", "visibility": "public"}, 3),
    ("board.getBoardPermissions", {"id": "lab"}, 3),
    ("board.saveUserBoardPermissions", GRANTS, 3),
    ("board.saveGroupBoardPermissions", {**GRANTS, "permissions": []}, 3),
    ("board.deleteBoard", {"id": "lab"}, 3),
]
#: Those after which somebody may see less.
TAKING = {
    "app.delete",
    "board.changeBoardVisibility",
    "board.deleteBoard",
    "board.saveBoard",
    "board.saveGroupBoardPermissions",
    "board.saveUserBoardPermissions",
}
IDS = [path for path, _, _ in CALLS]
TABLES = ("board", "layout", "section", "item", "item_layout", '"boardUserPermission"')


async def dump(callers: Callers) -> list[Any]:
    """All that these calls could change."""
    tables = [await callers.rows(f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608
    homes = await callers.rows(
        'SELECT id, home_board_id, mobile_home_board_id FROM "user"'
    )
    folded = await callers.rows("SELECT * FROM section_collapse_state")
    return [*tables, homes, folded]


@pytest.mark.parametrize("by", RIGHTS)
@pytest.mark.parametrize(("path", "given", "needed"), CALLS, ids=IDS)
async def test_every_change_asks_for_its_right(
    callers: Callers, path: str, given: dict[str, Any], needed: int, by: str
):
    """Who lacks it is told that there is no such board, and nothing has changed."""
    before = await dump(callers)
    if RIGHTS[by] >= needed:
        expected = "OK"
    else:
        expected = "UNAUTHORIZED" if by == "stranger" else "NOT_FOUND"

    assert await callers.answer(path, given, by=by) == expected
    if expected != "OK":
        assert await dump(callers) == before


@pytest.mark.parametrize(
    ("path", "given"),
    [
        *((path, given) for path, given, _ in CALLS),
        ("app.delete", {"id": "app"}),
    ],
    ids=[*IDS, "app.delete"],
)
async def test_what_may_take_access_away_is_told(
    callers: Callers, path: str, given: dict[str, Any]
):
    """Once it is written, and no other change: what is heard is asked about again."""
    told = []
    callers.resources.bus.listen("access-changed", lambda *_: told.append(path))
    await callers.call(path, given)

    assert len(told) == (path in TAKING)


@pytest.mark.parametrize("by", ["stranger", "other"])
@pytest.mark.parametrize(("path", "given", "needed"), CALLS, ids=IDS)
async def test_that_a_board_is_public_lets_nobody_change_it(
    callers: Callers, path: str, given: dict[str, Any], needed: int, by: str
):
    """Its home and its folds are each member's own."""
    await callers.run("UPDATE board SET is_public = 1")
    expected = "OK" if needed == 1 else "NOT_FOUND"
    if by == "stranger":
        expected = "UNAUTHORIZED"

    assert await callers.answer(path, given, by=by) == expected


@pytest.mark.parametrize(
    ("permission", "right"),
    [("board-view-all", 1), ("board-modify-all", 2), ("board-full-all", 3)],
)
@pytest.mark.parametrize(("path", "given", "needed"), CALLS, ids=IDS)
async def test_permissions_for_all_boards_count_on_each(
    callers: Callers,
    path: str,
    given: dict[str, Any],
    needed: int,
    permission: str,
    right: int,
):
    """As the same right on it does."""
    answer = await callers.answer(path, given, by="other", having=(permission,))

    assert answer == ("OK" if right >= needed else "NOT_FOUND")


@pytest.mark.parametrize(("path", "given", "needed"), CALLS, ids=IDS)
async def test_what_is_not_there_is_told_in_homarr_s_words(
    callers: Callers, path: str, given: dict[str, Any], needed: int
):
    """The board, and the section that stands for one."""
    missing = {
        key: "nothing" if key in {"id", "boardId", "entityId", "sectionId"} else value
        for key, value in given.items()
    }
    words = "Board not found"
    if path == "section.changeCollapsed":
        words = "Section not found id=nothing"

    assert await callers.fail(path, missing) == f"NOT_FOUND: {words}"


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("board.createBoard", {"name": "a b", "columnCount": 10, "isPublic": True}),
        ("board.createBoard", {"name": "", "columnCount": 10, "isPublic": True}),
        ("board.createBoard", {"name": "a", "columnCount": 25, "isPublic": True}),
        ("board.createBoard", {"name": "a", "columnCount": 0, "isPublic": True}),
        ("board.createBoard", {"name": "a", "columnCount": 10}),
        ("board.createBoard", {"name": "a" * 256, "columnCount": 1, "isPublic": True}),
        ("board.renameBoard", {"id": "lab", "name": "ü"}),
        ("board.changeBoardVisibility", {"id": "lab", "visibility": "secret"}),
        ("board.savePartialBoardSettings", {"id": "lab", "opacity": 101}),
        ("board.savePartialBoardSettings", {"id": "lab", "primaryColor": "red"}),
        ("board.savePartialBoardSettings", {"id": "lab", "itemRadius": "xxl"}),
        ("board.savePartialBoardSettings", {"id": "lab", "customCss": "x" * 16385}),
        ("board.savePartialBoardSettings", {"opacity": 50}),
        ("board.saveLayouts", {"id": "lab", "layouts": []}),
        ("board.saveLayouts", {"id": "lab", "layouts": [{**LAYOUT, "name": " "}]}),
        (
            "board.saveLayouts",
            {"id": "lab", "layouts": [{**LAYOUT, "breakpoint": 32768}]},
        ),
        ("board.saveBoard", {"id": "lab", "sections": [TOP]}),
        ("board.saveBoard", {"id": "lab", "sections": [TOP], "items": [{}]}),
        (
            "board.saveUserBoardPermissions",
            {
                **GRANTS,
                "permissions": [{"principalId": "other", "permission": "own"}],
            },
        ),
        ("board.addItem", {"boardId": "lab", "kind": "fromTomorrow"}),
        ("board.addItem", {"boardId": "lab", "kind": "app", "integrationIds": ["x"]}),
        ("section.changeCollapsed", {"sectionId": "cat"}),
    ],
)
async def test_what_homarr_refuses_is_refused(callers: Callers, path: str, given: Any):
    """With BAD_REQUEST, and nothing has changed."""
    before = await dump(callers)

    assert await callers.answer(path, given) == "BAD_REQUEST"
    assert await dump(callers) == before


async def test_a_new_board_is_its_creator_s_home(callers: Callers):
    """It has one empty section and one layout, and its id is told."""
    made = await callers.call(
        "board.createBoard",
        {"name": "Made", "columnCount": 7, "isPublic": False},
        by="other",
        having=("board-create",),
    )
    home = await callers.call("board.getHomeBoard", by="other")

    assert made == {"boardId": home["id"]}
    assert [(x["name"], x["columnCount"]) for x in home["layouts"]] == [("Base", 7)]
    assert [s["kind"] for s in home["sections"]] == ["empty"]

    again = {"name": "mADE", "columnCount": 7, "isPublic": False}
    taken = "CONFLICT: Board with similar name already exists"

    assert await callers.fail("board.createBoard", again) == taken


async def test_a_copy_has_all_that_the_board_has(callers: Callers):
    """Newer Homarrs tell its id; what nobody knows is copied as well."""
    given = {"id": "lab", "name": "Copy"}
    made = await callers.call(
        "board.duplicateBoard", given, by="viewer", having=("board-create",)
    )
    count = await callers.rows("SELECT board_id, count(*) FROM item GROUP BY board_id")

    assert sorted(count) == sorted([("lab", 3), (made["boardId"], 3)])
    assert (await callers.answer("board.duplicateBoard", given)) == "CONFLICT"
    refused = await callers.answer(
        "board.duplicateBoard", given, by="other", having=("board-create",)
    )
    assert refused == "NOT_FOUND"


async def test_a_name_can_be_written_otherwise_but_not_taken(callers: Callers):
    """Two boards never differ in large and small letters alone."""
    await callers.run("INSERT INTO board (id, name) VALUES ('b', 'B')")

    assert (
        await callers.answer("board.renameBoard", {"id": "lab", "name": "LAB"}) == "OK"
    )
    assert await callers.fail("board.renameBoard", {"id": "lab", "name": "b"}) == (
        "CONFLICT: Board with similar name already exists"
    )


@pytest.mark.parametrize("key", ["homeBoardId", "mobileHomeBoardId"])
async def test_the_server_s_home_stays_public(callers: Callers, key: str):
    """Strangers would be sent to a board that they cannot see."""
    await callers.run(
        f"""UPDATE "serverSetting" SET value = '{{"json":{{"{key}":"lab"}}}}'
        WHERE setting_key = 'board'"""  # noqa: S608
    )
    private = {"id": "lab", "visibility": "private"}

    assert await callers.fail("board.changeBoardVisibility", private) == (
        "BAD_REQUEST: Cannot make home board private"
    )


async def test_settings_that_are_left_out_stay(callers: Callers):
    """Empty texts are stored as none."""
    path = "board.savePartialBoardSettings"
    await callers.call(path, {"id": "lab", "pageTitle": "P", "iconColor": "#000000"})
    await callers.call(path, {"id": "lab", "iconColor": "", "disableStatus": True})
    board = await callers.call("board.getBoardByName", {"name": "Lab"})

    assert (board["pageTitle"], board["iconColor"]) == ("P", None)
    assert board["disableStatus"] is True


async def test_saving_what_was_answered_changes_nothing(callers: Callers):
    """Not a byte of what nobody knows: it was not in the answer, and stays."""
    before = await dump(callers)
    board = await callers.call("board.getBoardByName", {"name": "Lab"})
    given = {key: board[key] for key in ("id", "sections", "items")}
    await callers.call("board.saveBoard", given)

    assert await dump(callers) == before


async def test_an_unknown_option_of_a_known_kind_stays(callers: Callers):
    """A client that does not know it leaves it out."""
    stored = '{"json": {"appId":"app", "x":"/a/g"}, "meta":{"values":{"x":["regexp"]}}}'
    await callers.run(f"UPDATE item SET options = '{stored}' WHERE id = 'one'")  # noqa: S608
    board = await callers.call("board.getBoardByName", {"name": "Lab"})
    for item in board["items"]:
        item["options"] = {k: v for k, v in item["options"].items() if k != "x"}

    given = {key: board[key] for key in ("id", "sections", "items")}
    await callers.call("board.saveBoard", given)

    assert await callers.rows("SELECT options FROM item WHERE id = 'one'") == [
        (stored,)
    ]


async def test_an_option_that_equals_its_default_is_stored_if_it_is_given(
    callers: Callers,
):
    """The server may have another default, and whoever chose it wants it."""
    board = await callers.call("board.getBoardByName", {"name": "Lab"})
    (app,) = (item for item in board["items"] if item["id"] == "one")
    app["options"] = {**app["options"], "pingEnabled": True}
    given = {key: board[key] for key in ("id", "sections", "items")}
    await callers.call("board.saveBoard", given)
    again = await callers.call("board.getBoardByName", {"name": "Lab"})
    (app,) = (item for item in again["items"] if item["id"] == "one")

    assert app["options"] == {
        "appId": "app",
        "openInNewTab": False,
        "pingEnabled": True,
    }


@pytest.mark.parametrize(
    ("title", "answer"),
    [("t" * 64, "OK"), ("t" * 65, "BAD_REQUEST"), (1, "BAD_REQUEST")],
)
async def test_a_title_has_as_many_characters_as_homarr_takes(
    callers: Callers, title: Any, answer: str
):
    """A longer one would keep Homarr from opening the board."""
    item = {**CLOCK, "advancedOptions": {"title": title}}
    given = {"id": "lab", "sections": [TOP], "items": [item]}

    assert await callers.answer("board.saveBoard", given) == answer


@pytest.mark.parametrize(
    "looks",
    [{"title": "t" * 21}, {"customCssClasses": "c"}, {"borderColor": None}],
)
async def test_a_section_looks_as_homarr_can_read_it(callers: Callers, looks: Any):
    """Its title is shorter than an item's."""
    section = {"id": "dyn", "kind": "dynamic", "options": looks, "layouts": []}
    given = {"id": "lab", "sections": [TOP, section], "items": []}

    assert await callers.answer("board.saveBoard", given) == "BAD_REQUEST"


async def test_an_item_goes_where_there_is_room(callers: Callers):
    """Of any of Homarr's kinds, with integrations that its user may use."""
    given = {
        "boardId": "lab",
        "kind": "bazarr",
        "options": {"a": 1},
        "integrationIds": ["sonarr"],
    }
    made = await callers.call("board.addItem", given)
    board = await callers.call("board.getBoardByName", {"name": "Lab"})
    (item,) = (item for item in board["items"] if item["id"] == made["itemId"])
    sizes = {(place["width"], place["height"]) for place in item["layouts"]}

    assert list(made) == ["itemId"]
    assert (item["options"], item["integrationIds"]) == ({"a": 1}, ["sonarr"])
    assert (len(item["layouts"]), sizes) == (2, {(2, 2)})
    assert await callers.fail("board.addItem", given, by="modifier") == (
        "BAD_REQUEST: Invalid integration IDs: sonarr"
    )


async def test_permissions_are_told_with_homarr_s_members(callers: Callers):
    """Inherited ones come from groups that have them for all boards."""
    await callers.run(
        "INSERT INTO \"groupPermission\" VALUES ('team', 'board-modify-all')"
    )
    group = {"id": "team", "name": "team"}

    assert await callers.call("board.getBoardPermissions", {"id": "lab"}) == {
        "inherited": [{"permission": "board-modify-all", "group": group}],
        "users": [
            {
                "user": {"id": name, "name": name, "image": f"{name}.png"},
                "permission": word,
            }
            for name, word in (
                ("keeper", "full"),
                ("modifier", "modify"),
                ("viewer", "view"),
            )
        ],
        "groups": [{"group": group, "permission": "modify"}],
    }


async def test_saved_permissions_count_at_once(callers: Callers):
    """Those that are left out are gone."""
    await callers.call("board.saveUserBoardPermissions", GRANTS, by="keeper")
    name = {"name": "Lab"}

    assert await callers.answer("board.getBoardByName", name, by="other") == "OK"
    for by in ("viewer", "keeper"):
        assert await callers.answer("board.getBoardByName", name, by=by) == "NOT_FOUND"


async def test_layouts_are_kept_made_and_taken_away(callers: Callers):
    """By their ids."""
    new = {"id": "anything", "name": " Tiny ", "columnCount": 2, "breakpoint": 0}
    given = {"id": "lab", "layouts": [{**LAYOUT, "breakpoint": 700}, new]}
    await callers.call("board.saveLayouts", given, by="grouped")
    board = await callers.call("board.getBoardByName", {"name": "Lab"})

    assert [(x["name"], x["breakpoint"]) for x in board["layouts"]] == [
        ("Tiny", 0),
        ("Base", 700),
    ]


@pytest.mark.parametrize("item", ["one", "nothing", "x' OR 1"])
async def test_only_a_note_of_the_board_can_be_written(callers: Callers, item: str):
    """Other items have no text."""
    given = {"itemId": item, "content": "x", "boardId": "lab"}
    path = "widget.notebook.updateContent"

    assert await callers.fail(path, given) == "NOT_FOUND: Specified item was not found"

    await callers.run("INSERT INTO board (id, name) VALUES ('b', 'b')")
    elsewhere = {**given, "itemId": "note", "boardId": "b"}

    assert await callers.answer(path, elsewhere) == "NOT_FOUND"


async def test_a_note_is_stored_as_it_was_written(callers: Callers):
    """Its other options stay; those who show it make it safe."""
    await callers.run(
        """UPDATE item SET options = '{"json":{"showToolbar":false}}'
        WHERE id = 'note'"""
    )
    text = "<p onclick='x()'>a</p>"
    await callers.call(
        "widget.notebook.updateContent",
        {"itemId": "note", "content": text, "boardId": "lab"},
        by="modifier",
    )
    board = await callers.call("board.getBoardByName", {"name": "Lab"})
    (note,) = (item for item in board["items"] if item["id"] == "note")

    assert note["options"] == {"showToolbar": False, "content": text}
