"""Behind a proxy: who is believed about https and about the client's address."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from quart import Quart

from dashboard.settings import Settings

from .helpers import ADMIN, PASSWORD, Browser

PROXY, STRANGER = "10.0.0.2", "192.0.2.1"


@pytest.fixture(name="settings")
def _settings() -> Settings:
    return Settings(auth_secret="x", trusted_proxies=(ip_network("10.0.0.0/8"),))


async def _log_in(browser: Browser, password: str, **headers: str) -> tuple[int, str]:
    form = await browser.get("/auth/login", **headers)
    cookies = str(form.headers.get("Set-Cookie", ""))
    page = await browser.post(
        "/auth/login",
        {"csrf_token": form.form_token, "name": ADMIN, "password": password},
        **headers,
    )
    return page.status, cookies + str(page.headers.get("Set-Cookie", ""))


async def test_a_trusted_proxy_makes_cookies_secure(app: Quart):
    """The browser speaks https to it: both cookies are Secure, one is `__Host-`."""

    status, cookies = await _log_in(
        Browser(app, address=PROXY),
        PASSWORD,
        X_Forwarded_Proto="https",
        X_Forwarded_For="198.51.100.9",
    )

    assert status == 303
    assert "__Host-homarr.csrf-token=" in cookies
    assert cookies.count("Secure") == 2
    assert "homarr.session-token=" in cookies
    assert "__Host-homarr.session-token" not in cookies


async def test_a_stranger_cannot_say_that_it_is_https(app: Quart):
    """The header of anybody else is as if it were not there."""

    status, cookies = await _log_in(
        Browser(app, address=STRANGER), PASSWORD, X_Forwarded_Proto="https"
    )

    assert status == 303
    assert "Secure" not in cookies
    assert "__Host-" not in cookies


async def test_clients_of_one_proxy_are_told_apart(app: Quart):
    """Wrong passwords of one do not keep the others of the same proxy waiting."""

    proxy = Browser(app, address=PROXY)
    for number in range(6):
        await _log_in(proxy, f"wrong {number}", X_Forwarded_For="198.51.100.1")

    one, _ = await _log_in(proxy, PASSWORD, X_Forwarded_For="198.51.100.1")
    other, _ = await _log_in(proxy, PASSWORD, X_Forwarded_For="198.51.100.2")

    assert (one, other) == (429, 303)


@pytest.mark.parametrize("address", [PROXY, STRANGER])
async def test_the_throttle_cannot_be_escaped_with_a_header(app: Quart, address: str):
    """A made-up address in front of the real one, or without a proxy, is ignored."""

    browser = Browser(app, address=address)
    for number in range(6):
        headers = {"X_Forwarded_For": f"1.2.3.{number}, 198.51.100.3"}
        await _log_in(browser, f"wrong {number}", **headers)

    status, _ = await _log_in(
        browser, PASSWORD, X_Forwarded_For="8.8.8.8, 198.51.100.3"
    )

    assert status == 429
