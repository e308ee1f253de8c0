"""Homarr's cron API, tRPC over HTTP without SuperJSON, as a plain ASGI application."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import anyio
import msgspec

from dashboard.errors import ProcedureError
from dashboard.resources import Resources
from dashboard.superjson import UNDEFINED

from .errors import InvalidCronError, ManualExecutionError, TasksError
from .procedures import ERROR_CODES, PROCEDURES, VOID
from .scheduler import Scheduler

logger = logging.getLogger("services.tasks")

KEY_HEADER = b"cron-job-api-key"
MAX_BODY_BYTES = 16 * 1024
BODY_TIMEOUT = 10.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class _DisconnectedError(Exception):
    """The client left before its body was whole."""


def create_app(
    *, resources: Resources, tasks: Scheduler, mount: str = "/trpc"
) -> Application:
    """Make the application that answers under `mount`."""
    # Without a key that somebody knows, a random one refuses everybody.
    key = resources.settings.cron_job_api_key or secrets.token_urlsafe(32)
    api = _Api(scheduler=tasks, key=key.encode(), mount=mount)

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            await api.answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    return application


async def _run_lifespan(receive: Receive, send: Send) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Api:
    scheduler: Scheduler
    key: bytes
    mount: str

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(f"{self.mount}/")
        if path == scope["path"]:
            await _send_json(send, 404, _build_missing_route(scope))
            return

        if scope["method"] == "HEAD":
            await _send_json(send, 204, None)
            return

        refusal = _judge_content_type(scope)
        if refusal is not None:
            # Before there is a path, as in tRPC: it is not told.
            await _send_json(send, refusal.http_status, _build_error(refusal, None))
            return

        try:
            data = await self._call(path, scope, receive)
        except ProcedureError as error:
            await _send_json(send, error.http_status, _build_error(error, path))
        except _DisconnectedError:
            pass  # nobody is there to answer
        else:
            result = {} if data is VOID else {"data": data}
            await _send_json(send, 200, {"result": result})

    async def _call(self, path: str, scope: Message, receive: Receive) -> Any:
        procedure = PROCEDURES.get(path)
        if procedure is None:
            raise ProcedureError("NOT_FOUND", f'No procedure found on path "{path}"')

        if scope["method"] != ("GET" if procedure.kind == "query" else "POST"):
            raise ProcedureError(
                "METHOD_NOT_SUPPORTED",
                f"Unsupported {scope['method']}-request to {procedure.kind} procedure"
                f' at path "{path}"',
            )

        self._check_key(scope)
        # The query takes no input, and tRPC does not look at one then.
        given = UNDEFINED if procedure.kind == "query" else await _read_body(receive)

        try:
            return await procedure.call(self.scheduler, given)
        except TasksError as error:
            raise _build_refusal(error) from error
        except ProcedureError:
            raise
        except Exception as error:
            logger.exception("procedure %r failed", path)
            raise ProcedureError("INTERNAL_SERVER_ERROR") from error

    def _check_key(self, scope: Message) -> None:
        keys = [value for name, value in scope["headers"] if name == KEY_HEADER]
        if len(keys) != 1 or not hmac.compare_digest(keys[0], self.key):
            raise ProcedureError("FORBIDDEN", "Missing or invalid API key")


def _build_refusal(error: TasksError) -> ProcedureError:
    # Homarr throws plain errors here, which its tRPC tells as faults of its own.
    if isinstance(error, ManualExecutionError):
        return ProcedureError("INTERNAL_SERVER_ERROR", str(error))

    if isinstance(error, InvalidCronError):
        # The reason, which it does not tell, is for the log.
        logger.info("%s", error)
        told = f"Invalid cron expression: {error.cron}"
        return ProcedureError("INTERNAL_SERVER_ERROR", told)

    return ProcedureError(ERROR_CODES[type(error)], str(error))


def _judge_content_type(scope: Message) -> ProcedureError | None:
    kind = next((v for n, v in scope["headers"] if n == b"content-type"), b"")
    if scope["method"] == "GET" or kind.startswith(b"application/json"):
        return None

    # The missing quotation mark is tRPC's own.
    shown = f'Unsupported content-type "{kind.decode("latin-1")}'
    return ProcedureError(
        "UNSUPPORTED_MEDIA_TYPE", shown if kind else "Missing content-type header"
    )


async def _read_body(receive: Receive) -> Any:
    body = b""
    try:
        with anyio.fail_after(BODY_TIMEOUT):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _DisconnectedError

                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > MAX_BODY_BYTES:
                    raise ProcedureError("PAYLOAD_TOO_LARGE")

    except TimeoutError:
        raise ProcedureError("TIMEOUT", "The request's body took too long") from None

    if not body:
        # In the words of JavaScript.
        raise ProcedureError("BAD_REQUEST", "Unexpected end of JSON input")

    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise ProcedureError("BAD_REQUEST", str(error)) from error


def _build_error(error: ProcedureError, path: str | None) -> Any:
    data: dict[str, Any] = {"code": error.code, "httpStatus": error.http_status}
    if path is not None:
        data["path"] = path

    return {
        "error": {"message": error.message, "code": error.number, "data": data},
    }


def _build_missing_route(scope: Message) -> Any:
    # The words of Homarr's HTTP library, for what no procedure's path is.
    return {
        "message": f"Route {scope['method']}:{scope['path']} not found",
        "error": "Not Found",
        "statusCode": 404,
    }


async def _send_json(send: Send, status: int, content: Any) -> None:
    body = b"" if content is None else msgspec.json.encode(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 204:
        headers = headers[2:]

    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
