"""Which error of ours a client is told as what, in Homarr's words where it has some."""

from __future__ import annotations

from dashboard import errors
from dashboard.errors import ProcedureError

_OURS = ("INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR")

#: class: (tRPC's code, what is said in place of the error's own words where that is not
#: empty). A subclass that is not named is told as what it is derived from.
_TOLD: dict[type[BaseException], tuple[str, str]] = {
    # What whoever runs the house has to mend: its paths and values are not told.
    errors.SettingsError: _OURS,
    errors.DatabaseOpenError: _OURS,
    errors.BackupError: _OURS,
    errors.MemoryReportError: _OURS,
    errors.UnheardNeighbourError: _OURS,
    errors.DatabaseFullError: ("SERVICE_UNAVAILABLE", "There is no room to write"),
    # What passes.
    errors.DatabaseBusyError: ("SERVICE_UNAVAILABLE", "The database is busy"),
    errors.RedisUnavailableError: ("SERVICE_UNAVAILABLE", "Redis does not answer"),
    errors.TooBusyError: ("TOO_MANY_REQUESTS", ""),
    errors.ThrottledError: ("TOO_MANY_REQUESTS", ""),
    # What is the caller's.
    errors.NameTakenError: ("CONFLICT", ""),
    errors.ForeignAccountError: ("FORBIDDEN", ""),
    errors.InvalidAccountError: ("BAD_REQUEST", ""),
    errors.InvalidItemError: ("BAD_REQUEST", ""),
    errors.UnknownProviderError: ("BAD_REQUEST", ""),
    errors.UnknownUserError: ("NOT_FOUND", "User not found"),
    errors.UnknownGroupError: ("NOT_FOUND", "Group not found"),
    errors.ReservedGroupError: (
        "FORBIDDEN",
        "Action is forbidden for reserved group names",
    ),
    errors.WrongPasswordError: ("FORBIDDEN", "Invalid password"),
    errors.InvalidInviteError: ("FORBIDDEN", "Invalid invite"),
    errors.LastAdminError: ("FORBIDDEN", ""),
    errors.AdminExistsError: ("FORBIDDEN", ""),
    errors.AlreadyOnboardedError: ("FORBIDDEN", ""),
    # What other servers gave.
    errors.OutgoingError: ("BAD_GATEWAY", ""),
    errors.OutgoingTimeoutError: ("GATEWAY_TIMEOUT", ""),
    errors.OutgoingBusyError: ("TOO_MANY_REQUESTS", ""),
    errors.ExternalConnectionsOffError: ("PRECONDITION_FAILED", ""),
}


def as_procedure_error(error: BaseException) -> ProcedureError | None:
    """What a client is told of an error that we raise on purpose; None of others."""
    for kind in type(error).__mro__:
        if kind in _TOLD:
            code, message = _TOLD[kind]
            return ProcedureError(code, message or str(error))

    return None
