"""What a request gives the procedure: its body or its query, and parts of its path.

Texts of an address become the numbers and booleans that the input wants. JSON has no
dates, so a text becomes one wherever the input wants one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import inspect
from quart import Request

from dashboard.errors import ProcedureError
from dashboard.superjson import UNDEFINED
from dashboard.trpc.procedure import Procedure

_BODILESS = frozenset({"GET", "DELETE"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_LISTS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
)

Read = Callable[[Any, inspect.Type], Any]


async def read_given(
    request: Request, procedure: Procedure, members: Mapping[str, str]
) -> Any:
    """Read the input of a procedure, not checked yet; UNDEFINED where it takes none.

    `members` are those that stand in the path; they go before all others. Raises
    ProcedureError for a body that is no JSON, and Quart's errors for one that is too
    large or too slow.
    """

    has_body = request.method not in _BODILESS
    if has_body:
        _check_type(request.headers.get("Content-Type"), request.mimetype)

    if procedure.input is None:
        return UNDEFINED

    types = list_members(procedure.input)
    in_path = _convert(members, types, read_text)
    if has_body:
        data = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        body = _parse(data, optional=types.keys() <= members.keys())
        if not isinstance(body, dict):
            # Nothing of it would be used: that it fails tells the sender.
            return body

        return {**_convert(body, types, _read_date), **in_path}

    query = {
        name: values[0] if len(values) == 1 else values
        for name, values in request.args.lists()
    }
    return {**_convert(query, types, read_text), **in_path}


def list_members(type_: Any) -> dict[str, inspect.Type]:
    """The types of an input's members by their names on the wire; of others, none."""

    for one in _alternatives(inspect.type_info(type_)):
        if isinstance(one, inspect.StructType):
            return {field.encode_name: field.type for field in one.fields}

    return {}


def read_text(value: Any, type_: inspect.Type) -> Any:
    """Turn the text of an address into what is wanted; itself where it is none."""

    if isinstance(type_, inspect.Metadata):
        type_ = type_.type

    if isinstance(type_, inspect.UnionType):
        return _read_union(value, type_)

    if isinstance(type_, _LISTS):
        values = value if isinstance(value, list) else [value]
        return [read_text(one, type_.item_type) for one in values]

    if not isinstance(value, str):
        return value

    if isinstance(type_, inspect.BoolType):
        return _BOOLEANS.get(value.lower(), value)

    if isinstance(type_, inspect.IntType):
        return int(value) if _INTEGER.fullmatch(value) else value

    if isinstance(type_, inspect.FloatType):
        return _read_float(value)

    if isinstance(type_, inspect.LiteralType):
        return next((one for one in type_.values if str(one) == value), value)

    return _read_date(value, type_)


def _read_union(value: Any, type_: inspect.UnionType) -> Any:
    if any(isinstance(one, inspect.StrType) for one in _alternatives(type_)):
        return value

    for one in type_.types:
        read = read_text(value, one)
        if read is not value:
            return read

    return value


def _read_float(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text

    return number if math.isfinite(number) else text


def _read_date(value: Any, type_: inspect.Type) -> Any:
    kinds = _alternatives(type_)
    if not isinstance(value, str) or not any(
        isinstance(one, inspect.DateTimeType) for one in kinds
    ):
        return value

    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return value

    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _alternatives(type_: inspect.Type) -> tuple[inspect.Type, ...]:
    if isinstance(type_, inspect.Metadata):
        return _alternatives(type_.type)

    if isinstance(type_, inspect.UnionType):
        return tuple(kind for one in type_.types for kind in _alternatives(one))

    return (type_,)


def _convert(
    values: Mapping[str, Any], types: Mapping[str, inspect.Type], read: Read
) -> dict[str, Any]:
    return {
        name: read(value, types[name]) if name in types else value
        for name, value in values.items()
    }


def _check_type(content_type: str | None, media_type: str) -> None:
    # Homarr takes a body without a type for JSON.
    if content_type and media_type != "application/json":
        # The missing quote is trpc-to-openapi's.
        raise ProcedureError(
            "UNSUPPORTED_MEDIA_TYPE", f'Unsupported content-type "{content_type}'
        )


def _parse(body: bytes, *, optional: bool) -> Any:
    if not body and optional:
        # All that is wanted stands in the path.
        return {}

    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise ProcedureError("PARSE_ERROR", "Failed to parse request body") from error
