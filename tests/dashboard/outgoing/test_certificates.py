"""Whose word is taken: a real TLS server with a certificate of its own making."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.streams.tls import TLSListener

from dashboard.errors import OutgoingError
from dashboard.outgoing import fetch, fetch_status, requests
from dashboard.settings import Settings
from tests.dashboard.remote import Remote, answer

from .conftest import NameServer

#: A key, and a certificate for home.example that it signs itself, until 2120.
CERTIFICATE = Path(__file__).with_name("home.pem")
SETTINGS = Settings()


@pytest.fixture(name="home")
async def _home() -> AsyncIterator[Remote]:
    home = Remote()
    home.answers["/"] = answer("here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    tcp = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    home.port = tcp.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610
    listener = TLSListener(tcp, context, standard_compatible=False)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, home.handle)
        yield home
        tasks.cancel_scope.cancel()


def make_url(home: Remote, host: str) -> str:
    """The URL of the server by one of its names."""
    return home.url(host=host).replace("http:", "https:")


async def test_a_ping_takes_any_certificate(home: Remote, resolve: NameServer):
    """A device that signs its own is there all the same."""
    resolve("other.example", ["127.0.0.1"])
    for host in ("127.0.0.1", "other.example"):
        assert await fetch_status(make_url(home, host), settings=SETTINGS) == 200


async def test_contents_are_taken_from_nobody_unknown(home: Remote):
    """The cause says that it is the certificate."""
    with pytest.raises(OutgoingError, match="CERTIFICATE_VERIFY_FAILED"):
        await fetch(make_url(home, "127.0.0.1"), settings=SETTINGS)

    assert home.requests == []


async def test_a_certificate_is_checked_for_the_name_of_the_url(
    home: Remote, resolve: NameServer, monkeypatch: pytest.MonkeyPatch
):
    """And not for the address that the connection went to."""
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    monkeypatch.setattr(requests, "load_certificates", lambda: trusting)
    for host in ("home.example", "other.example"):
        resolve(host, ["127.0.0.1"])

    found = await fetch(make_url(home, "home.example"), settings=SETTINGS)

    assert found.body == b"here"
    with pytest.raises(OutgoingError, match="Hostname mismatch"):
        await fetch(make_url(home, "other.example"), settings=SETTINGS)
