"""The same issues, to the letter, as Zod 4.1.13 gave for schemas of the same rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from dashboard.issues import find_issues
from dashboard.superjson import UNDEFINED


class Inner(msgspec.Struct):
    """An object in an object."""

    p: str


class Whole(msgspec.Struct, kw_only=True):
    """One member of each kind."""

    name: Annotated[str, Meta(min_length=1, max_length=5)]
    n: Annotated[int, Meta(ge=1, le=10)]
    k: Literal["a", "b"]
    only: Literal["x"]
    arr: Annotated[list[str], Meta(min_length=1, max_length=2)]
    re: Annotated[str, Meta(pattern=r"^[a-z]*\Z")]
    opt: str | UnsetType = UNSET
    nul: str | None
    d: datetime
    b: bool
    r: dict[str, float]
    o: Inner


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """It takes no other member."""

    a: str


class A(msgspec.Struct, tag_field="kind", tag="a"):
    """One of two, told apart by their kind."""

    v: str


class B(msgspec.Struct, tag_field="kind", tag="b"):
    """The other one."""


def wrong(expected: str, received: str, *path: str | int) -> str:
    """Zod's issue of a value of another type."""

    return (
        f'{{"expected":"{expected}","code":"invalid_type","path":{_text(path)},'
        f'"message":"Invalid input: expected {expected}, received {received}"}}'
    )


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


