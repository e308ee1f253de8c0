"""One service's life: import, start, mount, run, drain.

All of it happens in the service's own lane and inside one task group, so that
whatever goes wrong in it is known, and stays there.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from .contract import (
    check_coroutine_function,
    choose_arguments,
    load_function,
    refuse_unknown_options,
)
from .errors import (
    LaneClosedError,
    RunnerError,
    ServiceCrashedError,
    ServiceStartError,
    StartTimeoutError,
    describe_error,
    find_cause,
)
from .events import ConnectionFailed, Emit
from .lane import Lane
from .mounts import Mount
from .plan import ServicePlan

logger = logging.getLogger("runner.service")


class Service:
    """A service of the plan, while it lives."""

    def __init__(self, plan: ServicePlan, lane: Lane, *, emit: Emit) -> None:
        self.plan = plan
        self.name = plan.name
        self.lane = lane
        #: What it is doing: import, start, mount, run.
        self.phase = "import"
        #: What it passed to `started`, for those that are after it.
        self.value: Any = None
        self.mount: Mount | None = None
        #: Whether its drain timeout passed before it had stopped.
        self.late = False
        self._emit = emit
        self._counts: Counter[str] = Counter()
        self._stopping: anyio.Event | None = None
        self._stop_asked = False

    async def live(
        self, offered: Mapping[str, Any], on_ready: Callable[[], None]
    ) -> None:
        """Run the service from its import until it has stopped.

        Raises:
            ServiceStartError: it failed, or ran out of time, before it was ready.
            ServiceCrashedError: it failed later.
        """

        self.phase = "import"
        self._stopping = stopping = anyio.Event()
        if self._stop_asked:
            return

        try:
            async with anyio.create_task_group() as deadline:
                deadline.start_soon(self._enforce_drain_timeout, deadline, stopping)

                async with anyio.create_task_group() as tasks:
                    drained = anyio.Event()
                    await self._start_in_time(tasks, offered, drained)
                    on_ready()

                    if self.mount is not None:
                        await stopping.wait()
                        await self.mount.wait_idle()
                        drained.set()

                deadline.cancel_scope.cancel()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            raise self._name_failure(error) from error

    def stop(self) -> None:
        """Ask the service to drain; to be called in its lane."""

        self._stop_asked = True
        if self._stopping is not None:
            self._stopping.set()

    def statistics(self) -> dict[str, int]:
        """Return what the service and the front door have counted for it."""

        statistics = getattr(self.value, "statistics", None)
        own = statistics() if callable(statistics) else None
        # Others' objects have methods of that name too, anyio's events for one.
        return {**self._counts, **(own if isinstance(own, Mapping) else {})}

    async def _start_in_time(
        self, tasks: TaskGroup, offered: Mapping[str, Any], drained: anyio.Event
    ) -> None:
        with anyio.move_on_after(self.plan.start_timeout) as scope:
            await self._start(tasks, offered, drained)
            self.phase = "run"

        if scope.cancelled_caught:
            raise StartTimeoutError(self.name, self.phase, self.plan.start_timeout)

    async def _start(
        self, tasks: TaskGroup, offered: Mapping[str, Any], drained: anyio.Event
    ) -> None:
        plan = self.plan
        own = {"stopping": self._stopping, "lane": self.lane, "mount": plan.mount}
        offered = {**offered, **own}

        if plan.run is not None:
            function = load_function(plan.run)
            self.phase = "start"
            check_coroutine_function(function, plan.run)
            refuse_unknown_options(function, plan.options)
            arguments = {**offered, **plan.options}
            self.value = await tasks.start(self._run, function, arguments)

        offered[self.name] = self.value

        if plan.asgi is not None:
            await self._mount_asgi(tasks, plan.asgi, offered, drained)
        elif plan.connections is not None:
            self._mount_connections(tasks, plan.connections, offered)

    async def _run(
        self,
        function: Callable[..., Any],
        offered: Mapping[str, Any],
        *,
        task_status: TaskStatus[Any],
    ) -> None:
        arguments = choose_arguments(function, {**offered, "task_status": task_status})
        if "task_status" not in arguments:
            task_status.started(None)

        try:
            await function(**arguments)
        except (SystemExit, KeyboardInterrupt) as error:
            # A task that raises these ends its whole loop, bystanders included.
            raise RuntimeError(f"it raised {error!r}") from error

    async def _mount_asgi(
        self,
        tasks: TaskGroup,
        reference: str,
        offered: Mapping[str, Any],
        drained: anyio.Event,
    ) -> None:
        from .asgi import serve_lifespan

        self.phase = "import"
        factory = load_function(reference)
        self.phase = "mount"
        app = factory(**choose_arguments(factory, offered))
        if isawaitable(app):
            app = await app

        mount = self._make_mount()
        mount.asgi = app
        mount.state = await tasks.start(serve_lifespan, app, drained)
        self.mount = mount

    def _mount_connections(
        self, tasks: TaskGroup, reference: str, offered: Mapping[str, Any]
    ) -> None:
        self.phase = "import"
        handler = load_function(reference)
        self.phase = "mount"
        check_coroutine_function(handler, reference)
        arguments = choose_arguments(handler, offered, given=2)

        async def serve(sock: socket.socket, received: bytes) -> None:
            try:
                await handler(sock, received, **arguments)
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:
                logger.debug("a connection of %r failed", self.name, exc_info=True)
                cause = describe_error(error)
                self._emit(ConnectionFailed(service=self.name, error=cause))
            finally:
                sock.close()

        def take_socket(sock: socket.socket, received: bytes) -> None:
            self._counts["connections"] += 1

            try:
                self.lane.post(tasks.start_soon, serve, sock, received)
            except LaneClosedError:
                sock.close()

        self.mount = self._make_mount()
        self.mount.take_socket = take_socket

    def _make_mount(self) -> Mount:
        return Mount(self.plan.mount or "/", self.name, counts=self._counts)

    async def _enforce_drain_timeout(
        self, tasks: TaskGroup, stopping: anyio.Event
    ) -> None:
        await stopping.wait()
        await anyio.sleep(self.plan.drain_timeout)
        self.late = True
        tasks.cancel_scope.cancel()

    def _name_failure(self, error: BaseException) -> RunnerError:
        cause = find_cause(error)
        if isinstance(cause, StartTimeoutError):
            return cause

        if self.phase == "run":
            return ServiceCrashedError(self.name, describe_error(cause))

        return ServiceStartError(self.name, self.phase, describe_error(cause))
