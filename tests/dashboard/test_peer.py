"""Who is believed about the client's address and scheme, and who is not."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from dashboard.peer import Peer, find_peer, parse_address

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("127.0.0.1")]


def _find(
    address: str | None,
    *forwarded_for: str,
    proto: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    scheme: str = "http",
) -> Peer:
    return find_peer(
        address=address,
        scheme=scheme,
        forwarded_for=forwarded_for,
        forwarded_proto=proto,
        forwarded_host=hosts,
        trusted=TRUSTED,
    )


@pytest.mark.parametrize("address", ["203.0.113.9", "192.168.0.1", "::1", "", None])
def test_strangers_are_not_believed_about_themselves(address: str | None):
    """A spoofed header from an untrusted peer changes nothing."""

    peer = _find(address, "198.51.100.1", proto=("https",))

    assert peer == Peer(address=address or "", secure=False)


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        (["10.0.0.9, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        (["unknown"], "10.0.0.2"),
        (["1.1.1.1, unknown, 10.0.0.7"], "10.0.0.7"),
        ([""], "10.0.0.2"),
        ([], "10.0.0.2"),
        ([", ".join(["10.0.0.3"] * 5000)], "10.0.0.3"),
    ],
)
def test_the_client_is_the_first_stranger_behind_our_proxies(
    forwarded_for: list[str], client: str
):
    """Only what a trusted proxy wrote counts, and that is read from the right."""

    assert client == _find("10.0.0.2", *forwarded_for).address


@pytest.mark.parametrize("address", ["10.0.0.2", "::ffff:10.0.0.2", "fd00::1%eth0"])
def test_a_proxy_is_known_in_every_spelling(address: str):
    """A mapped address and a zone name the same machine."""

    assert _find(address, "198.51.100.1").address == "198.51.100.1"


@pytest.mark.parametrize(
    ("forwarded_for", "proto", "secure"),
    [
        (["198.51.100.1"], ["https"], True),
        (["198.51.100.1"], ["HTTPS"], True),
        (["198.51.100.1"], ["http"], False),
        (["198.51.100.1"], ["gopher"], False),
        (["198.51.100.1"], ["https, http"], False),
        (["198.51.100.1"], ["https", "http"], False),
        (["198.51.100.1, 10.0.0.7"], ["https, http"], True),
        (["198.51.100.1, 10.0.0.7"], ["https, http, http"], False),
        (["198.51.100.1, 10.0.0.7"], ["https"], True),
        ([], ["https"], True),
    ],
)
def test_the_scheme_is_the_one_that_our_proxy_saw(
    forwarded_for: list[str], proto: list[str], secure: bool
):
    """What the client wrote in front of the proxy's own word is passed over."""

    peer = _find("10.0.0.2", *forwarded_for, proto=tuple(proto))

    assert secure == peer.secure


@pytest.mark.parametrize(
    ("forwarded_for", "hosts", "host"),
    [
        ("198.51.100.1", ["board.example"], "board.example"),
        ("198.51.100.1", ["evil.example, board.example:8443"], "board.example:8443"),
        ("198.51.100.1, 10.0.0.7", ["board.example, inner"], "board.example"),
        ("198.51.100.1", [], ""),
    ],
)
def test_the_host_is_the_one_that_our_proxy_saw(
    forwarded_for: str, hosts: list[str], host: str
):
    """What the client wrote in front of the proxy's own word is passed over."""

    assert host == _find("10.0.0.2", forwarded_for, hosts=tuple(hosts)).host


def test_a_stranger_s_word_for_the_host_is_nothing():
    """The header Host is all that is known then."""

    assert _find("203.0.113.9", hosts=("evil.example",)).host == ""


def test_without_a_word_the_connection_itself_counts():
    """A proxy that says nothing of the scheme does not make https of http."""

    assert not _find("10.0.0.2", "198.51.100.1").secure
    assert _find("203.0.113.9", scheme="https").secure


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1.2.3.4.5", "a:b:c", "[]"])
def test_what_is_no_address_is_none(text: str):
    """Garbage is not taken for somebody."""

    assert parse_address(text) is None
