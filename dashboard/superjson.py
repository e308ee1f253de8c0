"""SuperJSON 2, the JSON with types that Homarr stores and sends.

All of its types are read and written, those that Python lacks as `dashboard.javascript`
has them; in a set, and as keys of a map, Python takes 1 and true for one. What is
stored is changed with `merge`, which keeps what it does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from dashboard import javascript

__all__ = ["UNDEFINED", "decode", "encode", "merge"]

VERSION = 1

_ATOMS = (bool, int, str)


class _Undefined:
    """JavaScript's undefined, where None (null) is not the same thing."""

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = _Undefined()


def encode(value: Any) -> bytes:
    """Render a value of plain Python types, datetimes, sets, UNDEFINED or JavaScript's.

    Raises TypeError for another type and ValueError for a datetime without a zone.
    """
    plain, tree = _plain(value)
    document: dict[str, Any] = {"json": plain}
    if tree is not None:
        document["meta"] = {"values": tree, "v": VERSION}

    return msgspec.json.encode(document)


def decode(document: bytes | str) -> Any:
    """Read a document; undefined becomes None, and in an object an absent key.

    Raises ValueError when the text is no JSON or has no member "json". Annotations that
    do not fit the value are passed over.
    """
    value, meta = _read(document)
    if not meta:
        return value

    # A holder for the root, so that an annotation always has a place to write to.
    holder = [value]
    removed: list[tuple[dict[str, Any], str]] = []
    legacy = not isinstance(meta.get("v"), int)
    _restore(holder, [0], meta.get("values"), removed, legacy=legacy)
    for owner, key in removed:
        owner.pop(key, None)

    return holder[0]


def merge(document: bytes | str, changes: Mapping[str, Any]) -> str:
    """Set members of the object in a stored document, and leave the others alone.

    A document that is not an object's is replaced.
    """
    try:
        value, meta = _read(document)
    except ValueError:
        value, meta = {}, {}

    if not isinstance(value, dict):
        value, meta = {}, {}

    legacy = not isinstance(meta.get("v"), int)
    values = meta.get("values")
    trees: dict[str, Any] = {}
    for path, tree in values.items() if isinstance(values, dict) else ():
        steps = _split(path, legacy=legacy)
        if steps[0] not in changes:
            trees[".".join(map(_escape, steps))] = tree

    plain, changed_trees = _plain(changes)
    value.update(plain)
    if changed_trees is not None:
        trees.update(changed_trees)

    merged: dict[str, Any] = {"json": value}
    if trees:
        merged["meta"] = {"values": trees, "v": VERSION}

    return msgspec.json.encode(merged).decode()


def _read(document: bytes | str) -> tuple[Any, dict[str, Any]]:
    try:
        outer = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not a JSON text: {error}") from error

    if not isinstance(outer, dict) or "json" not in outer:
        raise ValueError('not a SuperJSON document: the member "json" is missing')

    meta = outer.get("meta")
    return outer["json"], meta if isinstance(meta, dict) else {}


def _plain(value: Any) -> tuple[Any, Any]:
    """The JSON value, and its tree: None, [tag], [tag, children] or children."""
    if value is None or type(value) in _ATOMS:
        return value, None

    if isinstance(value, javascript.Value):
        plain, tree = _plain(value.content)
        return plain, [value.tag, tree] if tree else [value.tag]

    if isinstance(value, float):
        return _plain_float(value)

    if isinstance(value, Mapping):
        pairs = [(_key(key), child) for key, child in value.items()]
        members, tree = _plain_members(pairs)
        return dict(members), tree or None

    if isinstance(value, (list, tuple, set, frozenset)):
        members, tree = _plain_members([(str(i), v) for i, v in enumerate(value)])
        plain = [child for _, child in members]
        if isinstance(value, (set, frozenset)):
            return plain, ["set", tree] if tree else ["set"]

        return plain, tree or None

    if isinstance(value, datetime):
        return _plain_date(value), ["Date"]

    if value is UNDEFINED:
        return None, ["undefined"]

    if isinstance(value, (int, str)):  # of a type that has a name for some of them
        return value, None

    raise TypeError(f"cannot encode {type(value).__name__} as SuperJSON")


