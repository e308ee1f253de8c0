"""The issues that Zod would find in names and passwords; `refuse` tells of them."""

from __future__ import annotations

import re

from dashboard.accounts.groups import EVERYONE
from dashboard.accounts.groups import LONGEST_NAME as LONGEST_GROUP_NAME
from dashboard.accounts.passwords import LONGEST_NAME, SHORTEST_NAME, normalize_name
from dashboard.errors import InvalidInputError
from dashboard.issues import words
from dashboard.issues.words import Issue

#: One of each is in a password of Homarr's.
_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[$&+,:;=?@#|'<>.^*()%!\-~`\"_/\\\[\]{}]")


def refuse(*found: list[Issue]) -> None:
    """Raise InvalidInputError if anything was found."""
    issues = [issue for some in found for issue in some]
    if issues:
        raise InvalidInputError(issues)


def judge_username(field: str, name: str) -> list[Issue]:
    """What is wrong with the name that somebody logs in with."""
    length = len(normalize_name(name))
    return _judge_length(field, length, SHORTEST_NAME, LONGEST_NAME)


def judge_group_name(name: str) -> list[Issue]:
    """What is wrong with the name of a group."""
    issues = _judge_length("name", len(name.strip()), 1, LONGEST_GROUP_NAME)
    if name.strip() == EVERYONE:
        reserved = f"'{EVERYONE}' is a reserved group name"
        issues.append({"code": "custom", "path": ["name"], "message": reserved})

    return issues


def judge_password(password: str, confirmation: str) -> list[Issue]:
    """What is wrong with a new password of the right length."""
    issues = []
    if not all(re.search(kind, password) for kind in _KINDS):
        issues.append(_custom("password", "passwordRequirements"))

    if password != confirmation:
        issues.append(_custom("confirmPassword", "passwordsDoNotMatch"))

    return issues


def _judge_length(field: str, length: int, shortest: int, longest: int) -> list[Issue]:
    if length < shortest:
        return [words.too_small("string", shortest, [field], unit="characters")]

    if length > longest:
        return [words.too_big("string", longest, [field], unit="characters")]

    return []


def _custom(field: str, key: str) -> Issue:
    return {
        "code": "custom",
        "path": [field],
        "params": {"i18n": {"key": key, "params": {}}},
        "message": "Invalid input",
    }
