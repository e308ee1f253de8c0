"""What breaks the rules of a msgspec type, told as Zod 4 tells it to Homarr's clients.

msgspec is fast and stops at the first mistake. Only when it has found one is the value
looked through again, here, for all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from msgspec import inspect

from dashboard.inputs import Check
from dashboard.issues import words
from dashboard.issues.options import as_written, note_options
from dashboard.issues.words import Issue, Path
from dashboard.superjson import UNDEFINED

__all__ = ["Issue", "find_issues"]

#: More of them help nobody.
MAX_ISSUES = 100

#: What Zod expects where msgspec has a type without rules of its own.
_PLAIN: tuple[tuple[type[inspect.Type], type | tuple[type, ...], str], ...] = (
    (inspect.StrType, str, "string"),
    (inspect.FloatType, (int, float), "number"),
    (inspect.BoolType, bool, "boolean"),
    (inspect.DateTimeType, datetime, "date"),
    (inspect.BytesType, bytes, "file"),
    (inspect.NoneType, type(None), "null"),
)
_ARRAYS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.CollectionType,
    inspect.VarTupleType,
)


def find_issues(value: Any, type_: Any) -> list[Issue]:
    """Return Zod's issues of a value, in the order of the type's members.

    Each has code, path (names and indices from the root), message, and what its code
    brings along. UNDEFINED is a value that is not there at all.
    """
    issues = list(islice(_look(value, _inspect(type_), []), MAX_ISSUES))
    return issues or _find_other(value, type_)


@lru_cache(maxsize=256)
def _inspect(type_: Any) -> inspect.Type:
    note_options(type_)
    return inspect.type_info(type_)


def _find_other(value: Any, type_: Any) -> list[Issue]:
    """What only msgspec itself can tell, as of a type that has its own hook."""
    try:
        msgspec.convert(None if value is UNDEFINED else value, type_)
    except msgspec.ValidationError as error:
        return [{"code": "custom", "path": [], "message": str(error)}]

    return []


def _look(value: Any, type_: inspect.Type, path: Path) -> Iterator[Issue]:
    checks: tuple[Check, ...] = ()
    if isinstance(type_, inspect.Metadata):
        checks = (type_.extra or {}).get("checks", ())
        type_ = type_.type

    if isinstance(type_, inspect.UnionType):
        yield from _look_at_union(value, type_, path)
    elif isinstance(type_, inspect.StructType):
        yield from _look_at_struct(value, type_, path)
    elif isinstance(type_, inspect.DictType):
        yield from _look_at_dict(value, type_, path)
    elif isinstance(type_, _ARRAYS):
        yield from _look_at_array(value, type_, path)
    elif isinstance(type_, (inspect.LiteralType, inspect.EnumType)):
        yield from _look_at_options(value, type_, path)
    elif isinstance(type_, inspect.IntType):
        yield from _look_at_int(value, type_, path)
    elif isinstance(type_, inspect.StrType) and isinstance(value, str):
        yield from _check_text(value, type_, path, checks)
    else:
        yield from _look_at_plain(value, type_, path)


def _look_at_struct(
    value: Any, type_: inspect.StructType, path: Path
) -> Iterator[Issue]:
    if isinstance(value, type_.cls):
        return  # made here, as the files of a form are

    if not isinstance(value, Mapping):
        yield words.wrong_type("object", value, path)
        return

    for field in type_.fields:
        name = field.encode_name
        if name in value or field.required:
            yield from _look(value.get(name, UNDEFINED), field.type, [*path, name])

    if type_.forbid_unknown_fields:
        known = {field.encode_name for field in type_.fields} | {type_.tag_field}
        strange = [str(name) for name in value if name not in known]
        if strange:
            yield words.strange_names(strange, path)


def _look_at_dict(value: Any, type_: inspect.DictType, path: Path) -> Iterator[Issue]:
    if not isinstance(value, Mapping):
        yield words.wrong_type("record", value, path)
        return

    yield from _check_length(value, type_, path, origin="object", unit="keys")
    for name, member in value.items():
        issues = list(_look(name, type_.key_type, []))
        if issues:
            yield words.wrong_key(issues, [*path, name])

        yield from _look(member, type_.value_type, [*path, name])


def _look_at_array(value: Any, type_: Any, path: Path) -> Iterator[Issue]:
    if not isinstance(value, (list, tuple, set, frozenset)):
        yield words.wrong_type("array", value, path)
        return

    for index, member in enumerate(value):
        yield from _look(member, type_.item_type, [*path, index])

    yield from _check_length(value, type_, path, origin="array", unit="items")


def _look_at_options(
    value: Any, type_: inspect.LiteralType | inspect.EnumType, path: Path
) -> Iterator[Issue]:
    if isinstance(type_, inspect.EnumType):
        options = [one.value for one in type_.cls]
    else:
        options = as_written(type_.values)

    # True is 1 for Python, and no option of that name for a client.
    if not any(value == one and type(value) is type(one) for one in options):
        yield words.not_an_option(options, path)


def _look_at_int(value: Any, type_: inspect.IntType, path: Path) -> Iterator[Issue]:
    if not _is_number(value):
        yield words.wrong_type("number", value, path)
    elif isinstance(value, float) and not value.is_integer():
        issue = words.wrong_type("int", value, path)
        yield {"expected": "int", "format": "safeint", **issue}
    else:
        yield from _check_bounds(value, type_, path)


def _look_at_plain(value: Any, type_: inspect.Type, path: Path) -> Iterator[Issue]:
    for kind, accepted, expected in _PLAIN:
        if not isinstance(type_, kind):
            continue

        is_number = expected == "number"
        fits = _is_number(value) if is_number else isinstance(value, accepted)
        if not fits:
            yield words.wrong_type(expected, value, path)
        elif isinstance(type_, inspect.FloatType):
            yield from _check_bounds(value, type_, path)


def _look_at_union(value: Any, type_: inspect.UnionType, path: Path) -> Iterator[Issue]:
    others = [one for one in type_.types if not isinstance(one, inspect.NoneType)]
    if value is None and len(others) < len(type_.types):
        return

    if len(others) == 1:
        # Optional or nullable: what is wrong is told of the type itself.
        yield from _look(value, others[0], path)
        return

    tagged = [one for one in others if isinstance(one, inspect.StructType) and one.tag]
    if len(tagged) == len(others):
        yield from _look_at_tagged(value, tagged, path)
        return

    found = [list(_look(value, one, [])) for one in others]
    if all(found):
        yield words.no_member_fits(found, path)


def _look_at_tagged(
    value: Any, types: list[inspect.StructType], path: Path
) -> Iterator[Issue]:
    if not isinstance(value, Mapping):
        yield words.wrong_type("object", value, path)
        return

    name = str(types[0].tag_field)
    for one in types:
        if one.tag == value.get(name):
            yield from _look_at_struct(value, one, path)
            return

    yield words.no_such_tag(name, path)


def _check_text(
    value: str, type_: inspect.StrType, path: Path, checks: tuple[Check, ...]
) -> Iterator[Issue]:
    yield from _check_length(value, type_, path, origin="string", unit="characters")
    if type_.pattern is None or _compile(type_.pattern)(value):
        return

    broken = [one for one in checks if not _compile(one.pattern)(value)]
    for check in broken or checks[:1]:
        yield words.failed(check, path)

    if not checks:
        yield words.wrong_pattern(type_.pattern, path)


def _check_length(
    value: Any, type_: Any, path: Path, *, origin: str, unit: str
) -> Iterator[Issue]:
    size = len(value)
    if type_.min_length is not None and size < type_.min_length:
        yield words.too_small(origin, type_.min_length, path, unit=unit)

    if type_.max_length is not None and size > type_.max_length:
        yield words.too_big(origin, type_.max_length, path, unit=unit)


def _check_bounds(value: float, type_: Any, path: Path) -> Iterator[Issue]:
    if type_.ge is not None and value < type_.ge:
        yield words.too_small("number", type_.ge, path)

    if type_.gt is not None and value <= type_.gt:
        yield words.too_small("number", type_.gt, path, inclusive=False)

    if type_.le is not None and value > type_.le:
        yield words.too_big("number", type_.le, path)

    if type_.lt is not None and value >= type_.lt:
        yield words.too_big("number", type_.lt, path, inclusive=False)


def _is_number(value: Any) -> bool:
    # A whole one may be too large for a float.
    if isinstance(value, int):
        return not isinstance(value, bool)

    return isinstance(value, float) and math.isfinite(value)


@lru_cache(maxsize=64)
def _compile(pattern: str) -> Callable[[str], Any]:
    return re.compile(pattern).search
