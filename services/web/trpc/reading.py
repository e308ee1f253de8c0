"""Reads a request's calls: which procedures are asked for, and with what.

What is wrong with the request as a whole is raised; what is wrong with one call's
input stays with that call, so that the others of its batch are answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from quart import Request

from dashboard.errors import ProcedureError
from dashboard.superjson import UNDEFINED
from dashboard.trpc import Procedure, find_procedure, read_given

#: Homarr's browsers keep to URLs of 2083 characters, which hold about 25 calls.
MAX_CALLS = 64
MAX_PATHS_LENGTH = 4096

#: Where files go, and how large the body may be there, all of its files together.
UPLOADS = {
    "/api/trpc/media.uploadMedia": 64 * 1024 * 1024,
    "/api/trpc/board.importOldmarrConfig": 2 * 1024 * 1024,
}

logger = logging.getLogger(__name__)

_JSON = "application/json"
_FORM = "multipart/form-data"
_STREAM = "application/jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a request."""

    path: str
    #: None where there is no such procedure.
    procedure: Procedure | None
    #: The input as SuperJSON was read, or why it could not be.
    given: Any
    #: Why there is none of a procedure that should be there.
    fault: ProcedureError | None = None
    #: Receives the files that are the input, once it is known that they may be sent.
    upload: Callable[[], AbstractAsyncContextManager[Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for."""

    method: str
    calls: tuple[Call, ...]
    #: The answer is an array, or a stream of lines, and not a single object.
    batch: bool
    #: Results go out line by line, as they come.
    stream: bool

    @property
    def subscribes(self) -> bool:
        """Say whether the client expects a stream of events."""

        procedure = self.calls[0].procedure
        return (
            not self.batch
            and procedure is not None
            and procedure.kind == "subscription"
            and self.method == "GET"
        )

    @property
    def secret(self) -> bool:
        """Say whether some result holds a secret."""

        return any(
            call.procedure is not None and call.procedure.secret for call in self.calls
        )


async def read_calls(request: Request, paths: str, storing: asyncio.Lock) -> Asked:
    """Read the calls of a request; raises ProcedureError in tRPC's words.

    `storing` is for files, so that those of one request at a time are in memory.
    RequestEntityTooLarge and RequestTimeout come from the body, as everywhere.
    """

    _check_content_type(request)
    batch = request.args.get("batch") == "1"
    # Two, as tRPC's fetch adapter cuts a slash off twice.
    path = paths.removesuffix("/").removesuffix("/")
    names = path.split(",") if batch else [path]
    if len(names) > MAX_CALLS or len(paths) > MAX_PATHS_LENGTH:
        raise ProcedureError(
            "BAD_REQUEST", f"More than {MAX_CALLS} calls, or too long a path"
        )

    found = [_find(name) for name in names]
    procedures = [one if isinstance(one, Procedure) else None for one in found]
    _check_kinds(procedures)
    stream = _read_accept(request) == _STREAM
    if stream and not batch:
        raise ProcedureError(
            "BAD_REQUEST",
            "Streaming requests must be batched (you can do a batch of 1)",
        )

    if request.method == "POST" and request.mimetype == _FORM:
        calls = [_read_form(request, names, procedures, storing)]
    else:
        inputs = await _read_inputs(request, procedures, batch=batch)
        calls = [
            Call(
                path=name,
                procedure=one if isinstance(one, Procedure) else None,
                fault=one if isinstance(one, ProcedureError) else None,
                given=given,
            )
            for name, one, given in zip(names, found, inputs, strict=True)
        ]

    return Asked(
        method=request.method,
        calls=tuple(calls),
        batch=batch,
        stream=stream,
    )


def _read_accept(request: Request) -> str | None:
    asked = request.headers.get("trpc-accept")
    if asked is not None:
        return asked

    # As newer clients may ask: there it has to stand by itself, without parameters.
    kinds = request.headers.get("Accept", "").split(",")
    return _STREAM if _STREAM in {kind.strip() for kind in kinds} else None


def _find(name: str) -> Procedure | ProcedureError | None:
    try:
        return find_procedure(name)
    except (Exception, SystemExit):
        # The file of its router cannot be imported: other calls do not need it.
        logger.exception("procedure %r cannot be loaded", name)
        return ProcedureError("INTERNAL_SERVER_ERROR")


def _check_content_type(request: Request) -> None:
    kind = request.headers.get("Content-Type")
    if request.method == "GET" or (kind or "").startswith((_JSON, _FORM)):
        return

    # The missing quotation mark is tRPC's own.
    raise ProcedureError(
        "UNSUPPORTED_MEDIA_TYPE",
        "Missing content-type header"
        if kind is None
        else f'Unsupported content-type "{kind}',
    )


def _check_kinds(procedures: list[Procedure | None]) -> None:
    kinds = {one.kind: None for one in procedures if one is not None}
    if len(kinds) > 1:
        raise ProcedureError(
            "BAD_REQUEST", f"Cannot mix procedure types in call: {', '.join(kinds)}"
        )


def _read_form(
    request: Request,
    names: list[str],
    procedures: list[Procedure | None],
    storing: asyncio.Lock,
) -> Call:
    procedure = procedures[0]
    if len(names) > 1 or (procedure is not None and not procedure.form):
        raise ProcedureError(
            "UNSUPPORTED_MEDIA_TYPE", "Only a call that takes files may be a form"
        )

    # Loaded late: most installations never take a file.
    from services.web.trpc.uploads import open_upload

    return Call(
        path=names[0],
        procedure=procedure,
        given=UNDEFINED,
        upload=partial(open_upload, request, storing),
    )


async def _read_inputs(
    request: Request, procedures: list[Procedure | None], *, batch: bool
) -> list[Any]:
    """The input of each call, or the error that it is answered with."""

    text = await _read_text(request)
    if not batch:
        return [_read_one(text, procedures[0])]

    try:
        texts = msgspec.json.decode(text or b"{}", type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        error = ProcedureError(
            "BAD_REQUEST", '"input" needs to be an object when doing a batch call'
        )
        return [error] * len(procedures)
    except (ValueError, RecursionError) as error:
        refusal = ProcedureError("BAD_REQUEST", f"The input is not JSON: {error}")
        return [refusal] * len(procedures)

    return [
        _read_one(bytes(texts.get(str(index), b"")), procedure)
        for index, procedure in enumerate(procedures)
    ]


async def _read_text(request: Request) -> bytes:
    if request.method == "GET":
        return request.args.get("input", "").encode("utf-8", "surrogatepass")

    body = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    return body if isinstance(body, bytes) else body.encode()


def _read_one(text: bytes, procedure: Procedure | None) -> Any:
    if procedure is not None and procedure.form:
        return ProcedureError(
            "UNSUPPORTED_MEDIA_TYPE", "Send the files as multipart/form-data"
        )

    if not text:
        return UNDEFINED

    try:
        return read_given(text)
    except ProcedureError as error:
        return error
