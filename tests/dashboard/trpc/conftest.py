"""A router of the tests' own among the real ones."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.resources import Resources
from dashboard.settings import Settings
from dashboard.trpc import routers
from dashboard.trpc.procedure import Router


@pytest.fixture(name="resources")
def _resources(database: Database) -> Resources:
    return Resources(
        settings=Settings(auth_secret="a secret of the tests"),
        database=database,
        bus=MemoryBus(),
        monitor=None,
    )


@pytest.fixture(name="probe")
def _probe(monkeypatch: pytest.MonkeyPatch) -> Router:
    """An empty router "probe": what a test declares in it can be called."""

    router = Router()
    module = ModuleType("dashboard.trpc.routers.probe")
    module.router = router  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(routers.ROUTERS, "probe", "probe")
    return router
