"""One call of a procedure, from its path to its result or its ProcedureError."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.errors import InvalidInputError, ProcedureError
from dashboard.trpc.failures import as_procedure_error
from dashboard.trpc.procedure import Context, Kind, Procedure
from dashboard.trpc.routers import find_offered
from dashboard.trpc.validation import read_input

__all__ = [
    "admit",
    "call",
    "error_shape",
    "find_procedure",
    "find_topics",
    "read_given",
]

logger = logging.getLogger(__name__)


def find_procedure(path: str) -> Procedure | None:
    """The procedure of a dotted path, or None where Homarr has none either.

    One of Homarr's that is not offered here answers NOT_IMPLEMENTED to whoever calls.
    """
    offered = find_offered(path)
    if offered is not None:
        return offered

    # Loaded late: a table that only those calls need.
    from dashboard.trpc.not_offered import find_refusal

    return find_refusal(path)


def read_given(document: bytes) -> Any:
    """Read the SuperJSON of an input: plain values, UNDEFINED for none.

    Raises ProcedureError (BAD_REQUEST).
    """
    try:
        given = superjson.decode(document)
        if given is None and _is_undefined(document):
            return superjson.UNDEFINED

    except (ValueError, RecursionError) as error:
        message = f"The input is not SuperJSON: {error}"
        raise ProcedureError("BAD_REQUEST", message) from error

    return given


def _is_undefined(document: bytes) -> bool:
    # SuperJSON reads undefined as None; for an input these are not the same.
    meta = msgspec.json.decode(document).get("meta")
    return isinstance(meta, dict) and meta.get("values") == ["undefined"]


async def call(procedure: Procedure, context: Context, given: Any) -> Any:
    """Guard, check and run a query or a mutation; raises nothing but ProcedureError.

    `given` is the input as SuperJSON was read: plain values, UNDEFINED for none. It may
    also be the error that tells why it could not be read: as in tRPC, that is of no
    interest to who may not call, nor where there is no input.
    """
    await admit(procedure, context)
    with _told(procedure):
        if procedure.input is None:
            return await procedure.function(context)

        if isinstance(given, ProcedureError):
            raise given

        return await procedure.function(context, read_input(given, procedure.input))


async def admit(procedure: Procedure, context: Context) -> None:
    """Guard alone, for what is only received of those who may call."""
    with _told(procedure):
        await procedure.guard(context)


@contextmanager
def _told(procedure: Procedure) -> Iterator[None]:
    """Whatever goes wrong in the body leaves it as a ProcedureError."""
    try:
        yield
    except ProcedureError:
        raise
    except (Exception, SystemExit) as error:
        known = as_procedure_error(error)
        if known is None or known.code == "INTERNAL_SERVER_ERROR":
            logger.exception("procedure %r failed", procedure.name)

        raise known or ProcedureError("INTERNAL_SERVER_ERROR") from error


async def find_topics(procedure: Procedure, context: Context, given: Any) -> list[str]:
    """Guard and check a subscription: the topics that its caller may hear."""
    topics: list[str] = await call(procedure, context, given)
    return topics


def error_shape(error: BaseException, path: str | None) -> dict[str, Any]:
    """The object that a client is told of an error, before SuperJSON.

    Whatever is not a ProcedureError is told as INTERNAL_SERVER_ERROR without details.
    """
    if not isinstance(error, ProcedureError):
        error = ProcedureError("INTERNAL_SERVER_ERROR")

    zod_error = error.flatten() if isinstance(error, InvalidInputError) else None
    return {
        "message": error.message,
        "code": error.number,
        "data": {
            "code": error.code,
            "httpStatus": error.http_status,
            # As JavaScript sends what is undefined in an object: not at all.
            **({} if path is None else {"path": path}),
            "zodError": zod_error,
            "error": None,
        },
    }


def require(path: str, kind: Kind) -> Procedure:
    """The procedure of a path and a kind.

    Raises ProcedureError in the words of tRPC's WebSocket handler.
    """
    procedure = find_procedure(path)
    if procedure is None or procedure.kind != kind:
        raise ProcedureError("NOT_FOUND", f'No "{kind}"-procedure on path "{path}"')

    return procedure
