"""Zod 4's issues: their members, in its order, and its English words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from dashboard import javascript
from dashboard.inputs import Check
from dashboard.superjson import UNDEFINED

Issue = dict[str, Any]
Path = list[str | int]


def too_small(
    origin: str, bound: float, path: Path, *, unit: str = "", inclusive: bool = True
) -> Issue:
    """Less than a bound, or shorter: `unit` is what is counted then."""
    sign = ">=" if inclusive else ">"
    verb, end = ("to have", f" {unit}") if unit else ("to be", "")
    return {
        "origin": origin,
        "code": "too_small",
        "minimum": bound,
        "inclusive": inclusive,
        "path": path,
        "message": f"Too small: expected {origin} {verb} {sign}{_spell(bound)}{end}",
    }


def too_big(
    origin: str, bound: float, path: Path, *, unit: str = "", inclusive: bool = True
) -> Issue:
    """More than a bound, or longer."""
    sign = "<=" if inclusive else "<"
    verb, end = ("to have", f" {unit}") if unit else ("to be", "")
    return {
        "origin": origin,
        "code": "too_big",
        "maximum": bound,
        "inclusive": inclusive,
        "path": path,
        "message": f"Too big: expected {origin} {verb} {sign}{_spell(bound)}{end}",
    }


def wrong_type(expected: str, value: Any, path: Path) -> Issue:
    """Something else than is expected; `expected` in Zod's words."""
    # Numbers that JSON has not are told by name.
    number = isinstance(value, float) and not math.isfinite(value)
    received = {"received": _spell(value)} if number and expected == "number" else {}
    return {
        "expected": expected,
        "code": "invalid_type",
        **received,
        "path": path,
        "message": f"Invalid input: expected {expected}, received {_name(value)}",
    }


def not_an_option(options: list[Any], path: Path) -> Issue:
    """None of the values that there are."""
    texts = [msgspec.json.encode(one).decode() for one in options]
    return {
        "code": "invalid_value",
        "values": options,
        "path": path,
        "message": f"Invalid input: expected {texts[0]}"
        if len(texts) == 1
        else f"Invalid option: expected one of {'|'.join(texts)}",
    }


def wrong_pattern(pattern: str, path: Path) -> Issue:
    """A text that a regular expression does not match."""
    shown = f"/{pattern.replace(chr(92) + 'Z', '$')}/"
    return {
        "origin": "string",
        "code": "invalid_format",
        "format": "regex",
        "pattern": shown,
        "path": path,
        "message": f"Invalid string: must match pattern {shown}",
    }


def failed(check: Check, path: Path) -> Issue:
    """A text that breaks a rule of Homarr's behind a pattern of ours."""
    return {**check.issue, "path": path, "message": check.message}


def wrong_key(issues: list[Issue], path: Path) -> Issue:
    """A name in a record that breaks the rules of names; `path` leads to it."""
    return {
        "code": "invalid_key",
        "origin": "record",
        "issues": issues,
        "path": path,
        "message": "Invalid key in record",
    }


def no_member_fits(errors: list[list[Issue]], path: Path) -> Issue:
    """None of a union's types; `errors` has the issues of each."""
    return {
        "code": "invalid_union",
        "errors": errors,
        "path": path,
        "message": "Invalid input",
    }


def no_such_tag(name: str, path: Path) -> Issue:
    """None of a union's types has this tag."""
    return {
        "code": "invalid_union",
        "errors": [],
        "note": "No matching discriminator",
        "discriminator": name,
        "path": [*path, name],
        "message": "Invalid input",
    }


def strange_names(names: list[str], path: Path) -> Issue:
    """Members that there may not be."""
    listed = ", ".join(f'"{name}"' for name in names)
    word = "key" if len(names) == 1 else "keys"
    return {
        "code": "unrecognized_keys",
        "keys": names,
        "path": path,
        "message": f"Unrecognized {word}: {listed}",
    }


def _name(value: Any) -> str:
    """What JavaScript calls a value's type."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"

    names: tuple[tuple[Any, str], ...] = (
        (type(UNDEFINED), "undefined"),
        (type(None), "null"),
        (bool, "boolean"),
        (javascript.BigInt, "bigint"),
        ((int, float), "number"),
        (str, "string"),
        (datetime, "Date"),
        (javascript.Map, "Map"),
        (javascript.RegExp, "RegExp"),
        (javascript.Url, "URL"),
        (javascript.Fault, "Error"),
        (Mapping, "object"),
        ((set, frozenset), "Set"),
        ((list, tuple), "array"),
    )
    if isinstance(value, javascript.TypedArray):
        return value.kind

    return next((name for kind, name in names if isinstance(value, kind)), "File")


def _spell(number: float) -> str:
    """A number as JavaScript writes it."""
    if math.isnan(number):
        return "NaN"

    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"

    return str(int(number)) if float(number).is_integer() else repr(number)
