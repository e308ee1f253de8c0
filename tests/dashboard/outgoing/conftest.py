from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable

import anyio
import pytest

from tests.dashboard.remote import Remote, open_remote

NameServer = Callable[..., None]


@pytest.fixture(name="remote")
async def _remote() -> AsyncIterator[Remote]:
    async with open_remote() as remote:
        yield remote


@pytest.fixture(name="resolve")
def _resolve(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """Say which addresses a name has; each call of it takes the next list, if more."""
    known: dict[str, list[list[str]]] = {}

    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        lists = known[host]
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)

    def resolve(host: str, *lists: list[str]) -> None:
        known[host] = list(lists)

    return resolve
