"""How items and dynamic sections look: Homarr's three options, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.errors import InvalidItemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of one sort of part."""

    #: Where none is stored; only items may have None.
    title: str | None
    longest_title: int

    @property
    def defaults(self) -> dict[str, Any]:
        """What holds where nothing is stored."""
        return {"title": self.title, "customCssClasses": [], "borderColor": ""}

    def check(self, changes: Mapping[str, Any]) -> None:
        """Raise InvalidItemError for what Homarr could not read back."""
        changed = {**self.defaults, **changes}
        title = changed["title"]
        if title is not self.title and not (
            isinstance(title, str) and len(title) <= self.longest_title
        ):
            reason = f"a title is a text of at most {self.longest_title} characters"
            raise InvalidItemError(reason)

        names = changed["customCssClasses"]
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise InvalidItemError("customCssClasses has to be a list of names")

        if not isinstance(changed["borderColor"], str):
            raise InvalidItemError("borderColor has to be a text")


ITEM_LOOKS = Looks(title=None, longest_title=64)
SECTION_LOOKS = Looks(title="", longest_title=20)
