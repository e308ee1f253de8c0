"""The health check's answer, in Homarr's words."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from dashboard.bus import Bus
from dashboard.database import Database

logger = logging.getLogger(__name__)


async def check_health(database: Database, bus: Bus) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the body that says so; latencies in milliseconds.

    A Redis that was not asked for is "disabled", which is well.
    """
    checks = {
        "database": await _check("database", database.check),
        "redis": await _check("redis", bus.check),
    }
    healthy = all(check["status"] != "unhealthy" for check in checks.values())
    status = "healthy" if healthy else "unhealthy"
    return healthy, {"status": status, "healthChecks": checks}


async def _check(
    name: str, check: Callable[[], Awaitable[float | None]]
) -> dict[str, Any]:
    try:
        seconds = await check()
    except Exception as error:
        # Whatever it is, the answer is that this part does not work; its details are
        # for the log, since anybody may ask.
        logger.warning("the health check of the %s failed", name, exc_info=error)
        return {"status": "unhealthy", "error": {}}

    if seconds is None:
        return {"status": "disabled"}

    return {"status": "healthy", "latency": round(seconds * 1000, 3)}
