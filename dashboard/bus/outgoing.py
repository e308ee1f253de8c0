"""A bounded queue from any thread to the event loop; full, it drops the oldest."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

#: About twenty minutes of a busy dashboard; mostly a few hundred KiB.
LIMIT = 1000
#: What the messages take together, in bytes, the topics not counted.
MAX_BYTES = 8 * 1024 * 1024
#: What is taken at once: more might not get through a slow line before its timeout.
BATCH_BYTES = 256 * 1024

#: A topic, the message's bytes, and whether it is to be kept as the topic's last.
Entry = tuple[str, bytes, bool]


class Outgoing:
    """Entries wait here until `take` and `done`; `put` never blocks."""

    def __init__(self, *, limit: int = LIMIT, max_bytes: int = MAX_BYTES) -> None:
        self.dropped = 0
        #: The bytes of what waits, without what has been taken.
        self.size = 0
        self._limit = limit
        self._max_bytes = max_bytes
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

    def put(self, topic: str, encoded: bytes, *, keep: bool = True) -> None:
        """Add an entry, in any thread.

        What is not kept may fill half of the queue: a log that is written quickly
        does not push out what others have to know.
        """
        with self._lock:
            full = not keep and len(self._entries) >= self._limit // 2
            if full or len(encoded) > self._max_bytes:
                self.dropped += 1
                return

            self._entries.append((topic, encoded, keep))
            self.size += len(encoded)
            while len(self._entries) > self._limit or self.size > self._max_bytes:
                self._take_first()
                self.dropped += 1

            if len(self._entries) == 1:
                self._wake()

    def __len__(self) -> int:
        return len(self._entries) + len(self._taken)

    async def take(self, count: int) -> list[Entry]:
        """Wait for entries and take the oldest; until `done` they are taken again."""
        while True:
            with self._lock:
                size = sum(len(encoded) for _, encoded, _ in self._taken)
                while self._entries and len(self._taken) < count and size < BATCH_BYTES:
                    self._taken.append(self._take_first())
                    size += len(self._taken[-1][1])

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
        """The topics whose last message is still to be sent."""
        with self._lock:
            waiting = (*self._taken, *self._entries)
            return {topic for topic, _, keep in waiting if keep}

    async def wait_empty(self) -> None:
        """Wait until everything has been sent."""
        while len(self):
            self._emptied.clear()
            await self._emptied.wait()

    def _take_first(self) -> Entry:
        entry = self._entries.popleft()
        self.size -= len(entry[1])
        return entry

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._filled.set)
