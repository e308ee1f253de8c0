"""The OpenAPI document: every address, made from the procedures' own declarations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from quart import Response

from services.web.rest.addresses import ROUTERS, Address, list_addresses
from services.web.rest.examples import EXAMPLES
from services.web.rest.inputs import list_members
from services.web.rest.outputs import OUTPUTS
from services.web.visit import Visit

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/"
_JSON = "application/json"
_BODILESS = {"GET", "DELETE"}
#: Stands in for our own address in the document that is kept.
_NOWHERE = b"http://nowhere.invalid"
#: Flags that JavaScript does not read, and halves of characters.
_ONLY_OURS = re.compile(r"^\(\?i\)|\\ud8")
_HOST = re.compile(r"[0-9A-Za-z._:\[\]-]{1,255}")
#: What each refusal is called; the first five in the words of Homarr's document.
_ERRORS = {
    400: "Invalid input data",
    401: "Authorization not provided",
    403: "Insufficient access",
    404: "Not found",
    500: "Internal server error",
    408: "The request came too slowly, or the answer took too long",
    409: "The name is taken",
    413: "The body is too large",
    415: "The body says that it is no JSON",
    429: "Too many wrong keys, or too much at once",
    503: "The database is busy, or has no room",
}
#: Refusals that say in how many seconds it is worth another try.
_PASSING = {429, 503}
#: They take a name that nobody else may have.
_NAMING = {
    "board.createBoard",
    "board.duplicateBoard",
    "board.renameBoard",
    "user.create",
    "user.editProfile",
}
_ERROR_SCHEMA: Schema = {
    "type": "object",
    "required": ["message", "code"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "string", "examples": ["NOT_FOUND"]},
        "data": {"type": "object"},
        "issues": {
            "type": "array",
            "description": "What is wrong with the input.",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {"message": {"type": "string"}},
            },
        },
    },
}


async def describe(visit: Visit) -> Response:
    """Return the document, with the address that its reader asked."""

    host = visit.peer.host or visit.request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        host = "localhost"

    scheme = "https" if visit.peer.secure else "http"
    return Response(
        _encode().replace(_NOWHERE, f"{scheme}://{host}".encode()),
        content_type=_JSON,
        headers={"Cache-Control": "private, no-cache"},
    )


@lru_cache(maxsize=1)
def _encode() -> bytes:
    # 50 KB that are kept, so that nobody can make us spend 7 ms each time.
    return msgspec.json.encode(build_document(_NOWHERE.decode()))


def build_document(base_url: str) -> dict[str, Any]:
    """Describe all addresses; loads the routers that declare them."""

    addresses = [one for router in ROUTERS.values() for one in list_addresses(router)]
    inputs = [one.procedure.input for one in addresses if one.procedure.input]
    outputs = [OUTPUTS[one.path] for one in addresses if one.path in OUTPUTS]
    schemas, components = msgspec.json.schema_components(
        [*inputs, *outputs], ref_template=_REFERENCE + "{name}"
    )
    schemas, components = _make_portable([schemas, components])
    given = dict(zip(map(id, inputs), schemas, strict=False))
    returned = dict(zip(map(id, outputs), schemas[len(inputs) :], strict=True))

    paths: dict[str, dict[str, Any]] = {}
    used: set[str] = set()
    for address in addresses:
        operation = _describe(address, given, returned, components)
        path = "/api/" + "/".join(address.names)
        paths.setdefault(path, {})[address.method.lower()] = operation

    _collect(paths, components, used)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Oneroof API documentation", "version": "1.0.0"},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": {
                "Error": _ERROR_SCHEMA,
                **{name: components[name] for name in sorted(used)},
            },
            "responses": {str(code): _describe_error(code) for code in sorted(_ERRORS)},
            "securitySchemes": {
                "apikey": {
                    "type": "apiKey",
                    "name": "ApiKey",
                    "in": "header",
                    "description": "An API key that an administrator has made.",
                }
            },
        },
    }


def _describe(
    address: Address,
    given: Mapping[int, Schema],
    returned: Mapping[int, Schema],
    components: Mapping[str, Schema],
) -> dict[str, Any]:
    procedure = address.procedure
    operation: dict[str, Any] = {
        "operationId": address.path.replace(".", "-"),
        "tags": [address.names[0]],
        "security": [{"apikey": []}],
    }
    if about := inspect.getdoc(procedure.function):
        operation["summary"] = about.partition("\n")[0]

    if procedure.input is not None:
        members, optional = _read_members(given[id(procedure.input)], components)
        operation |= _describe_input(address, members, optional=optional)

    ok: dict[str, Any] = {"description": "Successful response"}
    if address.path in OUTPUTS:
        ok["content"] = {_JSON: {"schema": returned[id(OUTPUTS[address.path])]}}

    operation["responses"] = {"200": ok} | {
        str(code): {"$ref": f"#/components/responses/{code}"}
        for code in sorted(_list_errors(address))
    }
    return operation


def _list_errors(address: Address) -> set[int]:
    codes = {401, 403, 408, 429, 500, 503}
    if address.procedure.input is not None:
        codes.add(400)
        members = list_members(address.procedure.input)
        if any(name.lower().endswith("id") for name in members):
            codes.add(404)  # it may be gone

    if address.method not in _BODILESS:
        codes |= {413, 415}

    return codes | {409} if address.path in _NAMING else codes


def _describe_error(code: int) -> dict[str, Any]:
    headers = {
        "Retry-After": {
            "description": "Seconds until it is worth another try.",
            "schema": {"type": "integer", "minimum": 1},
        }
    }
    return {
        "description": _ERRORS[code],
        **({"headers": headers} if code in _PASSING else {}),
        "content": {_JSON: {"schema": {"$ref": _REFERENCE + "Error"}}},
    }


def _describe_input(
    address: Address, members: Schema, *, optional: bool
) -> dict[str, Any]:
    in_path = [name[1:-1] for name in address.names if name[0] == "{"]
    properties: Mapping[str, Schema] = members["properties"]
    required = [] if optional else members.get("required", [])
    has_body = address.method not in _BODILESS
    parameters = [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in required,
            "schema": schema,
            **_exemplify(EXAMPLES.get(name)),
        }
        for name, schema in properties.items()
        if name in in_path or not has_body
    ]
    described: dict[str, Any] = {"parameters": parameters} if parameters else {}
    rest = {name: one for name, one in properties.items() if name not in in_path}
    if has_body and rest:
        schema: Schema = {"type": "object", "properties": rest}
        if needed := [name for name in required if name in rest]:
            schema["required"] = needed

        described["requestBody"] = {
            "required": not optional,
            "content": {
                _JSON: {
                    "schema": schema,
                    **_exemplify({n: EXAMPLES[n] for n in rest if n in EXAMPLES}),
                }
            },
        }

    return described


def _exemplify(example: Any) -> dict[str, Any]:
    return {} if example is None else {"example": example}


def _read_members(
    schema: Schema, components: Mapping[str, Schema]
) -> tuple[Schema, bool]:
    """The object that an input is, and whether it may be left out."""

    kinds = schema.get("anyOf", [schema])
    (reference,) = (one["$ref"] for one in kinds if "$ref" in one)
    return components[reference.removeprefix(_REFERENCE)], len(kinds) > 1


def _collect(value: Any, components: Mapping[str, Schema], used: set[str]) -> None:
    """Add the names of the components that something refers to, and theirs."""

    if isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix(_REFERENCE)
        if name in components and name not in used:
            used.add(name)
            _collect(components[name], components, used)

        for one in value.values():
            _collect(one, components, used)

    elif isinstance(value, list):
        for one in value:
            _collect(one, components, used)


def _make_portable(value: Any) -> Any:
    """The same with patterns that JavaScript reads, and without those of our own."""

    if isinstance(value, dict):
        return {
            name: one.replace(r"\Z", "$")
            if name == "pattern" and isinstance(one, str)
            else _make_portable(one)
            for name, one in value.items()
            if not (name == "pattern" and _ONLY_OURS.search(str(one)))
        }

    if isinstance(value, list | tuple):
        return [_make_portable(one) for one in value]

    return value
