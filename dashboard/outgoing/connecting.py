"""Connections to a name's addresses, each checked before anything is sent to it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import anyio
import httpcore

from dashboard.outgoing.addresses import Network, find_refusal

#: Seconds that an address has before the next one is tried beside it (RFC 8305).
HEAD_START = 0.25
#: Addresses of one name that are tried.
MOST_ADDRESSES = 8


class RefusedAddressError(Exception):
    """A name or a URL leads where nothing of ours may go."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            f"{host!r} is {reason}; if that is meant, name it in "
            "OUTGOING_ALLOWED_NETWORKS"
        )


class Backend(httpcore.AnyIOBackend):
    """Looks a name up, checks what it finds, and connects to just that.

    It remembers the socket: httpcore forgets it when it is cancelled amid TLS.
    """

    def __init__(self, *, allowed: Iterable[Network], trust_written: bool) -> None:
        super().__init__()
        self._allowed = tuple(allowed)
        self._trust_written = trust_written
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; raises RefusedAddressError."""
        addresses = await self._find_addresses(host, port)
        errors: list[Exception] = []
        async with anyio.create_task_group() as tasks:

            async def attempt(address: str, failed: anyio.Event) -> None:
                try:
                    stream = await super(Backend, self).connect_tcp(address, port)
                except httpcore.ConnectError as error:
                    errors.append(error)
                    failed.set()
                    return

                if self._stream is None:
                    self._stream = stream
                    tasks.cancel_scope.cancel()
                else:
                    await stream.aclose()

            for address in addresses:
                failed = anyio.Event()
                tasks.start_soon(attempt, address, failed)
                with anyio.move_on_after(HEAD_START):
                    await failed.wait()

        if self._stream is None:
            raise errors[0]

        return self._stream

    async def close(self) -> None:
        """Let go of the socket, also amid a cancellation."""
        if self._stream is not None:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()

    async def _find_addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be asked, in the system's order."""
        try:
            found = [str(ip_address(host.replace("%25", "%", 1)))]
            written = self._trust_written
        except ValueError:
            found = await _look_up(host, port)
            written = False

        reasons = {
            address: find_refusal(address, allowed=self._allowed, written=written)
            for address in found
        }
        good = [address for address, reason in reasons.items() if reason is None]
        if not good:
            address = found[0]
            raise RefusedAddressError(address, reasons[address] or "")

        return good[:MOST_ADDRESSES]


async def _look_up(host: str, port: int) -> list[str]:
    rows = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = []
    for _, _, _, _, place in rows:
        # Of IPv6 addresses: the interface that a link-local one is reached by.
        scope = place[3] if len(place) > 3 else 0
        addresses.append(f"{place[0]}%{scope}" if scope else str(place[0]))

    return list(dict.fromkeys(addresses))
