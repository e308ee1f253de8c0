from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dashboard import superjson
from dashboard.javascript import BigInt, Fault, Map, RegExp, TypedArray, Url
from dashboard.superjson import UNDEFINED

INSTANT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
TEXT = "2026-01-02T03:04:05.678Z"
UNKNOWN = Fault({"name": "TypeError", "message": "x is undefined"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {"json": None}),
        ({"a": [1, "b", True]}, {"json": {"a": [1, "b", True]}}),
        (INSTANT, {"json": TEXT, "meta": {"values": ["Date"], "v": 1}}),
        (
            {"a": {"b": [INSTANT]}},
            {
                "json": {"a": {"b": [TEXT]}},
                "meta": {"values": {"a.b.0": ["Date"]}, "v": 1},
            },
        ),
        (UNDEFINED, {"json": None, "meta": {"values": ["undefined"], "v": 1}}),
        (
            {"a.b": UNDEFINED, "c\\d": INSTANT},
            {
                "json": {"a.b": None, "c\\d": TEXT},
                "meta": {
                    "values": {"a\\.b": ["undefined"], "c\\\\d": ["Date"]},
                    "v": 1,
                },
            },
        ),
        (
            [float("nan"), float("inf"), -float("inf"), -0.0],
            {
                "json": ["NaN", "Infinity", "-Infinity", "-0"],
                "meta": {"values": {str(i): ["number"] for i in range(4)}, "v": 1},
            },
        ),
        (
            {"s": {INSTANT}},
            {
                "json": {"s": [TEXT]},
                "meta": {"values": {"s": ["set", {"0": ["Date"]}]}, "v": 1},
            },
        ),
    ],
)
def test_values_are_encoded_as_the_original_does(value: Any, expected: Any):
    """The bytes are those that a SuperJSON 2.2.6 client reads."""
    assert json.loads(superjson.encode(value)) == expected


def test_a_time_is_encoded_in_utc():
    """JavaScript's dates know no zone."""
    local = INSTANT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert json.loads(superjson.encode(local))["json"] == TEXT


@pytest.mark.parametrize("value", [object(), {1: 2}, b"bytes", datetime(2026, 1, 1)])  # noqa: DTZ001
def test_what_has_no_meaning_in_json_is_refused(value: Any):
    """It is an error of ours, and not stored by halves."""
    with pytest.raises((TypeError, ValueError)):
        superjson.encode(value)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"json": {}}', {}),
        ('{"json":null,"meta":{"values":["undefined"],"v":1}}', None),
        (f'{{"json":"{TEXT}","meta":{{"values":["Date"]}}}}', INSTANT),
        ('{"json":{"a":null,"b":1},"meta":{"values":{"a":["undefined"]}}}', {"b": 1}),
        ('{"json":[null,1],"meta":{"values":{"0":["undefined"]}}}', [None, 1]),
        ('{"json":{"n":"12"},"meta":{"values":{"n":["bigint"]}}}', {"n": 12}),
        ('{"json":"-Infinity","meta":{"values":["number"]}}', float("-inf")),
        (
            '{"json":{"r":"/a/gi"},"meta":{"values":{"r":["regexp"]}}}',
            {"r": RegExp("/a/gi")},
        ),
        (
            (
                f'{{"json":[["k","{TEXT}"]],'
                '"meta":{"values":["map",{"0.1":["Date"]}],"v":1}}'
            ),
            {"k": INSTANT},
        ),
        (
            f'{{"json":{{"a.b":"{TEXT}"}},"meta":{{"values":{{"a\\\\.b":["Date"]}}}}}}',
            {"a.b": INSTANT},
        ),
        # As SuperJSON 2.2.6 wrote new URL(…), new Error("bad") and so on.
        (
            '{"json":{"u":"https://a.test/?y=1"},"meta":{"values":{"u":["URL"]},"v":1}}',
            {"u": Url("https://a.test/?y=1")},
        ),
        (
            (
                '{"json":{"e":{"name":"Error","message":"bad"}},'
                '"meta":{"values":{"e":["Error"]},"v":1}}'
            ),
            {"e": Fault({"name": "Error", "message": "bad"})},
        ),
        (
            f'{{"json":[1,"{TEXT}"],"meta":{{"values":["set",{{"1":["Date"]}}],"v":1}}}}',
            {1, INSTANT},
        ),
        ('{"json":[{"a":1}],"meta":{"values":["set"],"v":1}}', [{"a": 1}]),
        (
            (
                '{"json":{"t":[1,2]},'
                '"meta":{"values":{"t":[["typed-array","Uint8Array"]]},"v":1}}'
            ),
            {"t": TypedArray("Uint8Array", [1, 2])},
        ),
        (
            (
                f'{{"json":{{"m":[["k",[["l","{TEXT}"]]]]}},"meta":{{"values":'
                '{"m":["map",{"0.1":["map",{"0.1":["Date"]}]}]},"v":1}}'
            ),
            {"m": {"k": {"l": INSTANT}}},
        ),
        (
            (
                '{"json":{"a":{"x":1},"b":{"x":1}},'
                '"meta":{"referentialEqualities":{"a":["b"]}}}'
            ),
            {"a": {"x": 1}, "b": {"x": 1}},
        ),
    ],
)
def test_documents_are_decoded(document: str, expected: Any):
    """Every type has its nearest Python value, with and without a version."""
    assert superjson.decode(document) == expected
    assert superjson.decode(document.encode()) == expected


