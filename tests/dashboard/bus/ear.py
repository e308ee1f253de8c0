"""Listening to a bus in a test."""

from __future__ import annotations

from typing import Any

import anyio
import msgspec

from dashboard.bus import Bus

#: Seconds for anything that has to happen; no test waits this long.
PATIENCE = 20.0


class Ear:
    """Collects the messages of a topic, and can be waited for."""

    def __init__(self, bus: Bus, topic: str, *, replay: bool = True) -> None:
        self.messages: list[Any] = []
        self._changed = anyio.Event()
        bus.listen(topic, self._hear, replay=replay)

    def _hear(self, topic: str, encoded: bytes) -> None:
        self.messages.append(msgspec.json.decode(encoded))
        self._changed.set()

    async def wait_for(self, message: Any) -> None:
        """Wait until this message has come."""
        with anyio.fail_after(PATIENCE):
            while {"json": message} not in self.messages:
                self._changed = anyio.Event()
                await self._changed.wait()
