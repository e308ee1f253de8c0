"""What the procedures about accounts share: who may, and Homarr's words for no."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dashboard import errors
from dashboard.boards.access import require_session
from dashboard.errors import InvalidInputError, ProcedureError
from dashboard.identity import Session
from dashboard.trpc.procedure import Context

_WORDS: dict[type[Exception], tuple[str, str]] = {
    errors.UnknownUserError: ("NOT_FOUND", "User not found"),
    errors.UnknownGroupError: ("NOT_FOUND", "Group not found"),
    errors.WrongPasswordError: ("FORBIDDEN", "Invalid password"),
    errors.InvalidInviteError: ("FORBIDDEN", "Invalid invite"),
    errors.AlreadyOnboardedError: ("FORBIDDEN", "Step denied"),
    errors.ReservedGroupError: (
        "FORBIDDEN",
        "Action is forbidden for reserved group names",
    ),
}
#: By the member of the account that another provider keeps.
_FOREIGN = {
    "name": "Username and email can not be changed for users with external providers",
    "password": "Password can not be changed for users with external providers",
}
#: Members of inputs that have another name here.
_FIELDS = {"expires": "expirationDate", "permission": "permissions"}


@contextmanager
def answering(*, name: str = "name", taken: str = "") -> Iterator[None]:
    """Raise errors about accounts as ProcedureError, with Homarr's codes and words.

    `name` is the member of the input that holds the name, `taken` what is said of one
    that somebody else has.
    """
    try:
        yield
    except errors.ThrottledError as error:
        raise ProcedureError("TOO_MANY_REQUESTS", error.sentence) from error
    except errors.NameTakenError as error:
        raise ProcedureError("CONFLICT", taken or str(error)) from error
    except errors.ForeignAccountError as error:
        raise ProcedureError("FORBIDDEN", _FOREIGN[error.field]) from error
    except errors.InvalidAccountError as error:
        # Rules that Homarr does not have, told as it tells its own.
        field = {**_FIELDS, "name": name}.get(error.field, error.field)
        issue = {"code": "custom", "path": [field], "message": error.reason}
        raise InvalidInputError([issue]) from error
    except tuple(_WORDS) as error:
        raise ProcedureError(*_WORDS[type(error)]) from error


def require_credentials(context: Context) -> None:
    """Raise ProcedureError where nobody logs in with a password (AUTH_PROVIDERS)."""
    if "credentials" not in context.resources.settings.auth_providers:
        raise ProcedureError("FORBIDDEN", "Credentials provider is disabled")


def require_self(context: Context, user_id: str, *, otherwise: str = "") -> Session:
    """The caller's session if the user is themselves, or they an administrator.

    Raises ProcedureError: FORBIDDEN with these words, or without them NOT_FOUND.
    """
    session = require_session(context.session)
    if session.user_id == user_id or session.may("admin"):
        return session

    if otherwise:
        raise ProcedureError("FORBIDDEN", otherwise)

    raise ProcedureError("NOT_FOUND", "User not found")
