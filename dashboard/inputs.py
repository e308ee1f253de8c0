"""The words of inputs: types that check themselves, with Homarr's rules and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule of Homarr's behind a pattern of ours, and what Zod says of its breach.

    Our patterns are often stricter, or several rules in one: nobody is told them.
    """

    #: A text in which this is found keeps to the rule.
    pattern: str
    #: The issue's members before its path.
    issue: Mapping[str, Any] = field(default_factory=lambda: {"code": "custom"})
    message: str


def told(pattern: str, *checks: Check) -> dict[str, Any]:
    """A pattern as msgspec's Meta takes it, whose breach is told as that of checks.

    All that the text breaks are told, or the first where it breaks none.
    """
    return {"pattern": pattern, "extra": {"checks": checks}}


def like(shown: str, pattern: str) -> Check:
    """Homarr's own regular expression, as JavaScript shows it and Python reads it."""
    return Check(
        pattern=pattern,
        issue={
            "origin": "string",
            "code": "invalid_format",
            "format": "regex",
            "pattern": shown,
        },
        message=f"Invalid string: must match pattern {shown}",
    )


#: What SQLite's text can hold: no half of a surrogate pair.
STORABLE = told(
    r"^[^\ud800-\udfff]*\Z",
    Check(
        pattern=r"^[^\ud800-\udfff]*\Z",
        message="Invalid input: half of a surrogate pair cannot be stored",
    ),
)
_ASCII = told(
    r"^[\x01-\x7f]*\Z",
    Check(pattern=r"^[\x01-\x7f]*\Z", message="Invalid input: no id has such letters"),
)

Id = Annotated[str, Meta(min_length=1, max_length=255, **_ASCII)]
Text = Annotated[str, Meta(max_length=1024 * 1024, **STORABLE)]
ShortText = Annotated[str, Meta(max_length=255, **STORABLE)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]
PageNumber = Annotated[int, Meta(ge=1, le=1_000_000)]


class Input(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what is read: column_count is Homarr's columnCount.

    Members that it does not know are passed over.
    """


class ById(Input, frozen=True, kw_only=True):
    """Something is named by its id alone."""

    id: Id


class Paginated(Input, frozen=True, kw_only=True):
    """One page of a list, of what has `search` in its name."""

    search: ShortText = ""
    page_size: PageSize = 10
    page: PageNumber = 1

    @property
    def offset(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.page_size
