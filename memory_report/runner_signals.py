"""Asking the runners of a launch to collect garbage, or to give free pages back."""

from __future__ import annotations

import os
import signal
from typing import Literal

import trio

from memory_report.arrangements import (
    RunningArrangement,
    decode_event,
    read_events,
)
from memory_report.errors import MeasurementError
from memory_report.processes import LaunchedProcess
from runner.system import list_descendants

#: By the event that answers it.
SIGNALS = {"collected": signal.SIGUSR1, "trimmed": signal.SIGUSR2}
ANSWER_TIMEOUT = 10.0


def find_runners(running: RunningArrangement) -> dict[LaunchedProcess, list[int]]:
    """Return the ids of the processes that run the runner, by who launched them.

    None at all where some service does not run under it: a reading of a part of them
    would be no reading.
    """

    said = {
        event["service"]
        for process in running.services
        for event in read_events(process, "ready")
    }
    runners = {
        process: [
            pid
            for pid in (process.pid, *list_descendants(process.pid))
            if pid in running.answering
        ]
        for process in running.services
    }
    complete = said >= set(running.urls) and all(runners.values())
    return runners if complete else {}


async def ask(
    running: RunningArrangement,
    event: Literal["collected", "trimmed"],
    *,
    timeout: float = ANSWER_TIMEOUT,
) -> bool:
    """Have every runner do it, and wait for their word; False where it cannot be.

    Raises:
        MeasurementError: one did not answer in time.
    """

    runners = find_runners(running)
    for process, pids in runners.items():
        wanted = _count_events(process, event) + len(pids)
        for pid in pids:
            os.kill(pid, SIGNALS[event])

        with trio.move_on_after(timeout) as scope:
            await process.wait_heard(
                lambda: _count_events(process, event) >= wanted  # noqa: B023
            )

        if scope.cancelled_caught:
            name = SIGNALS[event].name
            raise MeasurementError(
                f"process {process.name!r} did not answer {name} within {timeout:g} s"
            )

    return bool(runners)


def _count_events(process: LaunchedProcess, event: str) -> int:
    return sum(decode_event(line).get("event") == event for line in process.lines)
