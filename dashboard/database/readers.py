"""A pool of connections that only read, opened when they are first needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from dashboard.database.drivers import Connection


class Readers:
    """At most `size` connections; one that is free is used before another is opened."""

    def __init__(
        self, open_reader: Callable[[], Awaitable[Connection]], *, size: int
    ) -> None:
        self._open = open_reader
        self.size = size
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    @property
    def free(self) -> bool:
        """Whether one could be taken without waiting."""
        return not self._free.locked()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Connection]:
        """Have a connection for a while, once there is one."""
        async with self._free:
            reader = self._idle.pop() if self._idle else await self._open()
            try:
                yield reader
            finally:
                if self._closed:
                    # `close` did not wait any longer.
                    await reader.close()
                else:
                    self._idle.append(reader)

    async def wait_free(self) -> None:
        """Wait until all are given back, and let nobody have one any more."""
        for _ in range(self.size):
            await self._free.acquire()

    async def close(self) -> None:
        """Close those that are free now, and the others when they are given back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
