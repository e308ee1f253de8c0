"""Who is at the other end, and whether the way there is encrypted.

The one place that decides it. X-Forwarded-For and X-Forwarded-Proto are words of
whoever sent them: they are believed from TRUSTED_PROXIES and from nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

#: More hops than any real way has; what lies beyond them is not looked at.
_MAX_HOPS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The client of one request."""

    #: As text; empty where the system knows none, as for a Unix socket.
    address: str
    #: The browser speaks https, to us or to a trusted proxy.
    secure: bool
    #: The host that it asked, where a trusted proxy says so.
    host: str = ""


def find_peer(
    *,
    address: str | None,
    scheme: str,
    forwarded_for: Sequence[str],
    forwarded_proto: Sequence[str],
    forwarded_host: Sequence[str] = (),
    trusted: Networks,
) -> Peer:
    """Return the client behind the proxies that we trust.

    Args:
        address: who opened the connection.
        scheme: what the connection itself speaks.
        forwarded_for: the values of every X-Forwarded-For header, in their order.
        forwarded_proto: the same of X-Forwarded-Proto.
        forwarded_host: the same of X-Forwarded-Host.
        trusted: the networks of the proxies in front.
    """

    nearest = parse_address(address or "")
    secure = scheme in {"https", "wss"}
    if nearest is None or not is_trusted(nearest, trusted):
        return Peer(address=address or "", secure=secure)

    client, hops = _walk(nearest, _split(forwarded_for), trusted)
    schemes = _split(forwarded_proto)
    if schemes:
        secure = _seen(schemes, hops).lower() in {"https", "wss"}

    host = _seen(_split(forwarded_host), hops)
    return Peer(address=str(client), secure=secure, host=host)


def parse_address(text: str) -> Address | None:
    """Read an address, with or without a port or a zone; None for anything else."""

    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]

    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None

    # A socket that takes both families names IPv4 clients in this form.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_trusted(address: Address, trusted: Networks) -> bool:
    """Say whether an address is one of a proxy of ours."""

    return any(address in network for network in trusted)


def _walk(
    nearest: Address, listed: list[str], trusted: Networks
) -> tuple[Address, int]:
    """Go back from proxy to proxy; return the first stranger and how many steps."""

    client, hops = nearest, 1
    for text in reversed(listed[-_MAX_HOPS:]):
        before = parse_address(text)
        if before is None:
            # No address: the proxy that wrote it down is the last one known.
            break

        client = before
        if not is_trusted(client, trusted):
            break

        hops += 1

    return client, hops


def _seen(listed: list[str], hops: int) -> str:
    """What the proxy that so many hops lead to has seen; empty where nothing says so.

    Each proxy appends what it saw; one that replaces the list leaves one.
    """

    if not listed:
        return ""

    return listed[-hops] if hops <= len(listed) else listed[0]


def _split(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]
