"""The cache of the application; it belongs to the asyncio lane."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from dashboard import superjson
from dashboard.bus import Bus, MemoryBus
from dashboard.errors import RedisUnavailableError

#: What the names of its values start with in the store.
PREFIX = "cache:"
#: Tells the other processes of one Redis which key is no longer to be believed.
DELETED = "cache:deleted"
#: How long a value lives that Redis could not take: the others do not know it.
ALONE_SECONDS = 30.0
#: How many loads run at once that nobody waits for.
MAX_BACKGROUND = 8

logger = logging.getLogger(__name__)


class Cache:
    """Values by key, each with a time to live; the least used go when room is short.

    With Redis every process that shares it has the same values. While Redis is away
    or slow, each has its own for a short time, and no caller notices.
    """

    def __init__(self, bus: Bus | None = None) -> None:
        self._bus: Bus = MemoryBus() if bus is None else bus
        self._store = self._bus.store
        self._remote = self._bus.remote
        #: The loads under way. One whose key is deleted or set meanwhile is taken out:
        #: its callers get the value, and nobody after them.
        self._flights: dict[str, asyncio.Task[bytes]] = {}
        # The event loop itself holds its tasks weakly.
        self._running: set[asyncio.Task[bytes]] = set()
        self._places = asyncio.Semaphore(MAX_BACKGROUND)
        self._counters = {"hits": 0, "misses": 0, "loads": 0, "failed": 0}
        self._unlisten = self._bus.listen(DELETED, self._forget, replay=False)

    async def get(self, key: str) -> bytes | None:
        """The value of a key, or None."""
        found = await self._find(key)
        self._counters["misses" if found is None else "hits"] += 1
        return found

    async def set(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds at most."""
        self._flights.pop(key, None)
        await self._keep(key, value, ttl)

    async def delete(self, key: str) -> None:
        """Forget a key, here and in every process that shares the Redis.

        A load of it that is under way is not kept.
        """
        await self._drop(key)
        self._bus.publish(DELETED, key, keep=False)

    async def load(
        self, key: str, function: Callable[[], Awaitable[Any]], *, ttl: float
    ) -> Any:
        """The kept value, or what `function` returns, which is then kept.

        Values are what SuperJSON can encode, and come back decoded. Whoever asks while
        it runs waits for the same run, and gets its exception if it fails; a failure
        is not kept. A caller who is cancelled does not end the run for the others.
        """
        if self._remote is None:
            kept = self._store.get(PREFIX + key)
            if kept is not None:
                with suppress(ValueError):
                    value = superjson.decode(kept)
                    self._counters["hits"] += 1
                    return value

        return superjson.decode(await asyncio.shield(self._start(key, function, ttl)))

    def load_soon(
        self, key: str, function: Callable[[], Awaitable[Any]], *, ttl: float
    ) -> None:
        """Load in the background, a few keys at a time; `close` ends it.

        As with `load`, nothing is run for a key that is kept or under way.
        """
        self._start(key, partial(self._run_in_turn, key, function), ttl)

    def statistics(self) -> Mapping[str, int]:
        """Counters since the start, and the bytes that this process keeps."""
        return {**self._counters, "bytes": self._store.size}

    async def close(self) -> None:
        """End the loads that are under way."""
        self._unlisten()
        running = list(self._running)
        for flight in running:
            flight.cancel()

        await asyncio.gather(*running, return_exceptions=True)

    def _start(
        self, key: str, function: Callable[[], Awaitable[Any]], ttl: float
    ) -> asyncio.Task[bytes]:
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key, function, ttl))
            self._flights[key] = flight
            self._running.add(flight)
            flight.add_done_callback(self._land)

        return flight

    async def _run_in_turn(
        self, key: str, function: Callable[[], Awaitable[Any]]
    ) -> Any:
        async with self._places:
            try:
                return await function()
            except Exception:
                # Nobody waits, so nobody else would say it.
                logger.exception("loading %r in the background failed", key)
                raise

    async def _fly(
        self, key: str, function: Callable[[], Awaitable[Any]], ttl: float
    ) -> bytes:
        this = asyncio.current_task()
        try:
            kept = await self.get(key)
            if kept is not None and _is_readable(kept):
                return kept

            self._counters["loads"] += 1
            try:
                encoded = superjson.encode(await function())
            except Exception:
                self._counters["failed"] += 1
                raise

            if self._flights.get(key) is this:
                await self._keep(key, encoded, ttl)

            return encoded
        finally:
            if self._flights.get(key) is this:
                del self._flights[key]

    def _land(self, flight: asyncio.Task[bytes]) -> None:
        self._running.discard(flight)
        if not flight.cancelled():
            # Where nobody waits any more, nobody would ask for it.
            flight.exception()

    async def _find(self, key: str) -> bytes | None:
        if self._remote is not None:
            with suppress(RedisUnavailableError):
                return await self._remote.get(key)

        return self._store.get(PREFIX + key)

    async def _keep(self, key: str, value: bytes, ttl: float) -> None:
        if len(value) > self._store.largest:
            await self._drop(key)
            return

        if self._remote is not None:
            try:
                await self._remote.set(key, value, ttl=ttl)
            except RedisUnavailableError:
                ttl = min(ttl, ALONE_SECONDS)
            else:
                self._store.delete(PREFIX + key)
                return

        self._store.set(PREFIX + key, value, ttl=ttl)

    async def _drop(self, key: str) -> None:
        self._store.delete(PREFIX + key)
        if self._remote is not None:
            with suppress(RedisUnavailableError):  # it goes as soon as it can
                await self._remote.delete(key)

    def _forget(self, _topic: str, encoded: bytes) -> None:
        """Somebody has deleted a key, in this process or in another."""
        key = superjson.decode(encoded)
        if isinstance(key, str):
            self._store.delete(PREFIX + key)
            self._flights.pop(key, None)


def _is_readable(value: bytes) -> bool:
    try:
        superjson.decode(value)
    except ValueError:
        # Anybody who reaches Redis can write to it.
        return False

    return True
