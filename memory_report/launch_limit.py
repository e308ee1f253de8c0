"""What a launch may take of time and memory: more ends the report in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from memory_report.cgroup import MemoryGroup, find_memory_group
from memory_report.errors import MeasurementError

#: For everything in a launch besides settling, in seconds.
LAUNCH_TIMEOUT = 180.0


@contextmanager
def limit_launch(what: str, *, settle: float = 0.0) -> Iterator[None]:
    """Cancel the block when it takes longer than a launch may; `settle` comes on top.

    Raises:
        MeasurementError: it did, with `what` took longer and than how many seconds; or
            the block raised one, with a word on it where the memory was too little.
    """

    seconds = settle + LAUNCH_TIMEOUT
    with _tell_kills(find_memory_group()):
        with trio.move_on_after(seconds) as scope:
            yield

        if scope.cancelled_caught:
            raise MeasurementError(f"{what} took longer than {seconds:g} s")


@contextmanager
def _tell_kills(group: MemoryGroup | None) -> Iterator[None]:
    """Say of a failed launch that the kernel has killed for want of memory in it.

    A service that was killed cannot say so, and no signal tells by whom it came.
    """

    before = group.count_kills() if group else 0
    try:
        yield
    except MeasurementError as error:
        kills = group.count_kills() - before if group else 0
        if not kills:
            raise

        raise MeasurementError(
            f"{error}\n  out of memory: processes of this control group that the "
            f"kernel killed meanwhile: {kills}; `python -m memory_report doctor` says "
            "under `room` what the group may have"
        ) from error
