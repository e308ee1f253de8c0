from __future__ import annotations

import pytest

from dashboard.bus import MemoryBus
from dashboard.database import Database
from dashboard.health import check_health


class BrokenBus(MemoryBus):
    """A bus whose Redis is away."""

    async def check(self) -> float | None:
        raise ConnectionError("redis at 10.0.0.1 is away")


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


async def test_a_database_that_is_closed_is_unhealthy(database: Database):
    """It is an answer and not an exception."""
    await database.close()
    healthy, body = await check_health(database, MemoryBus())

    assert not healthy
    assert body["healthChecks"]["database"] == {"status": "unhealthy", "error": {}}
