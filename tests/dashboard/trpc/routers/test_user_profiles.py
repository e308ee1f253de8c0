from __future__ import annotations

from typing import Any

import pytest

from dashboard.superjson import UNDEFINED

from .house import ADA, CHANGE, IMAGE, House

#: By procedure: what one may do to oneself, and what others than administrators are
#: told who try it on "admin".
OWN: dict[str, tuple[dict[str, Any], str]] = {
    "getById": (
        {"userId": "admin"},
        "FORBIDDEN: You are not allowed to view other users details",
    ),
    "setProfileImage": (
        {"userId": "admin", "image": None},
        "FORBIDDEN: You are not allowed to change other users profile images",
    ),
    "editProfile": (
        {"id": "admin", "name": "admin"},
        "FORBIDDEN: You are not allowed to edit other users details",
    ),
    "delete": (
        {"userId": "admin"},
        "FORBIDDEN: You are not allowed to delete other users",
    ),
    "changePassword": ({**CHANGE, "userId": "admin"}, "NOT_FOUND: User not found"),
    "changeHomeBoards": (
        {"userId": "admin", "homeBoardId": None, "mobileHomeBoardId": None},
        "NOT_FOUND: User not found",
    ),
    "changeDefaultSearchEngine": (
        {"userId": "admin", "defaultSearchEngineId": None},
        "NOT_FOUND: User not found",
    ),
    "changeSearchPreferences": (
        {"userId": "admin", "defaultSearchEngineId": None, "openInNewTab": True},
        "NOT_FOUND: User not found",
    ),
    "changePingIconsEnabled": (
        {"id": "admin", "pingIconsEnabled": True},
        "NOT_FOUND: User not found",
    ),
    "changeFirstDayOfWeek": (
        {"id": "admin", "firstDayOfWeek": 0},
        "NOT_FOUND: User not found",
    ),
}


@pytest.mark.parametrize("name", OWN)
async def test_others_are_not_ones_own_affair(house: House, name: str):
    """Whatever permissions one has, except that of administrators."""
    given, refusal = OWN[name]
    having = ("board-full-all", "app-full-all", "media-full-all", "other-view-logs")
    before = await house.rows('SELECT * FROM "user"')

    assert await house.fail(f"user.{name}", given, by="ada") == refusal
    assert await house.fail(f"user.{name}", given, by="ada", having=having) == refusal
    assert await house.rows('SELECT * FROM "user"') == before


@pytest.mark.parametrize("name", sorted({*OWN} - {"delete"}))
async def test_somebody_who_is_not_there_is_not_found(house: House, name: str):
    """Told to administrators, who may ask."""
    given, _ = OWN[name]
    key = "id" if "id" in given else "userId"
    refusal = await house.fail(f"user.{name}", {**given, key: "gone"})

    assert refusal == "NOT_FOUND: User not found"


async def test_deleting_somebody_who_is_not_there_is_no_error(house: House):
    """As in Homarr: then they are gone, which was asked for."""
    assert await house.call("user.delete", {"userId": "gone"}) is UNDEFINED


# Profiles


async def test_a_profile_is_edited(house: House):
    """A new address has to be verified again."""
    given = {"id": "ada", "name": " ABC ", "email": "new@example.com"}
    await house.call("user.editProfile", given, by="ada")
    found = await house.call("user.getById", {"userId": "ada"}, by="ada")

    assert (found["name"], found["email"], found["emailVerified"]) == (
        "abc",
        "new@example.com",
        None,
    )


@pytest.mark.parametrize("more", [{}, {"email": ""}, {"email": None}])
async def test_an_address_that_is_not_given_stays(house: House, more: dict[str, Any]):
    """And stays verified: that is Homarr's rule."""
    await house.call("user.editProfile", {"id": "ada", "name": "abc", **more})
    found = await house.call("user.getById", {"userId": "ada"})

    assert found == {**found, **ADA, "name": "abc"}


async def test_a_name_is_kept_or_free(house: House):
    """One's own is no conflict."""
    keep, take = {"id": "ada", "name": "ada"}, {"id": "ada", "name": "Admin"}

    assert await house.answer("user.editProfile", keep, by="ada") == "OK"
    assert await house.fail("user.editProfile", take, by="ada") == (
        "CONFLICT: Username already taken"
    )


async def test_another_providers_names_are_not_ours_to_change(house: House):
    """Nor their passwords; a picture is."""
    profile = await house.fail("user.editProfile", {"id": "olga", "name": "olga2"})
    password = await house.fail("user.changePassword", {**CHANGE, "userId": "olga"})
    image = {"userId": "olga", "image": IMAGE}

    assert profile == (
        "FORBIDDEN: Username and email can not be changed for users with external"
        " providers"
    )
    assert password == (
        "FORBIDDEN: Password can not be changed for users with external providers"
    )
    assert await house.answer("user.setProfileImage", image, by="olga") == "OK"


