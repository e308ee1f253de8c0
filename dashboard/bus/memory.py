"""The bus of one process: a table of callbacks and the last message of each topic."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dashboard import superjson
from dashboard.bus.store import Store

logger = logging.getLogger(__name__)

#: What the names of last messages start with in the store.
LAST = "last:"


class MemoryBus:
    """Deliver to the listeners of this process, in the thread that publishes."""

    kind = "memory"
    remote: None = None

    def __init__(self, *, store: Store | None = None) -> None:
        self.store = Store() if store is None else store
        # Reentrant: a callback may listen, end listening or publish.
        self._lock = threading.RLock()
        self._listeners: dict[str, dict[object, Callable[[str, bytes], None]]] = {}
        self._counters = {"published": 0, "delivered": 0, "failed": 0}

    def publish(self, topic: str, message: Any, *, keep: bool = True) -> None:
        """Encode once and call every listener of the topic."""
        if keep or self.heard(topic):
            self.deliver(topic, superjson.encode(message), keep=keep)

    def deliver(self, topic: str, encoded: bytes, *, keep: bool = True) -> None:
        """Hand an encoded message to the listeners, and keep it as the topic's last."""
        # The lock is held while calling back, so that each listener sees the messages
        # of a topic in one order, and none after its end.
        with self._lock:
            self._counters["published"] += 1
            if keep:
                self.store.set(LAST + topic, encoded)

            for callback in list(self._listeners.get(topic, {}).values()):
                self._call(callback, topic, encoded)

    def heard(self, topic: str) -> bool:
        """Whether anybody listens."""
        return topic in self._listeners

    def listen(
        self,
        topic: str,
        callback: Callable[[str, bytes], None],
        *,
        replay: bool = True,
    ) -> Callable[[], None]:
        """Call back for each message from now on, and first for the last one."""
        key = object()
        with self._lock:
            self._listeners.setdefault(topic, {})[key] = callback
            last = self.store.get(LAST + topic)
            if replay and last is not None:
                self._call(callback, topic, last)

        def unlisten() -> None:
            with self._lock:
                listeners = self._listeners.get(topic, {})
                listeners.pop(key, None)
                if not listeners:
                    self._listeners.pop(topic, None)

        return unlisten

    def last(self, topic: str) -> bytes | None:
        """The topic's last message, encoded."""
        return self.store.get(LAST + topic)

    def statistics(self) -> Mapping[str, int]:
        """Messages published, calls made, and calls that raised."""
        with self._lock:
            return dict(self._counters)

    async def check(self) -> float | None:
        """None: there is nothing to reach."""
        return None

    async def close(self) -> None:
        """Forget the listeners."""
        with self._lock:
            self._listeners.clear()

    def _call(
        self, callback: Callable[[str, bytes], None], topic: str, encoded: bytes
    ) -> None:
        try:
            callback(topic, encoded)
        except Exception:
            # One listener's fault is not the publisher's, nor its neighbours'.
            self._counters["failed"] += 1
            logger.exception("a listener of %r failed", topic)
        else:
            self._counters["delivered"] += 1
