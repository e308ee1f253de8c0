"""Where requests may go: what a name or a redirect must not lead to.

Private networks are no secret of a dashboard's: most of what it shows is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: What clouds tell their machines, keys included: AWS and those who copied it, its
#: containers, Alibaba, Azure, Oracle; AWS, Google and OpenStack again in IPv6.
METADATA = tuple(
    ip_network(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fe80::a9fe:a9fe",
    )
)
LINK_LOCAL = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"))
#: This host (0.0.0.0 connects to it), multicast, and what is reserved.
NOBODY = tuple(
    ip_network(text)
    for text in ("0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "240.0.0.0/4")
)
#: IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped,
#: compatible, translated (RFC 2765), and NAT64.
_EMBEDDING = tuple(
    ip_network(text)
    for text in (
        "::ffff:0:0/96",
        "::/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
    )
)


def find_refusal(
    address: str, *, allowed: Iterable[Network], written: bool = False
) -> str | None:
    """Why nothing is sent to an address; None where it may be.

    `written` says that a stored URL has this very address in it, and no name: whoever
    wrote that means a device without a router, which only link-local addresses reach.
    """
    candidates = _read_meanings(ip_address(address))
    # All of what it stands for, so that allowing one does not open another.
    for candidate in candidates:
        if _is_in(candidate, tuple(allowed)):
            continue

        if _is_in(candidate, METADATA):
            return "a metadata address"

        if _is_in(candidate, LINK_LOCAL) and not written:
            return "a link-local address"

        if _is_in(candidate, NOBODY):
            return "no address of one host"

    return None


def _read_meanings(address: Address) -> Sequence[Address]:
    """The address and the IPv4 address that it stands for."""
    if isinstance(address, IPv4Address):
        return [address]

    # ::1 is itself, and not 0.0.0.1.
    if not address.is_loopback and _is_in(address, _EMBEDDING):
        return [address, IPv4Address(int(address) & 0xFFFFFFFF)]

    if address.sixtofour is not None:
        return [address, address.sixtofour]

    return [address]


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