def _plain_members(
    members: list[tuple[str, Any]],
) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    plain: list[tuple[str, Any]] = []
    tree: dict[str, Any] = {}
    for key, value in members:
        child, subtree = _plain(value)
        plain.append((key, child))
        if isinstance(subtree, dict):
            for path, leaf in subtree.items():
                tree[f"{_escape(key)}.{path}"] = leaf

        elif subtree is not None:
            tree[_escape(key)] = subtree

    return plain, tree


def _plain_float(value: float) -> tuple[Any, Any]:
    if math.isnan(value):
        return "NaN", ["number"]

    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity", ["number"]

    if value == 0 and math.copysign(1, value) < 0:
        return "-0", ["number"]

    return value, None


def _plain_date(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a datetime needs a time zone to be encoded")

    text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"cannot encode a key of type {type(key).__name__}")

    return key


def _restore(
    holder: Any,
    origin: list[Any],
    tree: Any,
    removed: list[tuple[dict[str, Any], str]],
    *,
    legacy: bool,
) -> None:
    """Apply a tree of annotations below `origin`, the children before their parent."""
    children = tree
    if isinstance(tree, list):
        children = tree[1] if len(tree) > 1 else None

    if isinstance(children, dict):
        for path, subtree in children.items():
            steps = [*origin, *_split(path, legacy=legacy)]
            _restore(holder, steps, subtree, removed, legacy=legacy)

    if isinstance(tree, list) and tree:
        _restore_one(holder, origin, tree[0], removed)


def _restore_one(
    holder: Any, steps: list[Any], tag: Any, removed: list[tuple[dict[str, Any], str]]
) -> None:
    owner = holder
    try:
        for step in steps[:-1]:
            owner = owner[int(step)] if isinstance(owner, list) else owner[step]

        last: Any = int(steps[-1]) if isinstance(owner, list) else steps[-1]
        value = owner[last]
        if tag == "undefined" and isinstance(owner, dict):
            # Later: other annotations may still lead through here.
            removed.append((owner, last))
        else:
            owner[last] = _typed(tag, value)
    except (LookupError, TypeError, ValueError):
        # A document from elsewhere whose annotation does not fit: its plain value
        # is the best that there is.
        return


def _typed(tag: Any, value: Any) -> Any:
    match tag:
        case ["typed-array", str(kind)] if isinstance(value, list):
            return javascript.TypedArray(kind, value)
        case str() if tag in _MAKERS:
            expected, make = _MAKERS[tag]
            return make(value) if isinstance(value, expected) else value
        case _:
            return value


def _make_date(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


#: By its tag, what a type is written as, and what makes a value of that.
_MAKERS: dict[str, tuple[type, Callable[[Any], Any]]] = {
    "undefined": (object, lambda _: None),
    "Date": (str, _make_date),
    "number": (str, float),
    "bigint": (str, javascript.BigInt),
    "set": (list, set),  # of objects it is none: they stay a list
    "map": (list, javascript.Map),
    "regexp": (str, javascript.RegExp),
    "URL": (str, javascript.Url),
    "Error": (dict, javascript.Fault),
}


def _escape(key: str) -> str:
    return key.replace("\\", "\\\\").replace(".", "\\.")


def _split(path: str, *, legacy: bool) -> list[str]:
    """Split a path at its dots; before version 1 a backslash stood for itself."""
    steps = [""]
    characters = iter(enumerate(path))
    for index, character in characters:
        following = path[index + 1 : index + 2]
        if character == "\\" and (
            following == "." or (following == "\\" and not legacy)
        ):
            steps[-1] += following
            next(characters)
        elif character == ".":
            steps.append("")
        else:
            steps[-1] += character

    return steps
