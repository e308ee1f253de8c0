"""The signals: the first stop asks to drain, the second ends at once; two give memory.

The handlers are plain ones and not an event loop's, because a loop that is
blocked, in an import for example, would never hear of the second signal.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

#: Collect garbage; give the allocator's free pages back to the system.
COLLECT, TRIM = signal.SIGUSR1, signal.SIGUSR2
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """What the user has asked for. To be made in the main thread, and early.

    The second signal calls `at_once` and ends the process with `exit_code`.
    """

    def __init__(self, *, at_once: Callable[[], None], exit_code: int) -> None:
        self._at_once = at_once
        self._exit_code = exit_code
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
            try:
                self._at_once()
            finally:  # also where the handler has cut into a write of the same log
                os._exit(self._exit_code)

        self._cause = signal.Signals(number).name
        if self._on_stop is not None:
            self._on_stop(self._cause)


def ignore_memory_signals() -> None:
    """Ignore them until there is a loop to answer in: untold, they end a process."""

    for number in (COLLECT, TRIM):
        signal.signal(number, signal.SIG_IGN)


def watch_memory_signals(
    *, collect: Callable[[], object], trim: Callable[[], object]
) -> None:
    """Call `collect` at each SIGUSR1 and `trim` at each SIGUSR2, in the main thread.

    They interrupt whatever runs there, so they should only post their work.
    """

    for number, function in ((COLLECT, collect), (TRIM, trim)):
        signal.signal(number, lambda *_, function=function: function())
