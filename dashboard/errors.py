"""What can go wrong in the application.

DashboardError
    SettingsError(name, value, reason)
    DatabaseOpenError(path, cause)
    DatabaseBusyError(seconds)
    AlreadyOnboardedError
    InvalidAccountError(field, reason)
    InvalidItemError(reason)
    TooBusyError
    ProcedureError(code, message)
"""

from __future__ import annotations

#: code: (number of JSON-RPC 2.0 as tRPC extends it, HTTP status)
PROCEDURE_CODES: dict[str, tuple[int, int]] = {
    "PARSE_ERROR": (-32700, 400),
    "BAD_REQUEST": (-32600, 400),
    "INTERNAL_SERVER_ERROR": (-32603, 500),
    "NOT_IMPLEMENTED": (-32603, 501),
    "BAD_GATEWAY": (-32603, 502),
    "SERVICE_UNAVAILABLE": (-32603, 503),
    "GATEWAY_TIMEOUT": (-32603, 504),
    "UNAUTHORIZED": (-32001, 401),
    "FORBIDDEN": (-32003, 403),
    "NOT_FOUND": (-32004, 404),
    "METHOD_NOT_SUPPORTED": (-32005, 405),
    "TIMEOUT": (-32008, 408),
    "CONFLICT": (-32009, 409),
    "PRECONDITION_FAILED": (-32012, 412),
    "PAYLOAD_TOO_LARGE": (-32013, 413),
    "UNSUPPORTED_MEDIA_TYPE": (-32015, 415),
    "UNPROCESSABLE_CONTENT": (-32022, 422),
    "TOO_MANY_REQUESTS": (-32029, 429),
}


class DashboardError(Exception):
    """Base of everything that the application raises on purpose."""


class SettingsError(DashboardError):
    """An environment variable has a value that cannot be used."""

    #: What a program that ends for it returns: wrong usage.
    exit_code = 2

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"{name}={value!r} is not usable: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


class DatabaseOpenError(DashboardError):
    """The database file cannot be used; it was left as it was."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"cannot open the database {path!r}: {cause}")
        self.path = path
        self.cause = cause


class DatabaseBusyError(DashboardError):
    """Another process kept the write lock for the whole busy timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"another process kept the database locked for {seconds:g} s; try again"
        )
        self.seconds = seconds


class AlreadyOnboardedError(DashboardError):
    """There is an administrator already."""

    def __init__(self) -> None:
        super().__init__("there is an administrator already; log in instead")


class InvalidAccountError(DashboardError):
    """A name or a password breaks a rule; `field` is "name" or "password"."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class InvalidItemError(DashboardError):
    """An item cannot be stored as asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooBusyError(DashboardError):
    """More passwords wait to be checked than the queue takes."""

    def __init__(self) -> None:
        super().__init__("too many logins at once; try again in a second")


class ProcedureError(DashboardError):
    """What a procedure answers instead of data."""

    def __init__(self, code: str, message: str | None = None) -> None:
        if code not in PROCEDURE_CODES:
            raise ValueError(f"unknown procedure error code {code!r}")

        super().__init__(message or code)
        self.code = code
        self.message = message or code
        self.number, self.http_status = PROCEDURE_CODES[code]
