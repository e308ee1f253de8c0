"""One call of a job's function: whatever it does, it is over in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from dashboard.errors import DashboardError, OutgoingError
from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")

#: What a cancelled job gets to clean up, before it is left to itself.
CANCEL_TIMEOUT = 5.0

JobFunction = Callable[[Resources], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended."""

    #: None where it went well.
    error: str | None
    timed_out: bool = False
    #: The call goes on although it was cancelled: what still runs.
    left: Call | None = None


#: A call that has begun.
Call = asyncio.Task[BaseException | None]


def begin(function: JobFunction, resources: Resources, *, name: str) -> Call:
    """Begin a call, in a task of its own: what it raises stays in it."""
    return asyncio.create_task(_shelter(function, resources), name=f"job {name}")


async def finish(task: Call, *, name: str, timeout: float) -> Outcome:
    """Wait for a call's end or its time-out; cancelling this cancels the call.

    One that does not obey its cancellation holds up nobody.
    """
    try:
        await asyncio.wait([task], timeout=timeout)
        if not task.done():
            return await _end(task, name, timeout)

    except asyncio.CancelledError:
        if not task.done():
            with anyio.CancelScope(shield=True):
                await _cancel(task)

            raise

        # It was done before it could be cancelled: what it did is told.

    error = task.result()
    if error is None:
        return Outcome(error=None)

    if isinstance(error, OutgoingError):  # without internet it is usual
        logger.warning("job %r failed and is tried again next time: %s", name, error)
    elif isinstance(error, DashboardError):  # its words are enough
        logger.error("job %r failed: %s", name, error)
    else:
        logger.error("job %r failed", name, exc_info=error)

    return Outcome(error=f"{type(error).__name__}: {error}".removesuffix(": "))


async def _shelter(function: JobFunction, resources: Resources) -> BaseException | None:
    # asyncio lets SystemExit and KeyboardInterrupt of any task end the whole loop.
    try:
        await function(resources)
    except BaseException as error:  # noqa: BLE001
        return error

    return None


async def _end(task: Call, name: str, timeout: float) -> Outcome:
    words = f"not done within {timeout:g} s"
    if await _cancel(task):
        logger.error("job %r failed: %s", name, words)
        return Outcome(error=words, timed_out=True)

    words += ", and does not obey its cancellation"
    logger.error("job %r failed: %s; it is left to itself", name, words)
    return Outcome(error=words, timed_out=True, left=task)


async def _cancel(task: Call) -> bool:
    task.cancel()
    await asyncio.wait([task], timeout=CANCEL_TIMEOUT)
    return task.done()
