"""Asking whichever process runs the jobs, over the bus.

A request is heard by every tasks service; who does it says so, and says how it ended.
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal, TypeVar

import anyio
import msgspec

from dashboard.errors import PROCEDURE_CODES, ProcedureError
from dashboard.ids import new_id
from dashboard.jobs.registry import JOBS
from dashboard.resources import Resources

__all__ = ["ANSWERS", "CHANGES", "REQUESTS", "Action", "Answer", "Request", "request"]

REQUESTS = "cron-job-requests"
ANSWERS = "cron-job-answers"
#: What one tasks service tells the others, so that all of them schedule alike.
CHANGES = "cron-job-changes"

#: For the first sign of a tasks service, and for the end of anything but a run.
ANSWER_TIMEOUT = 5.0

T = TypeVar("T")

Action = Literal["trigger", "start", "stop", "enable", "disable", "updateInterval"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    id: str
    action: Action
    name: str
    #: When, in Unix milliseconds: one that comes late is not done any more.
    at: int
    cron: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody does it (`done` is false), or how it ended."""

    id: str
    done: bool
    #: Of an error, what ProcedureError has.
    code: str | None = None
    message: str | None = None


async def request(
    resources: Resources, action: Action, name: str, *, cron: str | None = None
) -> None:
    """Have something done with a job, and wait until it is; a run, until its end.

    Raises ProcedureError: SERVICE_UNAVAILABLE when no tasks service answers in time,
    else what it answers. To be called in the asyncio lane.
    """
    asked = Request(
        id=new_id(), action=action, name=name, at=round(time.time() * 1000), cron=cron
    )
    timeouts = {job.name: job.timeout for job in JOBS}
    patience = ANSWER_TIMEOUT
    if action == "trigger":
        patience += timeouts.get(name, 0.0)

    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[Answer] = asyncio.Queue()

    def hear(_topic: str, encoded: bytes) -> None:
        answer = read_message(encoded, Answer)
        if answer is not None and answer.id == asked.id:
            loop.call_soon_threadsafe(answers.put_nowait, answer)

    unlisten = resources.bus.listen(ANSWERS, hear, replay=False)
    try:
        resources.bus.publish(REQUESTS, msgspec.to_builtins(asked), keep=False)
        with anyio.fail_after(ANSWER_TIMEOUT) as scope:
            answer = await answers.get()
            scope.deadline = anyio.current_time() + patience
            # Several services may say that they are at it; one of them is.
            while not answer.done:
                answer = await answers.get()

    except TimeoutError:
        raise ProcedureError(
            "SERVICE_UNAVAILABLE",
            "no tasks service answers; run one, and give all processes one REDIS_URL",
        ) from None
    finally:
        unlisten()

    if answer.code is not None:
        known = answer.code in PROCEDURE_CODES
        code = answer.code if known else "INTERNAL_SERVER_ERROR"
        raise ProcedureError(code, answer.message)


def read_message(encoded: bytes, type_: type[T]) -> T | None:
    """A message of these topics; None for what is none, since anybody can publish."""
    try:
        return msgspec.convert(msgspec.json.decode(encoded)["json"], type_)
    except (msgspec.ValidationError, ValueError, KeyError, TypeError):
        return None
