"""How far a long measurement is, and how long it will take at this pace."""

from __future__ import annotations

import time
from collections.abc import Callable


class Progress:
    """Tells of each launch and of each step in it, in one line that changes."""

    def __init__(
        self,
        total: int,
        show: Callable[[str], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._show = show
        self._now = now
        self._began = now()
        self._done = 0
        self._title = ""

    def begin(self, title: str) -> None:
        """Tell that the next launch begins."""

        self._title = title
        self.step("starting")

    def step(self, name: str) -> None:
        """Tell what the launch is at."""

        head = f"{self._done + 1}/{self._total} {self._title}: {name}"
        self._show(f"{head}{self._guess()}")

    def end(self, launches: int = 1) -> None:
        """Count a launch that has ended, or several that are not needed any more."""

        self._done += launches

    def _guess(self) -> str:
        if not self._done:
            return ""

        pace = (self._now() - self._began) / self._done
        left = pace * (self._total - self._done)
        minutes = round(left / 60)
        return f", about {f'{minutes} min' if minutes else f'{left:.0f} s'} left"
