"""Where requests may go."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from dashboard.outgoing.addresses import find_refusal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "8.8.8.8",
        "fd00::1",
        "2606:4700::1111",
        "::ffff:192.168.1.1",
        "2002:c0a8:101::1",
    ],
)
def test_private_and_public_addresses_may_be_asked(address: str):
    """Most of what a dashboard shows is in its own network."""
    assert find_refusal(address, allowed=()) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("169.254.169.254", "a metadata address"),
        ("169.254.170.2", "a metadata address"),
        ("100.100.100.200", "a metadata address"),
        ("168.63.129.16", "a metadata address"),
        ("fd00:ec2::254", "a metadata address"),
        ("169.254.1.1", "a link-local address"),
        ("fe80::1", "a link-local address"),
        ("fe80::1%2", "a link-local address"),
        ("febf::1", "a link-local address"),
        ("0.0.0.0", "no address of one host"),
        ("0.1.2.3", "no address of one host"),
        ("::", "no address of one host"),
        ("224.0.0.1", "no address of one host"),
        ("ff02::1", "no address of one host"),
        ("255.255.255.255", "no address of one host"),
        ("240.0.0.1", "no address of one host"),
    ],
)
def test_what_nobody_means_is_refused(address: str, reason: str):
    """Each for its own reason."""
    assert find_refusal(address, allowed=()) == reason


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::1",
    ],
)
def test_an_ipv4_address_in_an_ipv6_address_is_seen(address: str):
    """Whatever its disguise, it leads to the same place."""
    assert find_refusal(address, allowed=()) == "a metadata address"


def test_a_written_address_may_be_link_local():
    """A device without a router has no other; but nothing else is let through."""
    assert find_refusal("169.254.1.1", allowed=(), written=True) is None
    assert find_refusal("fe80::1%eth0", allowed=(), written=True) is None
    for address in ("169.254.169.254", "fe80::a9fe:a9fe", "0.0.0.0", "ff02::1"):
        assert find_refusal(address, allowed=(), written=True) is not None


def test_networks_can_be_allowed():
    """Those alone, and the address itself only with all that it stands for."""
    allowed = (ip_network("169.254.1.0/24"), ip_network("64:ff9b::/96"))

    assert find_refusal("169.254.1.9", allowed=allowed) is None
    assert find_refusal("169.254.2.9", allowed=allowed) is not None
    assert find_refusal("64:ff9b::169.254.1.9", allowed=allowed) is None
    assert find_refusal("64:ff9b::169.254.2.9", allowed=allowed) is not None
