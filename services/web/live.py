"""What the bus last said: the state of each app, and the other processes' memory.

Pages are rendered from this; the browser's own subscription takes over later.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dashboard import superjson
from dashboard.bus import Bus

_MAX_APPS = 512
_MAX_PROCESSES = 32
#: Seconds after which a silent process is no longer shown.
_PROCESS_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PingState:
    """How an app answered its last ping."""

    #: "up", "down" or "unknown".
    name: str
    #: The same for people.
    text: str


_UNKNOWN = PingState(name="unknown", text="Not checked yet")


class LiveState:
    """Listen to the topics that pages show, and keep their last message."""

    def __init__(self, bus: Bus, *, label: str) -> None:
        self._bus = bus
        self._label = label
        self._apps: OrderedDict[str, Callable[[], None]] = OrderedDict()
        # The bus calls back in the thread that publishes.
        self._lock = threading.Lock()
        self._processes: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._unlisten = bus.listen("memory", self._keep_sample)

    def ping(self, app_id: str) -> PingState:
        """Return how an app answered last, as far as this process knows."""

        topic = f"ping:{app_id}"
        if app_id in self._apps:
            self._apps.move_to_end(app_id)
        else:
            # A bus that spans processes brings only what somebody listens to.
            self._apps[app_id] = self._bus.listen(topic, _ignore, replay=False)
            if len(self._apps) > _MAX_APPS:
                _, unlisten = self._apps.popitem(last=False)
                unlisten()

        encoded = self._bus.last(topic)
        return _UNKNOWN if encoded is None else _read_ping(encoded)

    def other_processes(self, now: float) -> list[dict[str, Any]]:
        """Return the last sample of each other process that still sends them."""

        with self._lock:
            samples = list(self._processes.values())

        return [
            sample
            for sample in samples
            if now - _number(sample.get("time")) <= _PROCESS_TIMEOUT
        ]

    def close(self) -> None:
        """Stop listening."""

        self._unlisten()
        while self._apps:
            _, unlisten = self._apps.popitem()
            unlisten()

    def _keep_sample(self, _topic: str, encoded: bytes) -> None:
        sample = superjson.decode(encoded)
        if not isinstance(sample, dict):
            return

        label = sample.get("process")
        if not isinstance(label, str) or label == self._label:
            return

        with self._lock:
            self._processes[label] = sample
            self._processes.move_to_end(label)
            while len(self._processes) > _MAX_PROCESSES:
                self._processes.popitem(last=False)


def _ignore(_topic: str, _encoded: bytes) -> None:
    """Take a message that only the bus itself has to remember."""


@lru_cache(maxsize=_MAX_APPS)
def _read_ping(encoded: bytes) -> PingState:
    message = superjson.decode(encoded)
    if not isinstance(message, dict):
        return _UNKNOWN

    if message.get("error"):
        return PingState(name="down", text="Not reachable")

    status = message.get("statusCode")
    if not isinstance(status, int):
        return _UNKNOWN

    milliseconds = round(_number(message.get("durationMs")))
    if status >= 500:
        return PingState(name="down", text=f"Answers {status}")

    return PingState(name="up", text=f"Up, {milliseconds} ms")


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else 0.0
