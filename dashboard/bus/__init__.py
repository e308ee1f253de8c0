"""Events between services: `publish` in one place, `listen` in any other.

In memory by default; by Redis where REDIS_URL is set, so that processes share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dashboard.bus.memory import MemoryBus
from dashboard.bus.store import MAX_BYTES, Store

__all__ = ["Bus", "Callback", "MemoryBus", "Remote", "open_bus"]

#: Called with (topic, encoded SuperJSON) in the thread that publishes: has to be quick.
Callback = Callable[[str, bytes], None]

FIRST_CONNECTION_TIMEOUT = 2.0


class Remote(Protocol):
    """Values in Redis; each call is bounded and raises RedisUnavailableError."""

    async def get(self, name: str) -> bytes | None:
        """The value, or None."""

    async def set(self, name: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds."""

    async def delete(self, name: str) -> None:
        """Forget a value, if need be as soon as Redis can be reached again."""


class Bus(Protocol):
    """What every bus can do; in any thread, but for `check`, `close` and `remote`."""

    @property
    def kind(self) -> str:
        """The word for it in the log: "memory" or "redis"."""

    @property
    def store(self) -> Store:
        """This process's bounded memory, where the last messages are too."""

    @property
    def remote(self) -> Remote | None:
        """What the processes of one Redis share; None without Redis."""

    def publish(self, topic: str, message: Any, *, keep: bool = True) -> None:
        """Send a message to all who listen; never waits.

        Without `keep` it is for those who listen now: nobody gets it replayed, and
        Redis does not store it.
        """

    def heard(self, topic: str) -> bool:
        """Whether anybody may be listening; with Redis nobody can say no."""

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


async def open_bus(redis_url: str | None, *, max_bytes: int = MAX_BYTES) -> Bus:
    """Make the bus that the settings ask for; Redis code is loaded only then.

    Its last messages, and what else is kept in its store, take `max_bytes` at most.
    A Redis that does not answer at once is waited for in the background.
    """
    store = Store(max_bytes=max_bytes)
    if redis_url is None:
        return MemoryBus(store=store)

    from dashboard.bus.redis import RedisBus

    bus = RedisBus(redis_url, store=store)
    bus.start()
    await bus.wait_connected(FIRST_CONNECTION_TIMEOUT)
    return bus
