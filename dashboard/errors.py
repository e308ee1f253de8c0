"""What can go wrong in the application.

DashboardError
    SettingsError(name, value, reason)
    DatabaseOpenError(path, cause)
        DatabaseGuardError(path, cause)
    UnheardNeighbourError(path, process)
    DatabaseBusyError(seconds)
    DatabaseFullError(path)
    BackupError(path, cause)
    MemoryReportError(path, cause)
    AlreadyOnboardedError
    InvalidAccountError(field, reason)
        NameTakenError(name)
        ForeignAccountError(field, provider)
    WrongPasswordError
    AdminExistsError
    LastAdminError(user_id)
    InvalidInviteError
    UnknownProviderError(provider)
    UnknownUserError(user_id)
    UnknownGroupError(group_id)
    ReservedGroupError(name)
    InvalidItemError(reason)
    TooBusyError
    ThrottledError(seconds)
    OutgoingError(server, cause)
        OutgoingTimeoutError(server, seconds)
        OutgoingBusyError(server)
        ExternalConnectionsOffError(server)
    RedisUnavailableError(reason)
    ProcedureError(code, message)
        InvalidInputError(issues)
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

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

    #: What a program that ends for it returns. That there is one also says that the
    #: words are enough: the runner then tells no class and no line of ours.
    exit_code = 1

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"cannot open the database {path!r}: {cause}")
        self.path = path
        self.cause = cause


class DatabaseGuardError(DatabaseOpenError):
    """Opening the file in this process would make SQLite lose writes."""


class UnheardNeighbourError(DashboardError):
    """Two processes run services on one database, and do not hear each other."""

    #: As of DatabaseOpenError: the words are enough.
    exit_code = 1

    def __init__(self, path: str, process: int | None) -> None:
        self.path = path
        self.process = process
        number = "" if process is None else f" (process {process})"
        super().__init__(
            f"another runner{number} uses the database {path!r}, and without Redis "
            "neither would hear the other's events; set REDIS_URL to the same Redis "
            "for all of them, run the services together, or stop the other"
        )


class DatabaseBusyError(DashboardError):
    """Another process kept the write lock for the whole busy timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"another process kept the database locked for {seconds:g} s; try again"
        )
        self.seconds = seconds


class DatabaseFullError(DashboardError):
    """There is no room to write; reads go on, and writes do once there is room."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"no room to write the database {path!r}; free some space on its disk"
        )
        self.path = path


class BackupError(DashboardError):
    """A backup cannot be made or put back; every file was left as it was."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"{path!r}: {cause}")
        self.path = path
        self.cause = cause


class MemoryReportError(DashboardError):
    """A file that should be a memory report is none that can be shown."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"{path!r} {cause}")
        self.path = path
        self.cause = cause


class AlreadyOnboardedError(DashboardError):
    """There is an administrator already."""

    def __init__(self) -> None:
        super().__init__("there is an administrator already; log in instead")


class InvalidAccountError(DashboardError):
    """What was given breaks a rule; `field` is "name", "password", "expires" …"""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NameTakenError(InvalidAccountError):
    """A user or a group has the name already."""

    def __init__(self, name: str, *, kind: str = "user") -> None:
        super().__init__("name", f"there is a {kind} {name!r} already")
        self.name = name


class ForeignAccountError(InvalidAccountError):
    """A member of an account is kept by its provider, not here."""

    def __init__(self, field: str, provider: str) -> None:
        super().__init__(field, f"yours is kept by {provider}; change it there")
        self.provider = provider


class WrongPasswordError(DashboardError):
    """The password that was given is not the user's."""

    def __init__(self) -> None:
        super().__init__("the current password is wrong")


class AdminExistsError(DashboardError):
    """Somebody can log in as an administrator with a password."""

    def __init__(self) -> None:
        super().__init__(
            "there is an administrator with a password; reset that instead"
        )


class LastAdminError(DashboardError):
    """Without this user nobody could log in as an administrator with a password."""

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"{user_id!r} is the last administrator; make another one first"
        )
        self.user_id = user_id


