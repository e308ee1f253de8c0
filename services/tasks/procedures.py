"""The seven calls of Homarr's cron API, as data, and how their inputs are checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from dashboard.errors import InvalidInputError

from .errors import (
    InvalidCronError,
    JobRunningError,
    ManualExecutionError,
    QueueUnavailableError,
    SchedulerStoppedError,
    TickTakenError,
)
from .scheduler import Scheduler

#: The answer of a procedure that returns nothing has no member "data".
VOID: Any = object()

#: Over the bus, for `cronJobs.*`; what the cron API tells otherwise, it says itself.
ERROR_CODES = {
    InvalidCronError: "BAD_REQUEST",
    ManualExecutionError: "BAD_REQUEST",
    JobRunningError: "CONFLICT",
    TickTakenError: "CONFLICT",
    QueueUnavailableError: "SERVICE_UNAVAILABLE",
    SchedulerStoppedError: "SERVICE_UNAVAILABLE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One call; a query comes by GET, a mutation by POST."""

    kind: Literal["query", "mutation"]
    call: Callable[[Scheduler, Any], Awaitable[Any]]


async def _get_all(scheduler: Scheduler, _given: Any) -> Any:
    return [
        {
            "name": one.job.name,
            "cron": one.cron,
            "preventManualExecution": one.job.prevent_manual_execution,
            "isEnabled": one.enabled,
        }
        for one in scheduler.jobs.values()
    ]


async def _trigger(scheduler: Scheduler, given: Any) -> Any:
    await scheduler.trigger(read_name(scheduler, given))
    return VOID


async def _start(scheduler: Scheduler, given: Any) -> Any:
    scheduler.start_job(read_name(scheduler, given))
    return VOID


async def _stop(scheduler: Scheduler, given: Any) -> Any:
    scheduler.stop_job(read_name(scheduler, given))
    return VOID


async def _enable(scheduler: Scheduler, given: Any) -> Any:
    await scheduler.enable_job(read_name(scheduler, given))
    return VOID


async def _disable(scheduler: Scheduler, given: Any) -> Any:
    await scheduler.disable_job(read_name(scheduler, given))
    return VOID


async def _update_interval(scheduler: Scheduler, given: Any) -> Any:
    name, cron = read_interval(scheduler, given)
    await scheduler.update_interval(name, cron)
    return VOID


PROCEDURES: dict[str, Procedure] = {
    "start": Procedure(kind="mutation", call=_start),
    "trigger": Procedure(kind="mutation", call=_trigger),
    "stop": Procedure(kind="mutation", call=_stop),
    "updateInterval": Procedure(kind="mutation", call=_update_interval),
    "disable": Procedure(kind="mutation", call=_disable),
    "enable": Procedure(kind="mutation", call=_enable),
    "getAll": Procedure(kind="query", call=_get_all),
}


def read_name(scheduler: Scheduler, given: Any) -> str:
    """Check an input that is a job's name; raises InvalidInputError."""
    if isinstance(given, str) and given in scheduler.jobs:
        return given

    raise _find_faults(given, _name_type(tuple(scheduler.jobs)))


def read_interval(scheduler: Scheduler, given: Any) -> tuple[str, str]:
    """Check a job's name and a cron expression; raises InvalidInputError."""
    if isinstance(given, dict):
        name, cron = given.get("name"), given.get("cron")
        if isinstance(name, str) and name in scheduler.jobs and isinstance(cron, str):
            return name, cron

    raise _find_faults(given, _interval_type(tuple(scheduler.jobs)))


def _name_type(names: tuple[str, ...]) -> Any:
    return Literal.__getitem__(names)


@lru_cache(maxsize=1)
def _interval_type(names: tuple[str, ...]) -> Any:
    return msgspec.defstruct("Interval", [("name", _name_type(names)), ("cron", str)])


def _find_faults(given: Any, type_: Any) -> InvalidInputError:
    # Loaded late: whoever keeps to the rules does not pay for it.
    from dashboard.issues import find_issues

    return InvalidInputError(find_issues(given, type_))
