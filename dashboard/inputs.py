"""The words of inputs: types that check themselves, with Homarr's rules and limits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

#: What SQLite's text can hold: no half of a surrogate pair.
STORABLE = r"^[^\ud800-\udfff]*\Z"

Id = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x01-\x7f]*\Z")]
Text = Annotated[str, Meta(max_length=1024 * 1024, pattern=STORABLE)]
ShortText = Annotated[str, Meta(max_length=255, pattern=STORABLE)]
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
