"""What is looked at first: the path, the method, who calls, and only then with what."""

from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType

import pytest

from dashboard.trpc import routers

from ..helpers import Browser

GARBAGE = b"{"


class _BrokenFinder(MetaPathFinder):
    """Finds one module, and fails to."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "dashboard.trpc.routers.broken":
            raise SystemExit("a file that was installed by half")


@pytest.fixture(name="broken")
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router whose file cannot be imported."""

    monkeypatch.setattr(sys, "meta_path", [_BrokenFinder(), *sys.meta_path])
    monkeypatch.setitem(routers.ROUTERS, "broken", "broken")


@pytest.mark.parametrize("body", [GARBAGE, b"null", b"[]", b'{"json":{"id":5}}'])
@pytest.mark.parametrize("query", ["", "?batch=1"])
async def test_who_may_not_call_is_told_that_first(
    stranger: Browser, member: Browser, body: bytes, query: str
):
    """401 whatever was sent, as by tRPC's own server; members hear what is wrong."""

    path = f"/api/trpc/apiKeys.delete{query}"

    assert (await stranger.post_json(path, body)).status == 401
    assert (await member.post_json(path, body)).status == 400


@pytest.mark.parametrize("query", ["", "?batch=1"])
async def test_an_input_that_nobody_takes_is_not_looked_at(
    stranger: Browser, query: str
):
    """As in tRPC: where there is no input, none can be wrong."""

    page = await stranger.post_json(f"/api/trpc/probe.reset{query}", GARBAGE)

    assert page.status == 200


async def test_a_path_that_is_not_there_goes_before_its_input(stranger: Browser):
    """404, whatever was sent."""

    page = await stranger.post_json("/api/trpc/no.such", GARBAGE)

    assert page.status == 404


async def test_a_router_that_cannot_be_loaded_fails_its_own_calls(
    stranger: Browser, broken: None, caplog: pytest.LogCaptureFixture
):
    """The others of the batch are answered; the log tells why."""

    page = await stranger.get("/api/trpc/probe.null,broken.read,no.such?batch=1")
    first, second, third = json.loads(page.text)

    assert page.status == 207
    assert first == {"result": {"data": {"json": None}}}
    assert second["error"]["json"]["data"]["code"] == "INTERNAL_SERVER_ERROR"
    assert second["error"]["json"]["data"]["path"] == "broken.read"
    assert third["error"]["json"]["data"]["code"] == "NOT_FOUND"
    assert "installed by half" not in page.text
    assert "procedure 'broken.read' cannot be loaded" in caplog.text


async def test_a_router_of_rest_that_cannot_be_loaded_is_told_in_json(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """500 in the shape of its other errors, and the log tells why."""

    def fail(prefix: str) -> ModuleType:
        raise ImportError(prefix)

    from services.web.rest import addresses

    addresses.list_addresses.cache_clear()
    monkeypatch.setattr(addresses, "load_router", fail)
    page = await stranger.get("/api/apps")

    assert page.status == 500
    assert json.loads(page.text)["code"] == "INTERNAL_SERVER_ERROR"
    assert "a REST call failed" in caplog.text


@pytest.mark.parametrize(
    "host", ["a" * 64 + ".test", "a..test", "x" * 300, ".test", "a" * 64 + ":3000"]
)
@pytest.mark.parametrize(
    "path", ["/", "/api/trpc/probe.null", "/api/apps", "/static/x", "/no/such"]
)
async def test_a_host_that_can_be_no_name_is_a_bad_request(
    stranger: Browser, host: str, path: str
):
    """A label of more than 63 letters, or of none: 400, whatever was asked for."""

    page = await stranger.get(path, Host=host)

    assert page.status == 400
    if path.startswith("/api/trpc"):
        data = json.loads(page.text)["error"]["json"]["data"]
        assert data["code"] == "BAD_REQUEST"
