"""The ASGI side of the front door: one application that calls the mounted ones.

Runs in the asyncio lane, behind Hypercorn's protocol.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.abc import TaskStatus

from .mounts import Asgi, Mount, Mounts, Receive, Scope, Send

logger = logging.getLogger("runner.asgi")

_ANSWERS = {
    404: b"nothing is served at this path\n",
    426: b"this path speaks WebSocket only\n",
    503: b"not ready\n",
}


class ClientGoneError(ConnectionError):
    """What is sent has nobody to reach: the client closed, or took nothing."""


class Dispatcher:
    """Hands each request to the application of its mount, and counts it."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        sync_spawn: Callable[..., Any] | None = None,
        call_soon: Callable[..., Any] | None = None,
    ) -> None:
        """Serve one request. Hypercorn passes two arguments that ASGI has not."""

        mount = self._mounts.find(scope["raw_path"])
        if mount is None:
            await _answer(404, scope, send)
        elif not mount.open:
            await _answer(503, scope, send)
        elif mount.asgi is None:
            await _answer(426, scope, send)
        else:
            await _serve_counted(mount, mount.asgi, scope, receive, send)


async def serve_lifespan(
    app: Asgi, stopping: anyio.Event, *, task_status: TaskStatus[dict[str, Any]]
) -> None:
    """Run an application's lifespan; ready with its state once it has started.

    An application that fails before it answers knows no lifespans, says the
    specification, and is served without. One that fails later fails its service
    instead of dying unseen.

    Raises:
        RuntimeError: the application says that its startup or shutdown failed.
    """

    lifespan = _Lifespan(stopping, task_status)

    try:
        await app(lifespan.scope, lifespan.receive, lifespan.send)
    except (SystemExit, KeyboardInterrupt) as error:
        # A task that raises these ends its whole loop, bystanders included.
        raise RuntimeError(f"it raised {error!r}") from error
    except Exception as error:
        if lifespan.started:
            raise

        logger.info("served without a lifespan: %r", error)

    if lifespan.failure is not None:
        raise RuntimeError(lifespan.failure)

    if not lifespan.started:
        task_status.started(lifespan.state)


class _Lifespan:
    """The server's half of one lifespan conversation."""

    def __init__(
        self, stopping: anyio.Event, task_status: TaskStatus[dict[str, Any]]
    ) -> None:
        self.state: dict[str, Any] = {}
        self.scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        self.started = False
        self.failure: str | None = None
        self._stopping = stopping
        self._task_status = task_status
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        """Ask for the startup first, for the shutdown when draining begins."""

        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}

        await self._stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take the application's answer."""

        if message["type"] == "lifespan.startup.complete":
            self.started = True
            self._task_status.started(self.state)
        elif message["type"].endswith(".failed"):
            reason = message.get("message") or "no reason given"
            self.failure = f"{message['type']}: {reason}"


async def _serve_counted(
    mount: Mount, app: Asgi, scope: Scope, receive: Receive, send: Send
) -> None:
    counts = mount.counts
    begun, size = False, 0
    mount.enter()

    async def send_counted(message: Mapping[str, Any]) -> None:
        nonlocal begun, size

        if message["type"] == "http.response.start":
            begun = True
            counts[f"responses_{message['status'] // 100}xx"] += 1
        elif message["type"] == "http.response.body":
            size += len(message.get("body", b""))

        await send(message)

    try:
        await app({**scope, "state": dict(mount.state)}, receive, send_counted)
    except ClientGoneError:
        pass  # how a stream without end learns that it may stop
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException:
        # SystemExit and its like too: they would end the loop, and all bystanders.
        # The server answers 500, or cuts a response that has begun.
        logger.exception("service %r failed at %s", mount.service, scope["path"])
        if not begun:
            counts["responses_5xx"] += 1
    finally:
        counts["response_bytes"] += size
        mount.leave()


async def _answer(status: int, scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return

    body = _ANSWERS[status]
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]

    if status == 426:
        headers.append((b"upgrade", b"websocket"))
    elif status == 503:
        headers.append((b"retry-after", b"1"))

    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
