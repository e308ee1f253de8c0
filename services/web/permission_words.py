"""Homarr's permissions in people's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

_WORDS = {
    "admin": "Everything: manage users, groups, invites and keys",
    "board-create": "Create boards",
    "board-view-all": "See all boards",
    "board-modify-all": "Change all boards",
    "board-full-all": "Change and delete all boards, and share them",
    "app-create": "Create apps",
    "app-use-all": "Use all apps",
    "app-modify-all": "Change all apps",
    "app-full-all": "Change and delete all apps",
    "integration-create": "Create integrations",
    "integration-use-all": "Use all integrations",
    "integration-interact-all": "Control things through all integrations",
    "integration-full-all": "Change and delete all integrations",
    "search-engine-create": "Create search engines",
    "search-engine-modify-all": "Change all search engines",
    "search-engine-full-all": "Change and delete all search engines",
    "media-upload": "Upload media",
    "media-view-all": "See all media",
    "media-full-all": "See, upload and delete all media",
    "other-view-logs": "Read the log",
}

_OWN_AREAS = ("admin", "board-", "app-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One permission as a box to tick."""

    name: str
    words: str
    given: bool
    #: Nothing here asks for it yet: it is for Homarr on the same file.
    foreign: bool


def list_permissions(given: Collection[str]) -> Sequence[Permission]:
    """List all permissions, and those that a newer Homarr has given."""

    unknown = [name for name in given if name not in _WORDS]
    return [
        Permission(
            name=name,
            words=_WORDS.get(name, name),
            given=name in given,
            foreign=_is_foreign(name),
        )
        for name in (*_WORDS, *unknown)
    ]


def _is_foreign(name: str) -> bool:
    return not name.startswith(_OWN_AREAS)
