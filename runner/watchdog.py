"""A watch over the event loops from outside of them.

A loop that is blocked, in an import or a system call, cannot notice that its
own deadline has passed; this thread does. It lives only while something starts
or drains.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

#: Seconds between two looks at the deadlines.
CHECK_INTERVAL = 0.1

T = TypeVar("T")


def find_running(thread: int | None, kind: type[T]) -> T | None:
    """Return the object of a class whose method a thread is in, at this moment.

    So a blocked event loop tells whose coroutine blocks it: a coroutine that waits
    is on no thread's stack.
    """

    frame = sys._current_frames().get(thread) if thread is not None else None

    while frame is not None:
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, kind):
            return candidate

        frame = frame.f_back

    return None


class Watchdog:
    """Deadlines by name; the first that passes is reported once."""

    def __init__(self, on_late: Callable[[str], None]) -> None:
        self._on_late = on_late
        self._deadlines: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, name: str, seconds: float) -> None:
        """Report `name` unless it is released within `seconds`."""

        with self._lock:
            self._deadlines[name] = time.monotonic() + seconds

            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._check, name="watchdog", daemon=True
                )
                self._thread.start()

    def release(self, name: str) -> None:
        """Watch `name` no more."""

        with self._lock:
            self._deadlines.pop(name, None)

    def _check(self) -> None:
        while True:
            time.sleep(CHECK_INTERVAL)

            with self._lock:
                if not self._deadlines:
                    self._thread = None
                    return

                now = time.monotonic()
                late = [name for name, at in self._deadlines.items() if at < now]
                for name in late:
                    del self._deadlines[name]

            for name in late:
                self._on_late(name)
