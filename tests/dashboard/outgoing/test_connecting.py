"""Addresses are checked after names are looked up, and again on each redirect."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import anyio
import httpcore
import pytest

from dashboard.errors import OutgoingError
from dashboard.outgoing import connecting, fetch, fetch_status
from dashboard.settings import Settings
from tests.dashboard.remote import Remote, answer, redirect

from .conftest import NameServer

SETTINGS = Settings()
METADATA = "169.254.169.254"


@pytest.fixture(name="connected", autouse=True)
def _connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each address that a connection was tried to; nothing but loopback answers."""
    tried: list[str] = []
    connect = httpcore.AnyIOBackend.connect_tcp

    async def connect_tcp(self: Any, host: str, port: int, *rest: Any) -> Any:
        tried.append(host)
        if host != "127.0.0.1":
            raise httpcore.ConnectError("nobody is there")

        return await connect(self, host, port, *rest)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    return tried


@pytest.mark.parametrize(
    "host",
    [METADATA, "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1", "[::ffff:169.254.169.254]"],
)
async def test_contents_are_not_fetched_from_there(host: str, connected: list[str]):
    """Not even a connection is made, and the setting is named."""
    with pytest.raises(OutgoingError, match="OUTGOING_ALLOWED_NETWORKS"):
        await fetch(f"http://{host}/latest", settings=SETTINGS)

    assert connected == []


@pytest.mark.parametrize("stored", [True, False])
async def test_a_name_does_not_lead_there(
    resolve: NameServer, connected: list[str], stored: bool
):
    """What a name's owner says today is not what was meant when it was stored."""
    ask = fetch_status if stored else fetch
    for address in (METADATA, "169.254.1.1", "fe80::1", "::", "ff02::1"):
        resolve("evil.example", [address])
        with pytest.raises(OutgoingError, match="address"):
            await ask("http://evil.example/", settings=SETTINGS)

    assert connected == []


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("host", [METADATA, "169.254.1.1", "[fe80::1]", "evil.example"])
async def test_a_redirect_does_not_lead_there(
    remote: Remote,
    resolve: NameServer,
    connected: list[str],
    host: str,
    stored: bool,
):
    """Neither by an address nor by a name, also from the URL of an app."""
    resolve("evil.example", [METADATA])
    remote.answers["/"] = redirect(f"http://{host}/latest/meta-data")
    ask = fetch_status if stored else fetch
    with pytest.raises(OutgoingError, match=r"after 1 redirects: .* address"):
        await ask(remote.url(), settings=SETTINGS)

    assert connected == ["127.0.0.1"]


async def test_the_address_of_an_app_may_be_link_local(connected: list[str]):
    """Where it is written in the URL; a zone says which interface is meant."""
    for host in ("169.254.1.1", "[fe80::1%25eth0]"):
        with pytest.raises(OutgoingError, match="nobody is there"):
            await fetch_status(f"http://{host}/", settings=SETTINGS)

    assert connected == ["169.254.1.1", "fe80::1%eth0"]


async def test_the_setting_opens_networks(
    remote: Remote, resolve: NameServer, connected: list[str]
):
    """For names and redirects too."""
    settings = Settings(outgoing_allowed_networks=(ip_network("169.254.1.0/24"),))
    resolve("printer.local", ["169.254.1.7"])
    remote.answers["/"] = redirect("http://printer.local/")
    with pytest.raises(OutgoingError, match="nobody is there"):
        await fetch(remote.url(), settings=settings)

    assert connected == ["127.0.0.1", "169.254.1.7"]


async def test_what_was_checked_is_what_is_connected_to(
    remote: Remote, resolve: NameServer, connected: list[str]
):
    """A name is looked up once: what its server says next is not heard."""
    remote.answers["/"] = answer("here")
    resolve("home.example", ["127.0.0.1"], [METADATA])
    found = await fetch(remote.url(host="home.example"), settings=SETTINGS)

    assert found.body == b"here"
    assert connected == ["127.0.0.1"]
    assert f"Host: home.example:{remote.port}" in remote.requests[0]


async def test_the_good_addresses_of_a_name_are_used(
    remote: Remote, resolve: NameServer, connected: list[str]
):
    """A device in the network often has a link-local address as well."""
    remote.answers["/"] = answer("here")
    resolve("home.example", ["fe80::1", "127.0.0.1"])
    await fetch(remote.url(host="home.example"), settings=SETTINGS)

    assert connected == ["127.0.0.1"]


async def test_a_dead_address_does_not_keep_the_next_from_being_tried(
    remote: Remote, resolve: NameServer, connected: list[str]
):
    """The next one is asked at once where one refuses."""
    remote.answers["/"] = answer("here")
    resolve("home.example", ["192.0.2.1", "192.0.2.2", "127.0.0.1"])
    found = await fetch(remote.url(host="home.example"), settings=SETTINGS)

    assert found.body == b"here"
    assert connected == ["192.0.2.1", "192.0.2.2", "127.0.0.1"]


async def test_a_silent_address_does_not_keep_the_next_from_being_tried(
    remote: Remote, resolve: NameServer, monkeypatch: pytest.MonkeyPatch
):
    """IPv6 that leads nowhere does not make a site look dead."""
    connect = httpcore.AnyIOBackend.connect_tcp
    ended: list[str] = []

    async def connect_tcp(self: Any, host: str, port: int, *rest: Any) -> Any:
        if host == "127.0.0.1":
            return await connect(self, host, port, *rest)

        try:
            await anyio.sleep_forever()
        finally:
            ended.append(host)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    monkeypatch.setattr(connecting, "HEAD_START", 0.01)
    remote.answers["/"] = answer("here")
    resolve("home.example", ["2001:db8::1", "127.0.0.1"])
    found = await fetch(remote.url(host="home.example"), settings=SETTINGS)

    assert found.body == b"here"
    assert ended == ["2001:db8::1"]


async def test_few_of_many_addresses_are_tried(
    resolve: NameServer, connected: list[str]
):
    """A name server cannot make us knock at a thousand doors."""
    resolve("many.example", [f"192.0.2.{number}" for number in range(100)])
    with pytest.raises(OutgoingError, match="nobody is there"):
        await fetch("http://many.example/", settings=SETTINGS)

    assert len(connected) == connecting.MOST_ADDRESSES
