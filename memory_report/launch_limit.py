"""The time that a launch may take: whatever hangs in it ends the report in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from memory_report.errors import MeasurementError

#: For everything in a launch besides settling, in seconds.
LAUNCH_TIMEOUT = 180.0


@contextmanager
def limit_launch(what: str, *, settle: float = 0.0) -> Iterator[None]:
    """Cancel the block when it takes longer than a launch may; `settle` comes on top.

    Raises:
        MeasurementError: it did, with `what` took longer and than how many seconds.
    """

    seconds = settle + LAUNCH_TIMEOUT
    with trio.move_on_after(seconds) as scope:
        yield

    if scope.cancelled_caught:
        raise MeasurementError(f"{what} took longer than {seconds:g} s")
