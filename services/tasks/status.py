"""What the bus is told of each run: Homarr's cron-job-status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from dashboard import superjson
from dashboard.bus import Bus


def publish_status(
    bus: Bus,
    name: str,
    *,
    begun: float,
    ended: Literal["success", "error"] | None = None,
) -> None:
    """Tell that a run has begun (at Unix seconds), or has ended so or so."""
    topic = f"cron-job-status:{name}"
    moment = datetime.fromtimestamp(begun, tz=UTC)
    bus.publish(
        topic,
        {
            "name": name,
            "status": "running" if ended is None else "idle",
            "lastExecutionTimestamp": moment.isoformat(timespec="milliseconds").replace(
                "+00:00", "Z"
            ),
            "lastExecutionStatus": ended or _find_previous(bus, topic),
        },
    )


def _find_previous(bus: Bus, topic: str) -> Any:
    """How the last run ended, whichever process ran it."""
    last = bus.last(topic)
    try:
        value = None if last is None else superjson.decode(last)
    except ValueError:
        return None  # anybody who reaches Redis can publish

    return value.get("lastExecutionStatus") if isinstance(value, dict) else None
