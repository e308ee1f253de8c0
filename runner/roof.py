"""The roof: runs a plan's services as concurrent tasks, and ends them together."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from socket import socket
from typing import Any

import anyio
from anyio.abc import TaskGroup

from .errors import (
    LaneClosedError,
    ServiceCrashedError,
    ServiceStartError,
    find_cause,
)
from .events import (
    Crashed,
    Draining,
    DrainTimedOut,
    Emit,
    Ready,
    Restarting,
    Stopped,
)
from .front_door import FrontDoor
from .lane import Lane
from .mounts import Mounts
from .plan import Plan
from .restarts import Restarts
from .service import Service
from .watchdog import Watchdog, find_running

#: Exit codes.
EXIT_DRAINED = 0
EXIT_CRASHED = 1
EXIT_USAGE = 2
EXIT_LATE = 3

#: Seconds that a loop has to enforce a deadline itself, before the watchdog does.
WATCH_GRACE = 0.5
#: The drain's name among the deadlines that are watched.
DRAIN = "(drain)"


Failure = ServiceStartError | ServiceCrashedError


class Roof:
    """The services of a plan, in lanes that are already open.

    Lives in the main lane; everything in here happens in its thread.
    """

    def __init__(
        self,
        plan: Plan,
        lanes: Mapping[str, Lane],
        sockets: Sequence[socket],
        *,
        emit: Emit,
        began: float,
    ) -> None:
        self.plan = plan
        self.services = {
            name: Service(
                plan.services[name], lanes[plan.services[name].lane], emit=emit
            )
            for name in plan.order
        }
        self._main = next(iter(lanes.values()))
        self._offered: dict[str, Any] = {"lanes": lanes, "plan": plan}
        self._emit = emit
        #: time.monotonic() at the start of the process, for `seconds` in events.
        self._began = began
        self._mounts = Mounts()
        self._door: FrontDoor | None = None
        if sockets:
            whole = not plan.needs_http
            self._door = FrontDoor(sockets, self._mounts, whole=whole, emit=emit)

        self._door_ended = anyio.Event()
        self._ready = {name: anyio.Event() for name in self.services}
        #: Set once a service is ready, or will not be.
        self._settled = {name: anyio.Event() for name in self.services}
        self._ended = {name: anyio.Event() for name in self.services}
        self._scopes = {name: anyio.CancelScope() for name in self.services}
        self._stop = anyio.Event()
        self._cause = ""
        self._exit_code = EXIT_DRAINED
        self._watchdog = Watchdog(self._give_up)

    def stop(self, cause: str) -> None:
        """Ask the roof to drain; the first cause counts."""

        if not self._stop.is_set():
            self._cause = cause
            self._stop.set()

    async def run(self) -> int:
        """Run the services until the first reason to stop; return the exit code."""

        async with anyio.create_task_group() as tasks:
            # Start every service, once those that it is after are ready
            for service in self.services.values():
                tasks.start_soon(self._supervise, service, tasks)

            # Wait for the first reason to stop
            await self._stop.wait()
            self._emit(Draining(cause=self._cause))

            # Drain them, each before those that it is after
            await self._drain()
            tasks.cancel_scope.cancel()

        self._watchdog.release(DRAIN)
        return self._exit_code

    async def _supervise(self, service: Service, tasks: TaskGroup) -> None:
        name = service.name

        try:
            with self._scopes[name]:
                await self._wait_for_those_before(service)
                await self._live(service, tasks)
        except (ServiceStartError, ServiceCrashedError) as error:
            self._note_failure(service, error)
        else:
            if self._ready[name].is_set():
                counts = service.statistics() or None
                self._emit(Stopped(service=name, statistics=counts))
        finally:
            self._settled[name].set()
            self._ended[name].set()

        if all(ended.is_set() for ended in self._ended.values()):
            self.stop("finished")

    async def _live(self, service: Service, tasks: TaskGroup) -> None:
        """Let the service live, again and again if its restart policy says so."""

        restarts = Restarts(service.plan.restart)

        while True:
            self._watchdog.watch(service.name, service.plan.start_timeout + WATCH_GRACE)

            try:
                await service.lane.call(
                    service.live, self._offered, partial(self._on_ready, service, tasks)
                )
                error: Failure | None = None
            except (ServiceStartError, ServiceCrashedError) as failure:
                error = failure
            finally:
                self._watchdog.release(service.name)
                self._unmount(service)

            delay = None if self._stop.is_set() else restarts.next_delay(error)
            if delay is None:
                if error is not None:
                    raise error

                return

            if error is not None:
                self._emit(_make_crashed(error))

            self._emit(Restarting(service=service.name, delay=round(delay, 3)))
            await anyio.sleep(delay)

    def _on_ready(self, service: Service, tasks: TaskGroup) -> None:
        self._main.post(self._note_ready, service, tasks)

    def _note_ready(self, service: Service, tasks: TaskGroup) -> None:
        self._watchdog.release(service.name)
        url = None

        if service.mount is not None and self._door is not None:
            self._mounts.add(service.mount)
            service.mount.open = not self._stop.is_set()
            url = self._make_url(service)
            self._open_door(self._door, tasks)

        seconds = round(time.monotonic() - self._began, 3)
        self._emit(Ready(service=service.name, url=url, seconds=seconds))
        self._offered[service.name] = service.value
        self._ready[service.name].set()
        self._settled[service.name].set()

        if all(ready.is_set() for ready in self._ready.values()):
            self._emit(Ready(seconds=seconds, pid=os.getpid()))

    async def _wait_for_those_before(self, service: Service) -> None:
        for name in service.plan.after:
            await self._settled[name].wait()
            if self._stop.is_set():
                await anyio.sleep_forever()  # the drain cancels what never started

            if not self._ready[name].is_set():
                raise ServiceStartError(
                    service.name, "after", f"it comes after {name!r}, which is down"
                )

    def _open_door(self, door: FrontDoor, tasks: TaskGroup) -> None:
        if door.listening or self._stop.is_set():
            return

        async def serve() -> None:
            try:
                await door.serve()
            finally:
                self._door_ended.set()

        door.listen()
        tasks.start_soon(serve)

    def _unmount(self, service: Service) -> None:
        if service.mount is not None:
            self._mounts.remove(service.mount)
            service.mount = None

    def _make_url(self, service: Service) -> str:
        port = self._door.port if self._door else self.plan.port
        host = f"[{self.plan.host}]" if ":" in self.plan.host else self.plan.host
        scheme = "ws" if service.plan.connections else "http"
        return f"{scheme}://{host}:{port}{(service.plan.mount or '').rstrip('/')}"

    def _note_failure(self, service: Service, error: Failure) -> None:
        self._emit(_make_crashed(error))

        if service.plan.essential:
            # A wrong setting, for one, is the user's mistake and has a code of its own.
            code = getattr(find_cause(error.__cause__ or error), "exit_code", None)
            self._exit_code = code if isinstance(code, int) else EXIT_CRASHED
            self.stop(f"crashed {service.name}")

    async def _drain(self) -> None:
        self._watchdog.watch(DRAIN, self.plan.drain_timeout + WATCH_GRACE)

        with anyio.move_on_after(self.plan.drain_timeout):
            async with anyio.create_task_group() as tasks:
                if self._door is not None:
                    self._door.stop()

                for service in self.services.values():
                    tasks.start_soon(self._drain_service, service)

            if self._door is not None and self._door.listening:
                await self._door_ended.wait()

        late = [
            name
            for name, service in self.services.items()
            if service.late or not self._ended[name].is_set()
        ]
        if late:
            self._emit(DrainTimedOut(services=tuple(late)))
            self._exit_code = self._exit_code or EXIT_LATE

    async def _drain_service(self, service: Service) -> None:
        for other in self.services.values():
            if service.name in other.plan.after:
                await self._ended[other.name].wait()

        if not self._ready[service.name].is_set():
            self._scopes[service.name].cancel()
        else:
            if service.mount is not None:
                service.mount.open = False

            with suppress(LaneClosedError):
                service.lane.post(service.stop)

        await self._ended[service.name].wait()

    def _give_up(self, name: str) -> None:
        """End the process from outside of its loops, because one is blocked."""

        service = self.services.get(name)
        if service is None:
            late = [one for one, ended in self._ended.items() if not ended.is_set()]
            self._emit(DrainTimedOut(services=tuple(late)))
            self._emit(Stopped(exit_code=EXIT_LATE))
            os._exit(EXIT_LATE)

        # The first to be late may be a bystander in the lane that another one blocks.
        blocker = find_running(service.lane.thread, Service) or service
        reason = f"not ready within {blocker.plan.start_timeout:g} s"
        if blocker.phase == "run":
            reason = f"it blocks its lane, and {name!r} cannot start"

        self._emit(Crashed(service=blocker.name, phase=blocker.phase, error=reason))
        self._emit(Stopped(exit_code=EXIT_CRASHED))
        os._exit(EXIT_CRASHED)


def _make_crashed(error: Failure) -> Crashed:
    return Crashed(service=error.service, phase=error.phase, error=error.reason)