class InvalidInviteError(DashboardError):
    """The invite is unknown, used or expired: which of them is not told."""

    def __init__(self) -> None:
        super().__init__("the invite is not valid, or not any more; ask for another")


class UnknownProviderError(DashboardError):
    """Accounts come from credentials, oidc or ldap, and from nowhere else."""

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"unknown provider {provider!r}; give credentials, oidc or ldap"
        )
        self.provider = provider


class UnknownUserError(DashboardError):
    """There is no such user, or none who has a password here."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"there is no user {user_id!r}")
        self.user_id = user_id


class UnknownGroupError(DashboardError):
    """There is no such group."""

    def __init__(self, group_id: str) -> None:
        super().__init__(f"there is no group {group_id!r}")
        self.group_id = group_id


class ReservedGroupError(DashboardError):
    """Everybody is in this group; it stays as it is."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the group {name!r} cannot be changed; make another one")
        self.name = name


class InvalidItemError(DashboardError):
    """An item cannot be stored as asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooBusyError(DashboardError):
    """More passwords and keys wait to be checked than the queue takes."""

    def __init__(self) -> None:
        super().__init__("too many passwords or keys at once; try again in a second")


class ThrottledError(DashboardError):
    """Too many tries have failed; the next one is taken in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "too many wrong passwords, API keys or invites; "
            f"try again in {seconds:.0f} s"
        )
        self.seconds = seconds

    @property
    def sentence(self) -> str:
        """What people are told; never a time before that of Retry-After."""
        number, unit = math.ceil(self.seconds), "second"
        if number > 60:
            number, unit = math.ceil(number / 60), "minute"

        many = "" if number == 1 else "s"
        return (
            "Too many wrong passwords, API keys or invites came from here. "
            f"Try again in {number} {unit}{many}."
        )


class RedisUnavailableError(DashboardError):
    """Redis is away, too slow or broken; whoever asked does without it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"redis is not available: {reason}")


class OutgoingError(DashboardError):
    """Another server was asked, and gave nothing that is of use."""

    def __init__(self, server: str, cause: str) -> None:
        super().__init__(f"{server}: {cause}")
        self.server = server
        self.cause = cause


class OutgoingTimeoutError(OutgoingError):
    """The whole answer was not there in time."""

    def __init__(self, server: str, seconds: float) -> None:
        super().__init__(server, f"no answer within {seconds:g} s")
        self.seconds = seconds


class OutgoingBusyError(OutgoingError):
    """As many requests as we send to one server at once are under way."""

    def __init__(self, server: str) -> None:
        super().__init__(server, "too many requests at once; try again in a second")


class ExternalConnectionsOffError(OutgoingError):
    """NO_EXTERNAL_CONNECTION is set."""

    def __init__(self, server: str) -> None:
        super().__init__(server, "it is not asked, since NO_EXTERNAL_CONNECTION is set")


class ProcedureError(DashboardError):
    """What a procedure answers instead of data."""

    def __init__(self, code: str, message: str | None = None) -> None:
        if code not in PROCEDURE_CODES:
            raise ValueError(f"unknown procedure error code {code!r}")

        super().__init__(message or code)
        self.code = code
        self.message = message or code
        self.number, self.http_status = PROCEDURE_CODES[code]


class InvalidInputError(ProcedureError):
    """The input of a procedure breaks its rules; `issues` are Zod's, as clients show.

    Each has code, path (names and indices from the root) and message.
    """

    def __init__(self, issues: list[dict[str, Any]]) -> None:
        text = msgspec.json.format(msgspec.json.encode(issues), indent=2)
        super().__init__("BAD_REQUEST", text.decode())
        self.issues = issues

    def flatten(self) -> dict[str, Any]:
        """The messages by the first name of their path, those of the whole apart."""
        form: list[str] = []
        fields: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue["path"]:
                name = str(issue["path"][0])
                fields.setdefault(name, []).append(issue["message"])
            else:
                form.append(issue["message"])

        return {"formErrors": form, "fieldErrors": fields}
