"""The stop signals: the first asks to drain, the second ends at once.

The handlers are plain ones and not an event loop's, because a loop that is
blocked, in an import for example, would never hear of the second signal.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """What the user has asked for. To be made in the main thread, and early.

    `at_once` is called for the second signal and returns the exit code.
    """

    def __init__(self, *, at_once: Callable[[], int]) -> None:
        self._at_once = at_once
        self._cause: str | None = None
        self._on_stop: Callable[[str], object] | None = None

        for number in STOP_SIGNALS:
            signal.signal(number, self._handle)

    def watch(self, on_stop: Callable[[str], object]) -> None:
        """Have the first signal's name passed on, even if it has come already."""

        self._on_stop = on_stop
        if self._cause is not None:
            on_stop(self._cause)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._cause is not None:
            os._exit(self._at_once())

        self._cause = signal.Signals(number).name
        if self._on_stop is not None:
            self._on_stop(self._cause)
