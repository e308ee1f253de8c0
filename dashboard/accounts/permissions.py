"""What each permission implies, in Homarr's words."""

from __future__ import annotations

from collections.abc import Iterable

#: All of them, in the order of Homarr's pages.
PERMISSIONS = (
    "board-create",
    "board-view-all",
    "board-modify-all",
    "board-full-all",
    "app-create",
    "app-use-all",
    "app-modify-all",
    "app-full-all",
    "integration-create",
    "integration-use-all",
    "integration-interact-all",
    "integration-full-all",
    "search-engine-create",
    "search-engine-modify-all",
    "search-engine-full-all",
    "media-upload",
    "media-view-all",
    "media-full-all",
    "other-view-logs",
    "admin",
)

IMPLIED: dict[str, tuple[str, ...]] = {
    "admin": (
        "board-full-all",
        "app-full-all",
        "integration-full-all",
        "search-engine-full-all",
        "media-full-all",
        "other-view-logs",
    ),
    "board-full-all": ("board-modify-all", "board-create"),
    "board-modify-all": ("board-view-all",),
    "app-full-all": ("app-modify-all", "app-use-all"),
    "app-modify-all": ("app-create",),
    "integration-full-all": ("integration-interact-all", "integration-create"),
    "integration-interact-all": ("integration-use-all",),
    "search-engine-full-all": ("search-engine-modify-all",),
    "search-engine-modify-all": ("search-engine-create",),
    "media-full-all": ("media-upload", "media-view-all"),
}


def with_implied(permissions: Iterable[str]) -> frozenset[str]:
    """The permissions and all that follow from them."""
    found: set[str] = set()
    waiting = list(permissions)
    while waiting:
        permission = waiting.pop()
        if permission not in found:
            found.add(permission)
            waiting.extend(IMPLIED.get(permission, ()))

    return frozenset(found)
