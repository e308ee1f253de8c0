"""The health check's answer, in Homarr's words."""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakSet

from dashboard.bus import Bus
from dashboard.database import Database
from dashboard.errors import RedisUnavailableError

logger = logging.getLogger(__name__)

#: Whose last check failed, as the log has been told.
_failed: WeakSet[Database | Bus] = WeakSet()


async def check_health(database: Database, bus: Bus) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the body that says so; latencies in milliseconds.

    A Redis that was not asked for is "disabled", which is well.
    """
    checks = {
        "database": await _check("database", database),
        "redis": await _check("redis", bus),
    }
    healthy = all(check["status"] != "unhealthy" for check in checks.values())
    status = "healthy" if healthy else "unhealthy"
    return healthy, {"status": status, "healthChecks": checks}


async def _check(name: str, part: Database | Bus) -> dict[str, Any]:
    try:
        seconds = await part.check()
    except RedisUnavailableError:
        # The bus has told the log.
        return {"status": "unhealthy", "error": {}}
    except Exception as error:
        # Whatever it is, the answer is that this part does not work; its details are
        # for the log, since anybody may ask.
        if part not in _failed:
            _failed.add(part)
            logger.warning("the health check of the %s failed", name, exc_info=error)

        return {"status": "unhealthy", "error": {}}

    if part in _failed:
        _failed.discard(part)
        logger.info("the health check of the %s is well again", name)

    if seconds is None:
        return {"status": "disabled"}

    return {"status": "healthy", "latency": round(seconds * 1000, 3)}
