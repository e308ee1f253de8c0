"""What results and errors look like: tRPC's envelopes around SuperJSON."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from dashboard import superjson
from dashboard.errors import ProcedureError
from dashboard.superjson import UNDEFINED
from dashboard.trpc import error_shape
from services.web.trpc.running import Outcome

logger = logging.getLogger(__name__)


def build_answer(outcomes: list[Outcome], *, batch: bool) -> tuple[int, bytes]:
    """Build the status and the body of results that are sent in one piece."""

    answers = [_build_object(outcome) for outcome in outcomes]
    if not batch:
        return answers[0]

    statuses = {status for status, _ in answers}
    # 207: each call has a status of its own.
    status = statuses.pop() if len(statuses) == 1 else 207
    return status, b"[" + b",".join(body for _, body in answers) + b"]"


def build_error(error: ProcedureError, path: str | None) -> bytes:
    """Build the body of an error that is alone."""

    return msgspec.json.encode({"error": {"json": error_shape(error, path)}})


async def build_lines(
    count: int, outcomes: AsyncIterator[tuple[int, Outcome]]
) -> AsyncGenerator[bytes, None]:
    """Build the lines of a stream: promises first, then what becomes of each.

    Every line is a document of SuperJSON. A result is a promise inside of a promise
    inside of a promise, as tRPC's own producer nests them.
    """

    head = {str(index): [[0], [None, 0, index]] for index in range(count)}
    yield superjson.encode(head) + b"\n"

    chunk = count
    async for index, outcome in outcomes:
        line = _build_value_line(chunk + 1, outcome)
        if isinstance(line, ProcedureError):
            yield _build_error_line(index, outcome.path, line)
            continue

        yield (
            superjson.encode([index, 0, [[{"result": 0}], ["result", 0, chunk]]])
            + b"\n"
            + superjson.encode([chunk, 0, [[{"data": 0}], ["data", 0, chunk + 1]]])
            + b"\n"
            + line
        )
        chunk += 2


def build_refused_events(error: ProcedureError, path: str) -> bytes:
    """Build the server-sent events of a subscription that ends before it begins."""

    shape = msgspec.json.encode({"json": error_shape(error, path)})
    refusal = b"event: serialized-error\ndata: " + shape + b"\n\n\n"
    return b"event: connected\ndata: {}\n\n\n" + refusal


def _build_object(outcome: Outcome) -> tuple[int, bytes]:
    data = _encode(outcome, outcome.value)
    if isinstance(data, ProcedureError):
        return data.http_status, build_error(data, outcome.path)

    return 200, b'{"result":{"data":' + data + b"}}"


def _build_value_line(chunk: int, outcome: Outcome) -> bytes | ProcedureError:
    inner = [] if outcome.value is UNDEFINED else [outcome.value]
    line = _encode(outcome, [chunk, 0, [inner]])
    return line if isinstance(line, ProcedureError) else line + b"\n"


def _build_error_line(index: int, path: str, error: ProcedureError) -> bytes:
    shape = error_shape(error, path)
    return superjson.encode([index, 0, [[{"error": shape}]]]) + b"\n"


def _encode(outcome: Outcome, value: Any) -> bytes | ProcedureError:
    if outcome.error is not None:
        return outcome.error

    try:
        return superjson.encode(value)
    except (TypeError, ValueError, RecursionError):
        logger.exception("the result of %r cannot be sent", outcome.path)
        return ProcedureError("INTERNAL_SERVER_ERROR")
