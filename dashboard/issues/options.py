"""The options of a type in the order in which they were written: msgspec sorts them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import msgspec

_written: dict[frozenset[Any], tuple[Any, ...]] = {}


def note_options(type_: Any) -> None:
    """Look through a type, and through those of its members, for options."""
    _note(type_, set())


def as_written(options: Iterable[Any]) -> list[Any]:
    """The options of a type that was looked through, in their own order."""
    values = tuple(options)
    return list(_written.get(_key(values), values))


def _note(type_: Any, seen: set[Any]) -> None:
    if get_origin(type_) is Literal:
        options = get_args(type_)
        _written.setdefault(_key(options), options)
    elif isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        if type_ not in seen:
            seen.add(type_)
            for field in msgspec.structs.fields(type_):
                _note(field.type, seen)

    else:
        for inner in get_args(type_):
            _note(inner, seen)


def _key(options: Iterable[Any]) -> frozenset[Any]:
    # True and 1 are equal for Python.
    return frozenset((type(one), one) for one in options)
