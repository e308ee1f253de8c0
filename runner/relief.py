"""Giving memory back: when a signal asks for it, and once after each busy time."""

from __future__ import annotations

import gc
import time

import anyio

from .events import Collected, Emit, Trimmed
from .system import read_footprint, trim_heap

#: Seconds between two looks at whether a busy time is over.
INTERVAL = 2.0
#: Below this share of a core the process counts as idle.
IDLE_CPU = 0.05


def collect(emit: Emit) -> None:
    """Collect garbage and tell how much of it there was."""

    began = time.perf_counter()
    objects = gc.collect()
    emit(Collected(objects=objects, seconds=time.perf_counter() - began))


def trim(emit: Emit) -> None:
    """Give the allocator's free pages back and tell how much they were."""

    before, began = read_footprint().uss, time.perf_counter()
    trimmed = trim_heap()
    seconds = time.perf_counter() - began
    freed = max(0, before - read_footprint().uss) if trimmed else None
    emit(Trimmed(freed=freed, seconds=seconds))


async def relieve_when_idle() -> None:
    """Collect and trim each time that the process becomes idle, until cancelled.

    What the load needed, nobody needs now; and nobody is held up by it now, while a
    full collection under load stops every event loop for tens of milliseconds.
    """

    worked = True
    used, before = time.process_time(), time.monotonic()

    while True:
        await anyio.sleep(INTERVAL)
        spent, now = time.process_time(), time.monotonic()
        idle = spent - used < IDLE_CPU * (now - before)
        used, before = spent, now

        if not idle:
            worked = True
        elif worked:
            gc.collect()
            trim_heap()
            worked = False
