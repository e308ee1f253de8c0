"""Which procedure an address names; a router is loaded when one of its is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dashboard.trpc.procedure import Procedure
from dashboard.trpc.routers import load_router

#: The first name of a path: the router that declares what is below it. So an address
#: loads one router, and one that does not exist none.
ROUTERS = {
    "apps": "app",
    "boards": "board",
    "info": "info",
    "invites": "invite",
    "users": "user",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address below /api, and the procedure that answers it."""

    method: str
    #: The path's names; those of the input's members stand in braces.
    names: tuple[str, ...]
    #: As "app.byId".
    path: str
    procedure: Procedure

    def match(self, method: str, names: list[str]) -> Mapping[str, str] | None:
        """What stands in place of the braces; None where it is another address."""

        if method != self.method or len(names) != len(self.names):
            return None

        members = {}
        for own, name in zip(self.names, names, strict=True):
            if own.startswith("{"):
                members[own[1:-1]] = name
            elif own.lower() != name.lower():
                return None

        return members if all(names) else None


def find_address(method: str, path: str) -> tuple[Address, Mapping[str, str]] | None:
    """The address of a path below /api, with the members of the input in it.

    A name goes before a brace, whatever was declared first: /apps/paginated is never
    the app "paginated".
    """

    names = path.removesuffix("/").split("/")
    router = ROUTERS.get(names[0].lower())
    if router is None:
        return None

    for address in list_addresses(router):
        members = address.match(method, names)
        if members is not None:
            return address, members

    return None


@lru_cache(maxsize=len(ROUTERS))
def list_addresses(router: str) -> tuple[Address, ...]:
    """The addresses of a router, names before braces."""

    addresses = [
        Address(
            method=procedure.rest.method,
            names=tuple(procedure.rest.path.strip("/").split("/")),
            path=f"{router}.{name}",
            procedure=procedure,
        )
        for name, procedure in load_router(router).procedures.items()
        if procedure.rest is not None
    ]
    return tuple(
        sorted(addresses, key=lambda one: [name[0] == "{" for name in one.names])
    )
