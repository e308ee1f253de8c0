"""The seven calls of Homarr's cron API, as data, and how their inputs are checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from dashboard.errors import ProcedureError

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

Issue = dict[str, Any]

#: Homarr answers these with INTERNAL_SERVER_ERROR; they are the caller's doing.
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
    """Check an input that is a job's name; raises ProcedureError."""
    _refuse(_find_name_issues(scheduler, given, path=[]))
    return str(given)


def read_interval(scheduler: Scheduler, given: Any) -> tuple[str, str]:
    """Check an input of a job's name and a cron expression; raises ProcedureError."""
    if not isinstance(given, dict):
        _refuse([_build_type_issue("object", given, path=[])])

    issues = _find_name_issues(scheduler, given.get("name"), path=["name"])
    if not isinstance(given.get("cron"), str):
        issues.append(_build_type_issue("string", given.get("cron"), path=["cron"]))

    _refuse(issues)
    return given["name"], given["cron"]


def _find_name_issues(
    scheduler: Scheduler, given: Any, *, path: list[str]
) -> list[Issue]:
    names = list(scheduler.jobs)
    if isinstance(given, str) and given in names:
        return []

    options = "|".join(f'"{name}"' for name in names)
    return [
        {
            "code": "invalid_value",
            "values": names,
            "path": path,
            "message": f"Invalid option: expected one of {options}",
        }
    ]


def _build_type_issue(expected: str, given: Any, *, path: list[str]) -> Issue:
    received = {dict: "object", list: "array", str: "string", bool: "boolean"}.get(
        type(given), "undefined" if given is None else "number"
    )
    return {
        "expected": expected,
        "code": "invalid_type",
        "path": path,
        "message": f"Invalid input: expected {expected}, received {received}",
    }


def _refuse(issues: list[Issue]) -> None:
    if issues:
        text = msgspec.json.format(msgspec.json.encode(issues), indent=2)
        raise ProcedureError("BAD_REQUEST", text.decode())
