"""Events between services: `publish` in one place, `listen` in any other.

In memory by default; by Redis where REDIS_URL is set, so that processes share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dashboard.bus.memory import MemoryBus

__all__ = ["Bus", "Callback", "MemoryBus", "open_bus"]

#: Called with (topic, encoded SuperJSON) in the thread that publishes: has to be quick.
Callback = Callable[[str, bytes], None]

FIRST_CONNECTION_TIMEOUT = 2.0


class Bus(Protocol):
    """What every bus can do; in any thread, but for `check` and `close`."""

    @property
    def kind(self) -> str:
        """The word for it in the log: "memory" or "redis"."""

    def publish(self, topic: str, message: Any) -> None:
        """Send a message to all who listen; never waits."""

    def listen(
        self, topic: str, callback: Callback, *, replay: bool = True
    ) -> Callable[[], None]:
        """Call back for each message, first for the last one; returns how to end it."""

    def last(self, topic: str) -> bytes | None:
        """The topic's last message that this process knows, encoded."""

    def statistics(self) -> Mapping[str, int]:
        """Counters since the start."""

    async def check(self) -> float | None:
        """Seconds to Redis and back; None where no Redis is configured."""

    async def close(self) -> None:
        """Send what is queued, within a bound, and let go of the connections."""


async def open_bus(redis_url: str | None) -> Bus:
    """Make the bus that the settings ask for; Redis code is loaded only then.

    A Redis that does not answer at once is waited for in the background.
    """
    if redis_url is None:
        return MemoryBus()

    from dashboard.bus.redis import RedisBus

    bus = RedisBus(redis_url)
    bus.start()
    await bus.wait_connected(FIRST_CONNECTION_TIMEOUT)
    return bus
