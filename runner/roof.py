"""The roof: runs a plan's services as concurrent tasks, and ends them together."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from socket import socket
from typing import Any

import anyio
from anyio.abc import TaskGroup

from .drain import Resident, drain, find_late
from .errors import (
    EXIT_CRASHED,
    EXIT_DRAINED,
    EXIT_LATE,
    ServiceCrashedError,
    ServiceStartError,
    find_cause,
    find_exit_code,
    find_place,
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
from .mounts import Mount, Mounts
from .plan import Plan
from .restarts import Restarts
from .service import Service
from .watchdog import Watchdog, find_running

#: Seconds that a loop has to enforce a deadline itself, before the watchdog does.
WATCH_GRACE = 0.5
#: The drain's name among the deadlines that are watched.
DRAIN = "(drain)"

logger = logging.getLogger("runner.roof")

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
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self.plan = plan
        self.residents = {
            name: Resident(
                Service(plan.services[name], lanes[plan.services[name].lane], emit=emit)
            )
            for name in plan.order
        }
        self._main = next(iter(lanes.values()))
        self._offered: dict[str, Any] = {"lanes": lanes, "plan": plan}
        self._emit = emit
        #: time.monotonic() at the start of the process, for `seconds` in events.
        self._began = began
        self._mounts = Mounts()
        for one in plan.mounted:
            # The paths are theirs from the start, and answer 503 until they are ready.
            self._mounts.add(Mount(one.mount or "/", one.name, counts=Counter()))

        self._door: FrontDoor | None = None
        if sockets:
            whole = not plan.needs_http
            self._door = FrontDoor(sockets, self._mounts, whole=whole, emit=emit)

        self._door_ended = anyio.Event()
        self._announced = False
        self._end_process = end_process
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
            for resident in self.residents.values():
                tasks.start_soon(self._supervise, resident, tasks)

            # Wait for the first reason to stop
            await self._stop.wait()
            self._emit(Draining(cause=self._cause))

            # Drain them, each before those that it is after
            self._watchdog.watch(DRAIN, self.plan.drain_timeout + WATCH_GRACE)
            await self._drain_in_time()
            tasks.cancel_scope.cancel()

        return self._exit_code

    def release(self) -> None:
        """Watch the process's end no more: for one that outlives the roof.

        Any other is watched until it is there, since a thread may keep it from ending.
        """

        self._watchdog.release(DRAIN)

    async def _supervise(self, resident: Resident, tasks: TaskGroup) -> None:
        try:
            with resident.scope:
                await self._wait_for_those_before(resident.service)
                await self._live(resident, tasks)
        except (ServiceStartError, ServiceCrashedError) as error:
            self._note_failure(resident.service, error)
        else:
            if resident.ready.is_set():
                counts = resident.service.statistics() or None
                self._emit(Stopped(service=resident.service.name, statistics=counts))
        finally:
            resident.settled.set()
            resident.ended.set()

        if all(one.ended.is_set() for one in self.residents.values()):
            self.stop("finished")

    async def _live(self, resident: Resident, tasks: TaskGroup) -> None:
        """Let the service live, again and again if its restart policy says so."""

        service = resident.service
        on_ready = partial(self._main.post, self._note_ready, resident, tasks)
        restarts = Restarts(service.plan.restart)

        while True:
            self._watchdog.watch(service.name, service.plan.start_timeout + WATCH_GRACE)

            try:
                await service.lane.call(service.live, self._offered, on_ready)
                error: Failure | None = None
            except (ServiceStartError, ServiceCrashedError) as failure:
                error = failure
            finally:
                self._watchdog.release(service.name)
                if service.mount is not None:
                    service.mount.open = False

            delay = None if self._stop.is_set() else restarts.next_delay(error)
            if delay is None:
                if error is not None:
                    raise error

                return

            if error is not None:
                self._emit(_make_crashed(error))

            self._emit(Restarting(service=service.name, delay=round(delay, 3)))
            with anyio.move_on_after(delay):
                await self._stop.wait()
                return

    def _note_ready(self, resident: Resident, tasks: TaskGroup) -> None:
        service = resident.service
        self._watchdog.release(service.name)
        url = None

        if service.mount is not None and self._door is not None:
            self._mounts.add(service.mount)
            service.mount.open = not self._stop.is_set()
            url = self.plan.make_url(service.plan, self._door.port)
            self._open_door(self._door, tasks)

        seconds = round(time.monotonic() - self._began, 3)
        self._emit(Ready(service=service.name, url=url, seconds=seconds))
        self._offered[service.name] = service.value
        resident.ready.set()
        resident.settled.set()

        whole = all(one.ready.is_set() for one in self.residents.values())
        if whole and not self._announced:
            self._announced = True
            self._emit(Ready(seconds=seconds, pid=os.getpid()))

    async def _wait_for_those_before(self, service: Service) -> None:
        for name in service.plan.after:
            before = self.residents[name]
            await before.settled.wait()
            if self._stop.is_set():
                await anyio.sleep_forever()  # the drain cancels what never started

            if not before.ready.is_set():
                reason = f"it comes after {name!r}, which is down"
                raise ServiceStartError(service.name, "after", reason)

    def _open_door(self, door: FrontDoor, tasks: TaskGroup) -> None:
        if door.listening or self._stop.is_set():
            return

        async def serve() -> None:
            try:
                await door.serve()
            finally:
                self._door_ended.set()

        try:
            door.listen()
        except OSError as error:
            # Another run took the port between our binding it and this moment.
            reason = f"cannot listen on port {door.port}: {error.strerror}"
            self._emit(Crashed(service="(front door)", phase="listen", error=reason))
            self._exit_code = EXIT_CRASHED
            self.stop("no port")
        else:
            tasks.start_soon(serve)

    def _note_failure(self, service: Service, error: Failure) -> None:
        self._emit(_make_crashed(error))

        if service.plan.essential:
            # A wrong setting, for one, is the user's mistake and has a code of its own.
            code = find_exit_code(find_cause(error.__cause__ or error))
            self._exit_code = EXIT_CRASHED if code is None else code
            self.stop(f"crashed {service.name}")

    async def _drain_in_time(self) -> None:
        with anyio.move_on_after(self.plan.drain_timeout):
            await drain(self.residents, self._door)
            if self._door is not None and self._door.listening:
                await self._door_ended.wait()

        late = find_late(self.residents)
        if self._door is not None and self._door.listening:
            late += () if self._door_ended.is_set() else ("(front door)",)

        if late:
            self._emit(DrainTimedOut(services=late))
            self._exit_code = self._exit_code or EXIT_LATE

    def _give_up(self, name: str) -> None:
        """End the process from outside of its loops, because one is blocked."""

        if name == DRAIN:
            late = find_late(self.residents) or ("(a thread)",)
            self._emit(DrainTimedOut(services=late))
            code = EXIT_LATE
        else:
            self._emit(_find_blocker(self.residents[name].service))
            code = EXIT_CRASHED

        self._emit(Stopped(exit_code=code))
        self._end_process(code)


def _make_crashed(error: Failure) -> Crashed:
    cause = find_cause(error.__cause__ or error)
    logger.debug("service %r failed", error.service, exc_info=cause)
    return Crashed(
        service=error.service,
        phase=error.phase,
        error=error.reason,
        at=find_place(cause),
    )


def _find_blocker(late: Service) -> Crashed:
    """Tell whose start is late: a bystander's may be, in a lane that another blocks."""

    service = find_running(late.lane.thread, Service) or late
    reason = f"not ready within {service.plan.start_timeout:g} s"
    if service.phase == "run":
        reason = f"it blocks its lane, and {late.name!r} cannot start"

    return Crashed(service=service.name, phase=service.phase, error=reason)
