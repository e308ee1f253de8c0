"""One call of a procedure, from its path to its result or its ProcedureError."""

from __future__ import annotations

import logging
from typing import Any

from dashboard.errors import InvalidInputError, ProcedureError
from dashboard.trpc.failures import as_procedure_error
from dashboard.trpc.procedure import Context, Kind, Procedure
from dashboard.trpc.routers import find_procedure
from dashboard.trpc.validation import read_input

__all__ = ["call", "error_shape", "find_procedure", "find_topics"]

logger = logging.getLogger(__name__)


async def call(procedure: Procedure, context: Context, given: Any) -> Any:
    """Guard, check and run a query or a mutation; raises nothing but ProcedureError.

    `given` is the input as SuperJSON was read: plain values, UNDEFINED for none.
    """
    try:
        await procedure.guard(context)
        if procedure.input is None:
            return await procedure.function(context)

        return await procedure.function(context, read_input(given, procedure.input))
    except ProcedureError:
        raise
    except Exception as error:
        known = as_procedure_error(error)
        if known is None:
            logger.exception("procedure %r failed", procedure.name)
            known = ProcedureError("INTERNAL_SERVER_ERROR")

        raise known from error


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
            "path": path,
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
