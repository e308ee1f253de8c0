from __future__ import annotations

from typing import Any

import pytest

from dashboard.errors import InvalidInputError
from dashboard.inputs import ById, Id, Input, ShortText
from dashboard.javascript import BigInt, Fault, Map, RegExp, TypedArray, Url
from dashboard.superjson import UNDEFINED
from dashboard.trpc import error_shape
from dashboard.trpc.validation import read_input


class Named(Input, frozen=True, kw_only=True):
    """Two members whose names are others on the wire."""

    app_name: ShortText
    column_count: int


def refuse(given: Any, type_: Any) -> InvalidInputError:
    """Read an input that has to be refused."""

    with pytest.raises(InvalidInputError) as caught:
        read_input(given, type_)

    return caught.value


def test_an_input_is_told_with_the_names_of_the_wire():
    """All of it is wrong, all of it is told, in the pretty JSON of Zod's message."""
    error = refuse({"app_name": "x", "columnCount": "2"}, Named)

    assert error.message == (
        "[\n"
        "  {\n"
        '    "expected": "string",\n'
        '    "code": "invalid_type",\n'
        '    "path": [\n'
        '      "appName"\n'
        "    ],\n"
        '    "message": "Invalid input: expected string, received undefined"\n'
        "  },\n"
        "  {\n"
        '    "expected": "number",\n'
        '    "code": "invalid_type",\n'
        '    "path": [\n'
        '      "columnCount"\n'
        "    ],\n"
        '    "message": "Invalid input: expected number, received string"\n'
        "  }\n"
        "]"
    )


def test_clients_get_the_issues_by_field():
    """As Zod flattens them: what belongs to no field is the form's."""
    fields = error_shape(refuse({"id": 1}, ById), "a.b")["data"]["zodError"]
    whole = error_shape(refuse(UNDEFINED, ById), "a.b")["data"]["zodError"]

    assert fields == {
        "formErrors": [],
        "fieldErrors": {"id": ["Invalid input: expected string, received number"]},
    }
    assert whole == {
        "formErrors": ["Invalid input: expected object, received undefined"],
        "fieldErrors": {},
    }


def test_an_input_that_may_lack_is_taken_as_none():
    """UNDEFINED is JavaScript's word for it."""
    assert read_input(UNDEFINED, ById | None) is None
    assert read_input(None, ById | None) is None
    assert read_input({"id": "x"}, ById | None) == ById(id="x")


@pytest.mark.parametrize("given", ["\ud800", "é", "x" * 256, "", "a\x00b"])
def test_ids_are_what_homarrs_can_be(given: str):
    """And the refusal of any can be sent: half of a surrogate pair is not repeated."""
    error = refuse({"id": given}, ById)

    assert error.issues[0]["path"] == ["id"]
    assert error.message.encode()
    assert read_input("abc123", Id) == "abc123"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (BigInt(3), "bigint"),
        (Map({1: 2}), "Map"),
        ({1}, "Set"),
        (RegExp("/a/"), "RegExp"),
        (Url("https://a.test/"), "URL"),
        (Fault({"name": "Error", "message": ""}), "Error"),
        (TypedArray("Uint8Array", [1]), "Uint8Array"),
    ],
)
def test_types_of_javascript_are_no_text(value: Any, name: str):
    """As Zod calls each, whatever it looks like when it is written."""
    with pytest.raises(InvalidInputError) as caught:
        read_input(value, str)

    assert caught.value.issues[0]["message"] == (
        f"Invalid input: expected string, received {name}"
    )
