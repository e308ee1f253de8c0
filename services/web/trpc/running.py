"""Runs the calls of a request side by side; each has its time, and its own end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from dashboard.errors import ProcedureError
from dashboard.trpc import Context, Procedure, admit, call
from services.web.trpc.reading import Asked, Call

#: Seconds that one call may take.
CALL_TIMEOUT = 30.0
#: How many calls of one request run at once.
MAX_RUNNING = 8

_METHODS = {"query": "GET", "subscription": "GET", "mutation": "POST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one call ended."""

    path: str
    value: Any = None
    error: ProcedureError | None = None

    @property
    def status(self) -> int:
        """The HTTP status that it has when it is alone."""

        return 200 if self.error is None else self.error.http_status


async def run_calls(asked: Asked, context: Context) -> list[Outcome]:
    """Run all calls; return how they ended, in the order in which they were asked."""

    outcomes = {
        index: outcome async for index, outcome in run_as_completed(asked, context)
    }
    return [outcomes[index] for index in range(len(asked.calls))]


async def run_as_completed(
    asked: Asked, context: Context
) -> AsyncGenerator[tuple[int, Outcome], None]:
    """Run all calls; yield each with its number as soon as it has ended.

    Those that still run when nobody wants them any more are cancelled.
    """

    limit = asyncio.Semaphore(MAX_RUNNING)

    async def run(index: int, one: Call) -> tuple[int, Outcome]:
        async with limit:
            return index, await run_call(one, asked, context)

    tasks = [
        asyncio.create_task(run(index, one)) for index, one in enumerate(asked.calls)
    ]
    try:
        for ended in asyncio.as_completed(tasks):
            yield await ended
    finally:
        for task in tasks:
            task.cancel()

        await asyncio.gather(*tasks, return_exceptions=True)


async def run_call(one: Call, asked: Asked, context: Context) -> Outcome:
    """Run one call to its end, whatever that is."""

    try:
        return Outcome(path=one.path, value=await _run(one, asked, context))
    except ProcedureError as error:
        return Outcome(path=one.path, error=error)
    except TimeoutError:
        late = ProcedureError("TIMEOUT", "The server took too long to answer")
        return Outcome(path=one.path, error=late)


async def _run(one: Call, asked: Asked, context: Context) -> Any:
    procedure = one.procedure
    if procedure is None:
        if one.fault is not None:
            raise one.fault

        raise ProcedureError("NOT_FOUND", f'No procedure found on path "{one.path}"')

    if asked.method != _METHODS[procedure.kind]:
        raise ProcedureError(
            "METHOD_NOT_SUPPORTED",
            f"Unsupported {asked.method}-request to {procedure.kind} procedure"
            f' at path "{one.path}"',
        )

    if procedure.kind == "subscription" and asked.batch:
        raise ProcedureError("BAD_REQUEST", "Cannot batch subscription calls")

    if one.upload is None:
        return await _call(procedure, context, one.given)

    # Before anything is received of somebody who may not send it.
    await admit(procedure, context)
    async with one.upload() as given:
        return await _call(procedure, context, given)


async def _call(procedure: Procedure, context: Context, given: Any) -> Any:
    async with asyncio.timeout(CALL_TIMEOUT):
        return await call(procedure, context, given)