@pytest.mark.parametrize("image", [f"{IMAGE}==", None])
async def test_a_picture_is_a_data_url_or_none(house: House, image: str | None):
    """It is in the row."""
    given = {"userId": "ada", "image": image}

    assert await house.call("user.setProfileImage", given, by="ada") is UNDEFINED
    assert await house.rows("SELECT image FROM \"user\" WHERE id = 'ada'") == [(image,)]


@pytest.mark.parametrize(
    "image",
    [
        "",
        "https://example.com/a.png",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,AA\n",
        "data:image/png;base64,A A",
        IMAGE + "A" * 350_000,
        UNDEFINED,
    ],
)
async def test_nothing_else_is_a_picture(house: House, image: Any):
    """No address, no type that may run, no more than a quarter of a megabyte."""
    given = (
        {"userId": "ada"} if image is UNDEFINED else {"userId": "ada", "image": image}
    )
    (issue,) = await house.issues("user.setProfileImage", given)

    assert issue["path"] == ["image"]


# Preferences


async def test_preferences_are_ones_own(house: House):
    """Each changes what it names and nothing else."""
    before = await house.call("user.getById", {"userId": "ada"})
    own: dict[str, dict[str, Any]] = {
        "changeHomeBoards": {"homeBoardId": "open", "mobileHomeBoardId": None},
        "changeDefaultSearchEngine": {"defaultSearchEngineId": "ddg"},
        "changeColorScheme": {"colorScheme": "light"},
        "changePingIconsEnabled": {"pingIconsEnabled": True},
        "changeFirstDayOfWeek": {"firstDayOfWeek": 6},
    }
    for name, given in own.items():
        given = {"id": "ada", "userId": "ada", **given}
        assert await house.call(f"user.{name}", given, by="ada") is UNDEFINED

    assert await house.call("user.getById", {"userId": "ada"}) == {
        **before,
        "homeBoardId": "open",
        "defaultSearchEngineId": "ddg",
        "pingIconsEnabled": True,
        "firstDayOfWeek": 6,
    }
    assert await house.rows("SELECT color_scheme FROM \"user\" WHERE id = 'ada'") == [
        ("light",)
    ]
    await house.call(
        "user.changeSearchPreferences",
        {"userId": "ada", "defaultSearchEngineId": None, "openInNewTab": False},
        by="ada",
    )
    after = await house.call("user.getById", {"userId": "ada"})
    assert (after["defaultSearchEngineId"], after["openSearchInNewTab"]) == (
        None,
        False,
    )


@pytest.mark.parametrize("name", ["changePingIconsEnabled", "changeFirstDayOfWeek"])
async def test_an_administrator_changes_what_others_like(house: House, name: str):
    """Theirs, where Homarr changes the administrator's own."""
    given = {"id": "ada", "pingIconsEnabled": True, "firstDayOfWeek": 3}
    mine = await house.call("user.getById", {"userId": "admin"})
    theirs = await house.call("user.getById", {"userId": "ada"})
    await house.call(f"user.{name}", given)

    assert await house.call("user.getById", {"userId": "admin"}) == mine
    assert await house.call("user.getById", {"userId": "ada"}) != theirs


async def test_a_home_is_a_board_that_one_may_see(house: House):
    """Whether there is another one is not told."""
    closed = {"userId": "ada", "homeBoardId": None, "mobileHomeBoardId": "closed"}
    gone = {**closed, "mobileHomeBoardId": "gone"}
    for given in (closed, gone):
        refusal = await house.fail("user.changeHomeBoards", given, by="ada")
        assert refusal == "NOT_FOUND: Board not found"

    assert await house.answer("user.changeHomeBoards", closed, by="admin") == "OK"


async def test_a_search_engine_has_to_be_there(house: House):
    """Homarr answers that it has failed itself."""
    given = {"userId": "ada", "defaultSearchEngineId": "gone"}

    assert await house.fail("user.changeDefaultSearchEngine", given, by="ada") == (
        "NOT_FOUND: Search engine not found"
    )


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("changeColorScheme", {"colorScheme": "blue"}),
        ("changeFirstDayOfWeek", {"id": "ada", "firstDayOfWeek": 7}),
        ("changeFirstDayOfWeek", {"id": "ada", "firstDayOfWeek": -1}),
        ("changePingIconsEnabled", {"id": "ada", "pingIconsEnabled": 1}),
        ("changeDefaultSearchEngine", {"userId": "ada", "defaultSearchEngineId": ""}),
        ("changeHomeBoards", {"userId": "ada", "homeBoardId": "open"}),
        ("changePassword", {**CHANGE, "previousPassword": ""}),
        ("delete", {"userId": ""}),
    ],
)
async def test_what_breaks_a_rule_changes_nothing(
    house: House, name: str, given: dict[str, Any]
):
    """It is told as Zod's issues."""
    assert await house.issues(f"user.{name}", given)
