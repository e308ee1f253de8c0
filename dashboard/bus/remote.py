"""Values in Redis, for callers who must never wait long nor fail because of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from redis.asyncio import Redis

from dashboard.bus.client import describe
from dashboard.errors import RedisUnavailableError

logger = logging.getLogger(__name__)

#: Homarr's, for what it keeps for a while.
PREFIX = "cache:"
#: Seconds for one call; who waits longer is better served without.
CALL_TIMEOUT = 0.5
#: Calls at once, each on a connection of its own.
CALLS = 8
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 2.0
#: Names that wait to be deleted; above this, everything that may be old goes.
STALE = 10_000


class RedisRemote:
    """After a call that fails none is made for a while; then one tries, alone."""

    def __init__(
        self,
        open_client: Callable[[], Redis],
        is_connected: Callable[[], bool],
        doubt: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_client = open_client
        #: Whether the bus has Redis: what it has noted already is not tried again.
        self._is_connected = is_connected
        #: Has the bus ask Redis: it may have gone without a word.
        self._doubt = doubt
        self._clock = clock
        self._client: Redis | None = None
        self._slots = asyncio.Semaphore(CALLS)
        self._failures = 0
        self._retry_at = 0.0
        #: What failed last, and whether the log has been told of it.
        self._reason = ""
        self._noted = False
        # Changed here and not there, as far as we know: not to be believed there.
        self._stale: set[str] = set()
        self._all_stale = False
        self._catching_up = asyncio.Lock()

    async def get(self, name: str) -> bytes | None:
        """The value, or None; raises RedisUnavailableError."""
        value = await self._call(lambda client: client.get(PREFIX + name))
        if value is None or isinstance(value, bytes):
            return value

        raise RedisUnavailableError(f"a value is a {type(value).__name__}")

    async def set(self, name: str, value: bytes, *, ttl: float) -> None:
        """Keep a value; raises RedisUnavailableError, and then none is kept there."""
        milliseconds = max(1, round(ttl * 1000))
        await self._change(
            name, lambda client: client.set(PREFIX + name, value, px=milliseconds)
        )

    async def delete(self, name: str) -> None:
        """Forget a value; raises RedisUnavailableError, and then it goes later."""
        await self._change(name, lambda client: client.delete(PREFIX + name))

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def note_slow(self) -> None:
        """Say that Redis serves the bus, if it has failed here more than once."""
        if self._failures > 1 and not self._noted:
            self._noted = True
            logger.warning(
                "no cache in redis, each process has its own meanwhile: %s",
                self._reason,
            )

    async def _change(
        self, name: str, function: Callable[[Redis], Awaitable[Any]]
    ) -> None:
        try:
            await self._call(function)
        except BaseException:
            # Cancelled as well: it may have arrived or not.
            self._stale.add(name)
            if len(self._stale) > STALE:
                self._stale.clear()
                self._all_stale = True

            raise

    async def _call(self, function: Callable[[Redis], Awaitable[Any]]) -> Any:
        if not self._is_connected():
            self._failures = 0
            raise RedisUnavailableError("not connected")

        if self._clock() < self._retry_at:
            raise RedisUnavailableError("it failed a moment ago")

        trying = self._failures
        if trying:
            self._retry_at = self._clock() + 2 * CALL_TIMEOUT

        try:
            with anyio.fail_after(CALL_TIMEOUT):
                async with self._slots:
                    result = await self._ask(function)
        except Exception as error:
            # Not Redis's errors alone: what answers may be something else.
            self._note_failed(error, again=trying == self._failures)
            raise RedisUnavailableError(describe(error)) from error

        self._note_answered()
        return result

    async def _ask(self, function: Callable[[Redis], Awaitable[Any]]) -> Any:
        client = self._client
        if client is None:
            client = self._client = self._open_client()

        if self._stale or self._all_stale or self._catching_up.locked():
            async with self._catching_up:
                await self._catch_up(client)

        return await function(client)

    async def _catch_up(self, client: Redis) -> None:
        names, everything = self._stale, self._all_stale
        self._stale, self._all_stale = set(), False
        try:
            if everything:
                async for name in client.scan_iter(match=f"{PREFIX}*", count=1000):
                    await client.unlink(name)

            if names:
                await client.unlink(*(PREFIX + name for name in names))
        except BaseException:
            self._stale |= names
            self._all_stale |= everything
            raise

    def _note_failed(self, error: Exception, *, again: bool) -> None:
        if not again:
            return  # others failed at the same time, and one of them has noted it

        self._failures += 1
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        self._retry_at = self._clock() + pause
        self._reason = describe(error)
        # Not told yet: where Redis has gone, it is the bus that says so.
        self._doubt()

    def _note_answered(self) -> None:
        self._failures = 0
        self._retry_at = 0.0
        if self._noted:
            self._noted = False
            logger.info("redis serves the cache again")
