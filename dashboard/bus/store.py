"""Bytes by name, within a bound of memory: what was used longest ago goes first."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import inf

#: The same bound as deploy/redis.conf gives to Redis.
MAX_BYTES = 64 * 1024 * 1024
#: What an entry takes beside its name and value, measured on CPython 3.11 (64 bit).
ENTRY_BYTES = 271
#: How often what has expired is looked for, so that it does not wait for its turn.
SWEEP_INTERVAL = 60.0


class Store:
    """Values in this process, in any thread; lost with it."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        largest: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_bytes = max_bytes
        #: A value above this is not kept: it would push out most of the others.
        self.largest = max_bytes // 8 if largest is None else largest
        #: About how much memory the entries take, in bytes.
        self.size = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._sweep_at = clock() + SWEEP_INTERVAL

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> bytes | None:
        """The value, if it is here and has not expired; now it is the last used."""
        with self._lock:
            found = self._entries.get(name)
            if found is None:
                return None

            value, expires = found
            if expires <= self._clock():
                self._drop(name)
                return None

            self._entries.move_to_end(name)
            return value

    def set(self, name: str, value: bytes, *, ttl: float = inf) -> None:
        """Keep a value for `ttl` seconds, or until others need the room."""
        with self._lock:
            now = self._clock()
            self._drop(name)
            if now >= self._sweep_at:
                self._sweep(now)

            if _size(name, value) > self.largest or ttl <= 0:
                return

            self._entries[name] = value, now + ttl
            self.size += _size(name, value)
            while self.size > self.max_bytes:
                self._drop(next(iter(self._entries)))

    def delete(self, name: str) -> None:
        """Forget a value; that it is not here is no error."""
        with self._lock:
            self._drop(name)

    def _drop(self, name: str) -> None:
        value, _ = self._entries.pop(name, (None, 0))
        if value is not None:
            self.size -= _size(name, value)

    def _sweep(self, now: float) -> None:
        self._sweep_at = now + SWEEP_INTERVAL
        for name in [n for n, (_, expires) in self._entries.items() if expires <= now]:
            self._drop(name)


def _size(name: str, value: bytes) -> int:
    # A name beyond Latin-1 takes two or four bytes for each of its characters.
    return ENTRY_BYTES + sys.getsizeof(name) + len(value)
