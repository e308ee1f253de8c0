"""Who asks: the user and their session, as every part of the application sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Where accounts come from, in Homarr's words.
PROVIDERS = ("credentials", "oidc", "ldap")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login that is valid now."""

    token: str = field(repr=False)
    user_id: str
    user_name: str
    #: With all that they imply.
    permissions: frozenset[str] = frozenset()
    #: Unix seconds.
    expires: float

    def may(self, permission: str) -> bool:
        """Whether the user has this permission."""
        return permission in self.permissions
