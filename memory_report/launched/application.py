"""An ASGI service of a plan, for Hypercorn's command line: what it is after, then it.

Hypercorn loads `memory_report.launched.application:make_app()`. What to serve stands
in the environment: MEMORY_REPORT_PLAN, MEMORY_REPORT_SERVICE and MEMORY_REPORT_URL. It
says on standard error what the runner would, so that the report can read it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from inspect import isawaitable
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup

from runner.asgi import serve_lifespan
from runner.contract import choose_arguments, load_function
from runner.errors import LaneClosedError
from runner.lane import Lane
from runner.mounts import Asgi, Receive, Scope, Send
from runner.plan_file import load_plan
from runner.signals import watch_memory_signals
from runner.system import trim_heap


class Application:
    """The service's own application, made when Hypercorn's lifespan begins."""

    def __init__(self, plan: Path, service: str, url: str) -> None:
        self._plan = load_plan(plan).select([service])
        self._service = self._plan.services[service]
        self._url = url
        self._counts: Counter[str] = Counter()
        self._app: Asgi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Live from startup to shutdown, or serve one request and count it."""

        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return

        async def count(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._counts[f"responses_{message['status'] // 100}xx"] += 1
            elif message["type"] == "http.response.body":
                self._counts["response_bytes"] += len(message.get("body", b""))

            await send(message)

        self._counts["requests"] += 1
        await self._app(scope, receive, count)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        lane = Lane("asyncio", "asyncio")
        stopping, drained = anyio.Event(), anyio.Event()

        async with anyio.create_task_group() as tasks:
            await tasks.start(lane.serve)
            await self._start(tasks, lane, stopping)
            state = await tasks.start(serve_lifespan, self._app, drained)
            scope.get("state", {}).update(state)
            _watch_signals(lane)
            _say(event="starting", pid=os.getpid(), services=[self._service.name])
            _say(event="ready", service=self._service.name, url=self._url)
            _say(event="ready", pid=os.getpid())
            await send({"type": "lifespan.startup.complete"})

            await receive()  # lifespan.shutdown
            drained.set()
            stopping.set()
            lane.close()

        statistics = dict(self._counts)
        _say(event="stopped", service=self._service.name, statistics=statistics)
        # Hypercorn cancels us at this word.
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self, tasks: TaskGroup, lane: Lane, stopping: anyio.Event) -> None:
        offered: dict[str, Any] = {
            "lanes": {lane.name: lane},
            "lane": lane,
            "plan": self._plan,
            "stopping": stopping,
            "mount": self._service.mount,
        }
        for name in self._plan.order:
            run = self._plan.services[name].run
            if run is not None:
                options = self._plan.services[name].options
                offered[name] = await tasks.start(
                    _run, load_function(run), {**offered, **options}
                )

        factory = load_function(self._service.asgi or "")
        app = factory(**choose_arguments(factory, offered))
        self._app = await app if isawaitable(app) else app


def _watch_signals(lane: Lane) -> None:
    """Collect and trim when asked, in the lane: a signal may cut into anything."""

    def post(function: Callable[[], object]) -> None:
        with suppress(LaneClosedError):  # it has stopped already
            lane.post(function)

    def collect() -> None:
        _say(event="collected", objects=gc.collect())

    def trim() -> None:
        trim_heap()
        _say(event="trimmed")

    watch_memory_signals(collect=partial(post, collect), trim=partial(post, trim))


async def _run(function: Any, offered: Mapping[str, Any], *, task_status: Any) -> None:
    arguments = choose_arguments(function, {**offered, "task_status": task_status})
    if "task_status" not in arguments:
        task_status.started(None)

    await function(**arguments)


def _say(**event: Any) -> None:
    sys.stderr.write(msgspec.json.encode(event).decode() + "\n")
    sys.stderr.flush()


def make_app() -> Application:
    """Make the application that the environment names."""

    words = ("PLAN", "SERVICE", "URL")
    plan, service, url = (os.environ[f"MEMORY_REPORT_{word}"] for word in words)
    return Application(Path(plan), service, url)
