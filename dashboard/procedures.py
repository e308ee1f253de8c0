"""The subscriptions of the tRPC router: path, guard, and the topics each one hears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dashboard.boards import sees_app
from dashboard.database import Database
from dashboard.errors import PROCEDURE_CODES, ProcedureError
from dashboard.identity import Session
from dashboard.jobs import JOBS

__all__ = [
    "PROCEDURE_CODES",
    "SUBSCRIPTIONS",
    "Context",
    "ProcedureError",
    "Subscription",
    "error_shape",
    "find_subscription",
]


LONGEST_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, and what answers."""

    database: Database
    session: Session | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A stream of the messages of some topics."""

    path: str
    #: Checks the viewer and the input; raises ProcedureError.
    topics: Callable[[Context, Any], Awaitable[list[str]]]


def find_subscription(path: str) -> Subscription | None:
    """The subscription of this path."""
    return SUBSCRIPTIONS.get(path)


def error_shape(error: BaseException, path: str | None) -> dict[str, Any]:
    """The object that a client is told of an error, before SuperJSON.

    Whatever is not a ProcedureError is told as INTERNAL_SERVER_ERROR without details.
    """
    if not isinstance(error, ProcedureError):
        error = ProcedureError("INTERNAL_SERVER_ERROR")

    return {
        "message": error.message,
        "code": error.number,
        "data": {
            "code": error.code,
            "httpStatus": error.http_status,
            "path": path,
            "zodError": None,
            "error": None,
        },
    }


async def _job_topics(context: Context, _: Any) -> list[str]:
    session = _require_session(context)
    if not session.may("admin"):
        raise ProcedureError("FORBIDDEN", "Permission denied")

    return [f"cron-job-status:{job.name}" for job in JOBS]


async def _ping_topics(context: Context, given: Any) -> list[str]:
    app_id = given.get("id") if isinstance(given, dict) else None
    if not isinstance(app_id, str) or not 1 <= len(app_id) <= LONGEST_ID:
        raise ProcedureError("BAD_REQUEST", 'the input has to be {"id": "<app id>"}')

    if not await sees_app(context.database, app_id, context.session):
        raise ProcedureError("NOT_FOUND", "App not found")

    return [f"ping:{app_id}"]


async def _memory_topics(context: Context, _: Any) -> list[str]:
    _require_session(context)
    return ["memory"]


def _require_session(context: Context) -> Session:
    if context.session is None:
        raise ProcedureError("UNAUTHORIZED")

    return context.session


SUBSCRIPTIONS: dict[str, Subscription] = {
    subscription.path: subscription
    for subscription in (
        Subscription(path="cronJobs.subscribeToStatusUpdates", topics=_job_topics),
        Subscription(path="widget.app.updatedPing", topics=_ping_topics),
        Subscription(path="widget.memory.updatedSample", topics=_memory_topics),
    )
}
