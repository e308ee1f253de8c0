"""Which error of ours a client is told as what."""

from __future__ import annotations

from dashboard import errors
from dashboard.errors import ProcedureError

_CODES: dict[type[Exception], str] = {
    errors.DatabaseBusyError: "SERVICE_UNAVAILABLE",
    errors.DatabaseFullError: "SERVICE_UNAVAILABLE",
    errors.TooBusyError: "TOO_MANY_REQUESTS",
    errors.NameTakenError: "CONFLICT",
    errors.InvalidAccountError: "BAD_REQUEST",
    errors.UnknownUserError: "NOT_FOUND",
    errors.UnknownGroupError: "NOT_FOUND",
    errors.ReservedGroupError: "BAD_REQUEST",
    errors.LastAdminError: "FORBIDDEN",
    errors.WrongPasswordError: "FORBIDDEN",
    errors.InvalidInviteError: "FORBIDDEN",
    errors.InvalidItemError: "BAD_REQUEST",
}


def as_procedure_error(error: Exception) -> ProcedureError | None:
    """What a client is told of an error that we raise on purpose; None of others."""
    for kind in type(error).__mro__:
        if kind in _CODES:
            return ProcedureError(_CODES[kind], str(error))

    return None