@pytest.mark.parametrize(
    "meta",
    [
        "1",
        "[]",
        '{"values":1}',
        '{"values":[]}',
        '{"values":[1,2]}',
        '{"values":{"a.b.c":["Date"]}}',
        '{"values":{"a":["Date"]}}',
        '{"values":{"a":["map"]}}',
        '{"values":{"a":["set"]}}',
        '{"values":{"a":["URL"]}}',
        '{"values":{"a":["regexp"]}}',
        '{"values":{"a":["Error"]}}',
        '{"values":{"a":["bigint"]}}',
        '{"values":{"a":[["typed-array","Uint8Array"]]}}',
        '{"values":{"a":[["typed-array"]]}}',
        '{"values":{"a":[[]]}}',
        '{"values":{"":["undefined"]}}',
        '{"values":{"a":["unheard-of",{"b":["Date"]}]}}',
        '{"values":{"\\\\":["Date"]},"v":1}',
    ],
)
def test_annotations_that_do_not_fit_are_passed_over(meta: str):
    """A stored document from elsewhere never stops a page."""
    assert superjson.decode(f'{{"json":{{"a":1}},"meta":{meta}}}') == {"a": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"a":1}', '{"json":NaN}'])
def test_what_is_no_document_is_refused(text: str):
    """The error says what is wrong."""
    with pytest.raises(ValueError, match="JSON"):
        superjson.decode(text)


def test_depth_is_an_error_and_not_a_crash():
    """A hundred thousand brackets are answered like any other nonsense."""
    with pytest.raises(ValueError, match="JSON"):
        superjson.decode('{"json":' + "[" * 100_000 + "]" * 100_000 + "}")


def test_values_survive_the_way_there_and_back():
    """What we encode we decode, each number as what it was: an int may be a bigint."""
    value = {
        "a.b": [INSTANT, {"c\\": INSTANT}],
        "d": -0.5,
        "é": "😀\u2028",
        "set": {INSTANT, "x", 1, float("-inf")},
        "map": Map([(INSTANT, [Map([(1, "one")])]), (BigInt(2), UNKNOWN)]),
        "big": [BigInt(2**70), 2**70],
        "numbers": TypedArray("Float64Array", [0.5, 1]),
        "odd": [RegExp("/a.b/gi"), Url("https://a.test/"), UNKNOWN],
    }

    read = superjson.decode(superjson.encode(value))

    assert read == value
    assert [type(one) for one in read["big"]] == [BigInt, int]


def test_nobody_chooses_bigints_of_one_hash():
    """A million of them in a set would hold the loop for minutes."""
    numbers = {BigInt(number * (2**61 - 1)) for number in range(1000)}

    assert len({hash(number) for number in numbers}) > 900
    assert len({BigInt(5), BigInt(5)}) == 1


def test_merge_sets_the_given_members_only():
    """Members that we do not know keep their text and their annotations."""
    stored = json.dumps(
        {
            "json": {"when": TEXT, "pattern": "/a/g", "mine": 1, "gone": TEXT},
            "meta": {
                "values": {
                    "when": ["Date"],
                    "pattern": ["regexp"],
                    "gone": ["Date"],
                },
                "v": 1,
            },
        }
    )
    merged = json.loads(superjson.merge(stored, {"mine": INSTANT, "gone": 2}))

    assert merged == {
        "json": {"when": TEXT, "pattern": "/a/g", "mine": TEXT, "gone": 2},
        "meta": {
            "values": {"when": ["Date"], "pattern": ["regexp"], "mine": ["Date"]},
            "v": 1,
        },
    }


def test_merge_rewrites_paths_of_the_old_form():
    """Before version 1 a backslash in a path stood for itself."""
    stored = json.dumps(
        {"json": {"c\\d": TEXT}, "meta": {"values": {"c\\d": ["Date"]}}}
    )
    merged = superjson.merge(stored, {"a": 1})

    assert superjson.decode(merged) == {"c\\d": INSTANT, "a": 1}


@pytest.mark.parametrize("stored", ["", "{", '{"json":[1]}', '{"json":null}'])
def test_merge_replaces_what_is_no_object(stored: str):
    """There is nothing in it to keep."""
    assert superjson.merge(stored, {"a": 1}) == '{"json":{"a":1}}'
