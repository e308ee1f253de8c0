"""The web service with the tests' own router below /api/things, and a key for it."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart

from dashboard.accounts import create_api_key, create_user, list_users
from dashboard.database import Database
from dashboard.resources import Resources
from dashboard.trpc import routers
from services.web import create_app
from services.web.rest import addresses, openapi

from ..helpers import ADMIN, GUEST, GUEST_PASSWORD, FakeClock, FakeMonitor
from . import things


@pytest.fixture(name="app")
async def _app(
    resources: Resources,
    monitor: FakeMonitor,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Quart]:
    module = "dashboard.trpc.routers.things_of_the_tests"
    monkeypatch.setitem(sys.modules, module, things)
    monkeypatch.setitem(routers.ROUTERS, "thing", "things_of_the_tests")
    monkeypatch.setitem(addresses.ROUTERS, "things", "thing")
    addresses.list_addresses.cache_clear()
    openapi._encode.cache_clear()
    app = create_app(resources=resources, monitor=monitor, now=clock)
    async with app.test_app():
        yield app

    addresses.list_addresses.cache_clear()
    openapi._encode.cache_clear()


@pytest.fixture(name="key")
async def _key(database: Database) -> str:
    """The administrator's key."""

    admin = next(user for user in await list_users(database) if user.name == ADMIN)
    _, header = await create_api_key(database, user_id=admin.id)
    return header


@pytest.fixture(name="guest_key")
async def _guest_key(database: Database) -> str:
    """The key of somebody who may do nothing in particular."""

    user = await create_user(database, name=GUEST, password=GUEST_PASSWORD)
    _, header = await create_api_key(database, user_id=user.id)
    return header


@pytest.fixture(name="document", scope="session")
def _document() -> dict[str, Any]:
    """The document as clients read it."""

    return json.loads(json.dumps(openapi.build_document("http://localhost")))
