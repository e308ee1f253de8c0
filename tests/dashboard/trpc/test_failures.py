from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboard import errors
from dashboard.errors import DashboardError, ProcedureError
from dashboard.trpc.failures import as_procedure_error


def make(kind: type[DashboardError]) -> DashboardError:
    """An error whose own words hold what nobody may be told."""

    error = kind.__new__(kind)
    Exception.__init__(error, "/secret/path")
    return error


def list_kinds(kind: type[DashboardError]) -> Iterator[type[DashboardError]]:
    """The classes below one."""

    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__ and not issubclass(one, ProcedureError):
            yield one
            yield from list_kinds(one)


KINDS = list(list_kinds(DashboardError))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_ours_is_told_as_something(kind: type[DashboardError]):
    """One that is new has to be given its code."""
    told = as_procedure_error(make(kind))

    assert told is not None


@pytest.mark.parametrize(
    "kind",
    [
        errors.SettingsError,
        errors.DatabaseOpenError,
        errors.DatabaseGuardError,
        errors.BackupError,
        errors.DatabaseFullError,
    ],
)
def test_the_house_s_own_paths_and_values_are_not_told(kind: type[DashboardError]):
    """Whoever runs it reads them in the log."""
    told = as_procedure_error(make(kind))

    assert told is not None
    assert told.http_status >= 500
    assert "secret" not in told.message


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (errors.UnknownUserError("x"), "NOT_FOUND", "User not found"),
        (errors.UnknownGroupError("x"), "NOT_FOUND", "Group not found"),
        (errors.WrongPasswordError(), "FORBIDDEN", "Invalid password"),
        (errors.InvalidInviteError(), "FORBIDDEN", "Invalid invite"),
        (
            errors.ReservedGroupError("everyone"),
            "FORBIDDEN",
            "Action is forbidden for reserved group names",
        ),
        (
            errors.NameTakenError("ada"),
            "CONFLICT",
            "name: there is a user 'ada' already",
        ),
        (errors.InvalidAccountError("name", "why"), "BAD_REQUEST", "name: why"),
    ],
)
def test_homarrs_words_are_used_where_it_has_some(
    error: DashboardError, code: str, message: str
):
    """And ours where they say more."""
    told = as_procedure_error(error)

    assert told is not None
    assert (told.code, told.message) == (code, message)


def test_an_error_that_is_not_ours_is_nobodys_business():
    """The caller logs it and tells nothing."""
    assert as_procedure_error(RuntimeError("x")) is None
    assert as_procedure_error(KeyError("x")) is None
