"""A bounded queue from any thread to the event loop; full, it drops the oldest."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

#: About twenty minutes of a busy dashboard; at most a few hundred KiB.
LIMIT = 1000

#: A topic, and the message's bytes.
Entry = tuple[str, bytes]


class Outgoing:
    """Entries wait here until `take` and `done`; `put` never blocks."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.dropped = 0
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque()
        self._taken: list[Entry] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop that takes; what was put before is not lost."""
        with self._lock:
            self._loop = loop
            self._wake()

    def put(self, topic: str, encoded: bytes) -> None:
        """Add an entry, in any thread."""
        with self._lock:
            if len(self._entries) >= self._limit:
                self._entries.popleft()
                self.dropped += 1

            self._entries.append((topic, encoded))
            if len(self._entries) == 1:
                self._wake()

    async def take(self, count: int) -> list[Entry]:
        """Wait for entries and take the oldest; until `done` they are taken again."""
        while True:
            with self._lock:
                while self._entries and len(self._taken) < count:
                    self._taken.append(self._entries.popleft())

                if self._taken:
                    return list(self._taken)

                self._filled.clear()

            await self._filled.wait()

    def done(self) -> None:
        """What was taken has been sent."""
        with self._lock:
            self._taken.clear()
            if not self._entries:
                self._emptied.set()

    def topics(self) -> set[str]:
        """The topics that something waits for."""
        with self._lock:
            return {topic for topic, _ in (*self._taken, *self._entries)}

    async def wait_empty(self) -> None:
        """Wait until everything has been sent."""
        while self.topics():
            self._emptied.clear()
            await self._emptied.wait()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._filled.set)
