"""Whether and when a service that has ended is started again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

#: The first delay in seconds; it doubles with each failure, up to the maximum.
DELAY = 0.5
DELAY_MAX = 30.0
#: Each delay is up to this share longer, so that replicas do not return in step.
JITTER = 0.2
#: Failures that a service may have before it stays down …
BUDGET = 5
#: … of which one is forgiven after each interval, in seconds.
FORGIVE_INTERVAL = 30.0


class Restarts:
    """One service's restart policy: never, on-failure or always."""

    def __init__(
        self, policy: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._failures = 0.0
        self._last = clock()

    def next_delay(self, error: Exception | None) -> float | None:
        """Return the seconds until the next start; None to stay down.

        `error` is why the service ended; None where it returned by itself.
        """

        if self._policy == "never" or (self._policy == "on-failure" and error is None):
            return None

        now = self._clock()
        forgiven = (now - self._last) / FORGIVE_INTERVAL
        self._failures = max(0.0, self._failures - forgiven) + 1
        self._last = now

        if self._failures > BUDGET:
            return None

        delay: float = min(DELAY_MAX, DELAY * 2.0 ** (self._failures - 1))
        return delay * (1 + random.uniform(0, JITTER))  # noqa: S311
