"""What is refused, to the letter as Zod 4.1.13 refused it by Homarr 1.46's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import inspect

from dashboard.boards.kinds import NAMES
from dashboard.errors import InvalidInputError
from dashboard.trpc.routers import ROUTERS, load_router

from .callers import Callers

APP = {
    "name": "App",
    "description": None,
    "iconUrl": "/icon.svg",
    "href": None,
    "pingUrl": None,
}
ENGINE = {
    "type": "generic",
    "name": "Engine",
    "short": "e",
    "iconUrl": "/icon.svg",
    "description": None,
    "urlTemplate": "https://find.test/?q=%s",
}
ADDRESS = "/^(?!javascript)[a-zA-Z]*:\\/\\//i"
WEB = "/^https?:\\/\\//"
BOARD = "/^[A-Za-z0-9-_]*$/"
COLOUR = "/^#[0-9A-Fa-f]{6}$/"
IMAGE = "/^data:image\\/(png|jpeg|gif|webp);base64,[A-Za-z0-9/+]+=*$/g"
EMAIL = (
    "/^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]"
    "@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$/"
)


def unlike(pattern: str, *path: str) -> dict[str, Any]:
    return {
        "origin": "string",
        "code": "invalid_format",
        "format": "regex",
        "pattern": pattern,
        "path": list(path),
        "message": f"Invalid string: must match pattern {pattern}",
    }


def no_url(*path: str) -> dict[str, Any]:
    return {
        "code": "invalid_format",
        "format": "url",
        "path": list(path),
        "message": "Invalid URL",
    }


def too_short(*path: str) -> dict[str, Any]:
    return {
        "origin": "string",
        "code": "too_small",
        "minimum": 1,
        "inclusive": True,
        "path": list(path),
        "message": "Too small: expected string to have >=1 characters",
    }


def lacking(format_: str, word: str, message: str) -> dict[str, Any]:
    name = "prefix" if format_ == "starts_with" else format_
    return {
        "origin": "string",
        "code": "invalid_format",
        "format": format_,
        name: word,
        "path": ["urlTemplate"],
        "message": message,
    }


STARTS = lacking("starts_with", "http", 'Invalid string: must start with "http"')
INCLUDES = lacking("includes", "%s", 'Invalid string: must include "%s"')


@pytest.mark.parametrize(
    ("path", "given", "issues"),
    [
        ("app.create", {**APP, "name": ""}, [too_short("name")]),
        ("app.create", {**APP, "name": "  "}, [too_short("name")]),
        ("app.create", {**APP, "iconUrl": ""}, [too_short("iconUrl")]),
        (
            "app.create",
            {**APP, "href": "x"},
            [no_url("href"), unlike(ADDRESS, "href")],
        ),
        (
            "app.create",
            {**APP, "href": "JavaScript:alert(1)"},
            [unlike(ADDRESS, "href")],
        ),
        ("app.create", {**APP, "href": "http://"}, [no_url("href")]),
        ("app.create", {**APP, "pingUrl": "ftp://nas"}, [unlike(WEB, "pingUrl")]),
        (
            "searchEngine.create",
            {**ENGINE, "urlTemplate": ""},
            [too_short("urlTemplate"), STARTS, INCLUDES],
        ),
        ("searchEngine.create", {**ENGINE, "urlTemplate": "http://a"}, [INCLUDES]),
        ("searchEngine.create", {**ENGINE, "urlTemplate": "ftp://%s"}, [STARTS]),
        (
            "board.createBoard",
            {"name": "a b", "columnCount": 9, "isPublic": False},
            [unlike(BOARD, "name")],
        ),
        (
            "board.savePartialBoardSettings",
            {"id": "lab", "iconColor": "red", "primaryColor": "red"},
            [unlike(COLOUR, "primaryColor"), unlike(COLOUR, "iconColor")],
        ),
        (
            "user.setProfileImage",
            {"userId": "owner", "image": "x"},
            [unlike(IMAGE, "image")],
        ),
        (
            "user.editProfile",
            {"id": "owner", "name": "owner", "email": "x"},
            [
                {
                    "origin": "string",
                    "code": "invalid_format",
                    "format": "email",
                    "pattern": EMAIL,
                    "path": ["email"],
                    "message": "Invalid email address",
                }
            ],
        ),
        (
            "board.addItem",
            {"boardId": "lab", "kind": "fromTomorrow"},
            [
                {
                    "code": "invalid_value",
                    "values": list(NAMES),
                    "path": ["kind"],
                    "message": "Invalid option: expected one of "
                    + "|".join(f'"{name}"' for name in NAMES),
                }
            ],
        ),
        (
            "invite.createInvite",
            {"expirationDate": datetime(2050, 1, 1, tzinfo=UTC).isoformat()},
            [
                {
                    "expected": "date",
                    "code": "invalid_type",
                    "path": ["expirationDate"],
                    "message": "Invalid input: expected date, received string",
                }
            ],
        ),
    ],
)
async def test_a_broken_rule_is_told_as_homarr_tells_it(
    callers: Callers, path: str, given: Any, issues: list[dict[str, Any]]
):
    """Once, with Homarr's own pattern where it has one, and never with ours."""
    with pytest.raises(InvalidInputError) as caught:
        await callers.call(path, given)

    assert caught.value.issues == issues
    assert [list(issue) for issue in caught.value.issues] == [
        list(issue) for issue in issues
    ]


def test_the_kinds_are_homarr_s_and_ours():
    """In the order of Homarr 1.74; ours, which it does not know, comes last."""
    assert NAMES[:7] == (
        "clock",
        "weather",
        "app",
        "iframe",
        "video",
        "notebook",
        "anchorNote",
    )
    assert NAMES[-2:] == ("customApi", "memory")
    assert len(set(NAMES)) == len(NAMES) == 55


async def test_an_id_of_other_letters_has_words_of_its_own(callers: Callers):
    """Homarr has no such rule; people are told no pattern."""
    with pytest.raises(InvalidInputError) as caught:
        await callers.call("app.byId", {"id": "ä"})

    (issue,) = caught.value.issues

    assert issue == {
        "code": "custom",
        "path": ["id"],
        "message": "Invalid input: no id has such letters",
    }


def patterns(type_: Any, seen: set[Any]) -> Iterator[str]:
    """The patterns of a type that are told as they are."""
    inner: list[Any] = []
    if isinstance(type_, inspect.Metadata):
        inner = [] if "checks" in (type_.extra or {}) else [type_.type]
    elif isinstance(type_, inspect.StrType):
        yield type_.pattern or ""
    elif isinstance(type_, inspect.StructType) and type_.cls not in seen:
        seen.add(type_.cls)
        inner = [field.type for field in type_.fields]
    elif isinstance(type_, inspect.UnionType):
        inner = list(type_.types)
    elif isinstance(type_, inspect.DictType):
        inner = [type_.key_type, type_.value_type]
    else:
        inner = [getattr(type_, "item_type", None)]

    for one in filter(None, inner):
        yield from patterns(one, seen)


def test_no_pattern_is_told_that_only_python_reads():
    """Flags, looks ahead and halves of characters have words in their place."""
    told = {
        pattern
        for router in ROUTERS
        for procedure in load_router(router).procedures.values()
        if procedure.input is not None
        for pattern in patterns(inspect.type_info(procedure.input), set())
    }

    assert r"^#[0-9A-Fa-f]{6}\Z" in told
    assert not {one for one in told if "(?" in one or r"\ud8" in one}