K = (
    r'{"code":"invalid_value","values":["a","b"],"path":["k"],'
    r'"message":"Invalid option: expected one of \"a\"|\"b\""}'
)
ONLY = (
    r'{"code":"invalid_value","values":["x"],"path":["only"],'
    r'"message":"Invalid input: expected \"x\""}'
)
NOTHING_GIVEN = [
    wrong("string", "undefined", "name"),
    wrong("number", "undefined", "n"),
    K,
    ONLY,
    wrong("array", "undefined", "arr"),
    wrong("string", "undefined", "re"),
    wrong("string", "undefined", "nul"),
    wrong("date", "undefined", "d"),
    wrong("boolean", "undefined", "b"),
    wrong("record", "undefined", "r"),
    wrong("object", "undefined", "o"),
]
ALL_OF_ANOTHER_TYPE = [
    wrong("string", "number", "name"),
    wrong("number", "string", "n"),
    K,
    ONLY,
    wrong("array", "object", "arr"),
    wrong("string", "number", "re"),
    wrong("string", "number", "opt"),
    wrong("string", "number", "nul"),
    wrong("date", "string", "d"),
    wrong("boolean", "string", "b"),
    wrong("record", "array", "r"),
    wrong("object", "string", "o"),
]
TOO_LITTLE = [
    (
        '{"origin":"string","code":"too_small","minimum":1,"inclusive":true,'
        '"path":["name"],"message":"Too small: expected string to have >=1 characters"}'
    ),
    (
        '{"origin":"number","code":"too_small","minimum":1,"inclusive":true,'
        '"path":["n"],"message":"Too small: expected number to be >=1"}'
    ),
    (
        '{"origin":"array","code":"too_small","minimum":1,"inclusive":true,'
        '"path":["arr"],"message":"Too small: expected array to have >=1 items"}'
    ),
    (
        '{"origin":"string","code":"invalid_format","format":"regex",'
        '"pattern":"/^[a-z]*$/","path":["re"],'
        '"message":"Invalid string: must match pattern /^[a-z]*$/"}'
    ),
    wrong("string", "null", "opt"),
    wrong("number", "string", "r", "a"),
    wrong("string", "undefined", "o", "p"),
]
TOO_MUCH = [
    (
        '{"origin":"string","code":"too_big","maximum":5,"inclusive":true,'
        '"path":["name"],"message":"Too big: expected string to have <=5 characters"}'
    ),
    (
        '{"expected":"int","format":"safeint","code":"invalid_type","path":["n"],'
        '"message":"Invalid input: expected int, received number"}'
    ),
    wrong("string", "number", "arr", 1),
    (
        '{"origin":"array","code":"too_big","maximum":2,"inclusive":true,'
        '"path":["arr"],"message":"Too big: expected array to have <=2 items"}'
    ),
    wrong("string", "number", "o", "p"),
]
GOOD: dict[str, Any] = {
    "name": "n",
    "n": 1,
    "k": "a",
    "only": "x",
    "arr": ["a"],
    "re": "a",
    "nul": None,
    "d": datetime(2026, 1, 1, tzinfo=UTC),
    "b": True,
    "r": {},
    "o": {"p": "p"},
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (UNDEFINED, [wrong("object", "undefined")]),
        (None, [wrong("object", "null")]),
        ([], [wrong("object", "array")]),
        ({}, NOTHING_GIVEN),
        (
            {
                **dict.fromkeys(("name", "k", "re", "opt", "nul"), 5),
                **dict.fromkeys(("n", "only", "d", "b", "o"), "y"),
                "arr": {},
                "r": [],
            },
            ALL_OF_ANOTHER_TYPE,
        ),
        (
            GOOD
            | {"name": "", "n": 0, "arr": [], "re": "A1", "opt": None, "o": {}}
            # The type of a record's values counts too.
            | {"r": {"a": "x"}},
            TOO_LITTLE,
        ),
        (
            GOOD | {"name": "abcdef", "n": 11.5, "arr": ["a", 1, "c"], "o": {"p": 1}},
            TOO_MUCH,
        ),
        (GOOD, []),
        (GOOD | {"more": 1}, []),
    ],
    ids=["undefined", "null", "array", "empty", "types", "little", "much", "good", "+"],
)
def test_every_mistake_of_an_object_is_told(given: Any, expected: list[str]):
    """In the order of its members, not the first one only."""

    issues = find_issues(given, Whole)

    assert [_text(issue) for issue in issues] == expected


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        (
            float,
            float("nan"),
            (
                '{"expected":"number","code":"invalid_type","received":"NaN","path":[],'
                '"message":"Invalid input: expected number, received NaN"}'
            ),
        ),
        (
            float,
            float("-inf"),
            (
                '{"expected":"number","code":"invalid_type","received":"-Infinity",'
                '"path":[],"message":"Invalid input: expected number, received number"}'
            ),
        ),
        (str, datetime(2026, 1, 1, tzinfo=UTC), wrong("string", "Date")),
        (int, True, wrong("number", "boolean")),
        (
            Annotated[float, Meta(gt=0, lt=10)],
            0.0,
            (
                '{"origin":"number","code":"too_small","minimum":0,"inclusive":false,'
                '"path":[],"message":"Too small: expected number to be >0"}'
            ),
        ),
        (
            Annotated[float, Meta(gt=0, lt=10)],
            10,
            (
                '{"origin":"number","code":"too_big","maximum":10,"inclusive":false,'
                '"path":[],"message":"Too big: expected number to be <10"}'
            ),
        ),
        (
            Annotated[float, Meta(ge=0.5)],
            0.25,
            (
                '{"origin":"number","code":"too_small","minimum":0.5,"inclusive":true,'
                '"path":[],"message":"Too small: expected number to be >=0.5"}'
            ),
        ),
        (
            Annotated[int, Meta(le=1_000_000)],
            2_000_000,
            (
                '{"origin":"number","code":"too_big","maximum":1000000,"inclusive":true,'
                '"path":[],"message":"Too big: expected number to be <=1000000"}'
            ),
        ),
        (
            Strict,
            {"a": "x", "b": 1},
            (
                r'{"code":"unrecognized_keys","keys":["b"],"path":[],'
                r'"message":"Unrecognized key: \"b\""}'
            ),
        ),
        (
            Strict,
            {"a": "x", "b": 1, "c": 2},
            (
                r'{"code":"unrecognized_keys","keys":["b","c"],"path":[],'
                r'"message":"Unrecognized keys: \"b\", \"c\""}'
            ),
        ),
        (
            str | float,
            True,
            (
                f'{{"code":"invalid_union","errors":[[{wrong("string", "boolean")}],'
                f'[{wrong("number", "boolean")}]],"path":[],"message":"Invalid input"}}'
            ),
        ),
        (
            A | B,
            {"kind": "c"},
            (
                '{"code":"invalid_union","errors":[],'
                '"note":"No matching discriminator","discriminator":"kind",'
                '"path":["kind"],"message":"Invalid input"}'
            ),
        ),
        (A | B, {"kind": "a"}, wrong("string", "undefined", "v")),
        (A | B, "a", wrong("object", "string")),
        (
            Literal[1, 2],
            True,
            (
                '{"code":"invalid_value","values":[1,2],"path":[],'
                '"message":"Invalid option: expected one of 1|2"}'
            ),
        ),
        (
            dict[Annotated[str, Meta(min_length=2)], Any],
            {"a": 1},
            (
                '{"code":"invalid_key","origin":"record","issues":[{"origin":"string",'
                '"code":"too_small","minimum":2,"inclusive":true,"path":[],'
                '"message":"Too small: expected string to have >=2 characters"}],'
                '"path":["a"],"message":"Invalid key in record"}'
            ),
        ),
    ],
)
def test_a_single_mistake_has_zods_words(type_: Any, given: Any, expected: str):
    """And its members, in its order."""

    (issue,) = find_issues(given, type_)

    assert _text(issue) == expected


def test_options_are_told_in_the_order_in_which_they_were_written():
    """As Zod tells an enum's, wherever in a type they stand."""

    class Chosen(msgspec.Struct):
        scheme: list[Literal["light", "dark", "auto"] | None]
        number: Annotated[Literal[3, 1, 2], "how many"]

    first, second = find_issues({"scheme": [5], "number": 4}, Chosen)

    assert first["values"] == ["light", "dark", "auto"]
    assert second["message"] == "Invalid option: expected one of 3|1|2"


def test_many_mistakes_are_told_up_to_a_bound():
    """An answer does not become many times as large as its request."""

    assert len(find_issues([1] * 5000, list[str])) == 100


def test_what_only_msgspec_knows_is_told_in_its_words():
    """A type whose rules Zod has no word for is refused all the same."""

    (issue,) = find_issues(7, Annotated[int, Meta(multiple_of=5)])

    assert issue["code"] == "custom"
    assert issue["path"] == []
    assert "multiple" in issue["message"]


def test_a_whole_number_too_large_for_a_float_is_told():
    """By its bound, as any other one; JSON may have 400 digits."""

    (issue,) = find_issues(10**400, Annotated[int, Meta(le=10)])

    assert issue["message"] == "Too big: expected number to be <=10"
