from __future__ import annotations

import logging

import pytest

from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.health import check_health


class BrokenBus(MemoryBus):
    """A bus whose Redis is away."""

    async def check(self) -> float | None:
        raise ConnectionError("redis at 10.0.0.1 is away")


class MendedBus(BrokenBus):
    """A bus that is broken for so many checks."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    async def check(self) -> float | None:
        self.left -= 1
        return await super().check() if self.left >= 0 else 0.0015


class QuickBus(MemoryBus):
    """A bus whose Redis answers."""

    async def check(self) -> float | None:
        return 0.0015


async def test_health_without_redis_is_health(database: Database):
    """The keys stand in Homarr's order."""
    healthy, body = await check_health(database, MemoryBus())

    assert healthy
    assert list(body) == ["status", "healthChecks"]
    assert body["status"] == "healthy"
    assert body["healthChecks"]["redis"] == {"status": "disabled"}
    assert body["healthChecks"]["database"]["status"] == "healthy"
    assert body["healthChecks"]["database"]["latency"] > 0


async def test_latencies_are_milliseconds(database: Database):
    """As a number with a fraction."""
    _, body = await check_health(database, QuickBus())

    assert body["healthChecks"]["redis"] == {"status": "healthy", "latency": 1.5}


async def test_a_redis_that_is_away_is_told_without_details(
    database: Database, caplog: pytest.LogCaptureFixture
):
    """Anybody may ask; the log has the cause."""
    healthy, body = await check_health(database, BrokenBus())

    assert not healthy
    assert body["status"] == "unhealthy"
    assert body["healthChecks"]["redis"] == {"status": "unhealthy", "error": {}}
    assert "10.0.0.1" in caplog.text


async def test_the_log_is_told_when_a_check_changes(
    database: Database, caplog: pytest.LogCaptureFixture
):
    """However often a container asks: one line when it fails, one when it is well."""
    caplog.set_level(logging.INFO, "dashboard.health")
    bus = MendedBus(5)
    healthy = [(await check_health(database, bus))[0] for _ in range(8)]

    assert healthy == [False] * 5 + [True] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "the health check of the redis failed",
        "the health check of the redis is well again",
    ]


async def test_a_database_that_is_closed_is_unhealthy(database: Database):
    """It is an answer and not an exception."""
    await database.close()
    healthy, body = await check_health(database, MemoryBus())

    assert not healthy
    assert body["healthChecks"]["database"] == {"status": "unhealthy", "error": {}}
