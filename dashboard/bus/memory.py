"""The bus of one process: a table of callbacks and the last message of each topic."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from dashboard import superjson

logger = logging.getLogger(__name__)

#: Topics whose last message is kept; the longest unused goes first.
LAST_MESSAGES = 1024


class MemoryBus:
    """Deliver to the listeners of this process, in the thread that publishes."""

    kind = "memory"

    def __init__(self, *, last_messages: int = LAST_MESSAGES) -> None:
        self._limit = last_messages
        # Reentrant: a callback may listen, end listening or publish.
        self._lock = threading.RLock()
        self._listeners: dict[str, dict[object, Callable[[str, bytes], None]]] = {}
        self._last: OrderedDict[str, bytes] = OrderedDict()
        self._counters = {"published": 0, "delivered": 0, "failed": 0}

    def publish(self, topic: str, message: Any) -> None:
        """Encode once and call every listener of the topic."""
        self.deliver(topic, superjson.encode(message))

    def deliver(self, topic: str, encoded: bytes) -> None:
        """Hand an encoded message to the listeners, and keep it as the topic's last."""
        # The lock is held while calling back, so that each listener sees the messages
        # of a topic in one order, and none after its end.
        with self._lock:
            self._counters["published"] += 1
            self.remember(topic, encoded)
            for callback in list(self._listeners.get(topic, {}).values()):
                self._call(callback, topic, encoded)

    def remember(self, topic: str, encoded: bytes) -> None:
        """Keep a message as the topic's last without delivering it."""
        with self._lock:
            self._last[topic] = encoded
            self._last.move_to_end(topic)
            while len(self._last) > self._limit:
                self._last.popitem(last=False)

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
            last = self._last.get(topic)
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
        with self._lock:
            return self._last.get(topic)

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
