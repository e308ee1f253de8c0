"""Queries and mutations of one client: a few at a time, each answered once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import trio

from dashboard import superjson
from dashboard.trpc import Context, Kind, ProcedureError, call, find_procedure

from . import limits, messages
from .messages import Request

logger = logging.getLogger("services.ws")


class Lane(Protocol):
    """What is used of the event loop that the database lives in."""

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run an async function in that loop and return its result."""


class Client(Protocol):
    """What is asked of the connection whose calls these are."""

    def build_context(self) -> Context:
        """Who calls, as of now."""

    def send(self, text: bytes) -> None:
        """Write a text, or queue it."""

    def refuse(self, request: Request, error: ProcedureError) -> None:
        """Answer with an error."""

    async def wait_flushed(self) -> None:
        """Wait until nothing is queued."""

    def close_slow(self) -> None:
        """Have the connection close, since the client does not keep up."""


class Calls:
    """The calls of one client that are in flight; made at its first one."""

    __slots__ = ("_client", "_lane", "_places", "_tasks", "_turn")

    def __init__(self, *, client: Client, lane: Lane, tasks: trio.Nursery) -> None:
        self._client = client
        self._lane = lane
        self._tasks = tasks
        self._places = trio.Semaphore(limits.MAX_CALLS)
        self._turn = trio.Lock()

    async def start(self, request: Request, kind: Kind) -> None:
        """Begin a call; waits while too many are in flight."""
        await self._places.acquire()
        self._tasks.start_soon(self._run, request, kind)

    async def wait_answered(self) -> None:
        """Wait until none is in flight; no further one can begin then."""
        for _ in range(limits.MAX_CALLS):
            await self._places.acquire()

    async def _run(self, request: Request, kind: Kind) -> None:
        try:
            try:
                payload = await self._call(request, kind)
            except ProcedureError as error:
                self._client.refuse(request, error)
            else:
                await self._send(messages.build_data(request.head, payload))

        finally:
            self._places.release()

    async def _call(self, request: Request, kind: Kind) -> bytes:
        try:
            with trio.fail_after(limits.CALL_TIMEOUT):
                payload: bytes = await self._lane.call(
                    run_procedure,
                    self._client.build_context(),
                    kind,
                    request.path,
                    request.input,
                )
        except ProcedureError:
            raise
        except trio.TooSlowError as error:
            raise ProcedureError("TIMEOUT", messages.TOO_SLOW) from error
        except (Exception, SystemExit) as error:
            logger.exception("%s %r failed", kind, request.path)
            raise ProcedureError("INTERNAL_SERVER_ERROR") from error

        return payload

    async def _send(self, text: bytes) -> None:
        # One after the other: together they may well be more than the queue takes,
        # from a client that reads as fast as it can.
        with trio.move_on_after(limits.CALL_TIMEOUT) as patience:
            async with self._turn:
                await self._client.wait_flushed()
                self._client.send(text)

        if patience.cancelled_caught:
            self._client.close_slow()


async def run_procedure(context: Context, kind: Kind, path: str, given: Any) -> bytes:
    """Run a query or a mutation where the database lives; SuperJSON of its result."""
    procedure = find_procedure(path)
    if procedure is None or procedure.kind != kind:
        raise not_found(kind, path)

    return superjson.encode(await call(procedure, context, given))


def not_found(kind: Kind, path: str) -> ProcedureError:
    """Say so in the words of tRPC's WebSocket handler."""
    return ProcedureError("NOT_FOUND", f'No "{kind}"-procedure on path "{path}"')
