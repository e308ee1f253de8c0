"""The tasks service's ear: what other processes ask for, and what they have changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from dashboard.errors import ProcedureError
from dashboard.jobs.control import (
    ANSWERS,
    CHANGES,
    REQUESTS,
    Answer,
    Request,
    read_message,
)

from .engine import House
from .errors import TasksError, TickTakenError
from .procedures import ERROR_CODES
from .scheduler import Scheduler

logger = logging.getLogger("services.tasks")

#: How often what is stored is looked at, in case no event says that it has changed.
LOOK_INTERVAL = 10.0
#: A request that is older was for another day: its sender has given up.
LATEST = 30_000
MAX_REQUESTS = 100


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner did: it started or stopped a job, or stored something (None)."""

    runner: str
    name: str
    started: bool | None


class Control:
    """Hears the bus for the scheduler, from `open` to `close`."""

    def __init__(self, scheduler: Scheduler, house: House) -> None:
        self._scheduler = scheduler
        self._house = house
        self._bus = house.resources.bus
        self._loop = asyncio.get_running_loop()
        self._unlisten: list[Callable[[], None]] = []
        self._handled = 0
        scheduler.on_change = self._tell

    def open(self) -> None:
        """Listen to requests and changes from now on."""
        for topic, type_, handle in (
            (REQUESTS, Request, self._handle),
            (CHANGES, Change, self._follow),
        ):
            self._unlisten.append(self._listen(topic, type_, handle))

    def close(self) -> None:
        """Hear nothing more."""
        for unlisten in self._unlisten:
            unlisten()

    async def look_after(self) -> None:
        """Look at what is stored, again and again."""
        while True:
            await self._house.sleep(LOOK_INTERVAL)
            await self._reload()

    def _listen(
        self, topic: str, type_: Any, handle: Callable[[Any], Any]
    ) -> Callable[[], None]:
        def accept(message: Any) -> None:
            if self._handled < MAX_REQUESTS and not self._house.stopping.is_set():
                self._handled += 1
                self._house.background.start_soon(self._run, handle, message)

        def hear(_topic: str, encoded: bytes) -> None:
            message = read_message(encoded, type_)
            if message is not None:
                # In any thread: the one that publishes.
                self._loop.call_soon_threadsafe(accept, message)

        return self._bus.listen(topic, hear, replay=False)

    async def _run(self, handle: Callable[[Any], Any], message: Any) -> None:
        try:
            await handle(message)
        finally:
            self._handled -= 1

    async def _handle(self, asked: Request) -> None:
        late = self._house.now() * 1000 - asked.at
        if late > LATEST or asked.name not in self._scheduler.jobs:
            return

        self._answer(asked, done=False)
        failure: ProcedureError | None = None
        try:
            await self._do(asked)
        except TickTakenError:
            return  # another process does it, and answers
        except TasksError as error:
            failure = ProcedureError(ERROR_CODES[type(error)], str(error))
        except Exception:
            logger.exception("the request to %s %r failed", asked.action, asked.name)
            failure = ProcedureError("INTERNAL_SERVER_ERROR")

        self._answer(asked, done=True, failure=failure)

    async def _do(self, asked: Request) -> None:
        scheduler, name = self._scheduler, asked.name
        match asked.action:
            case "trigger":
                await scheduler.trigger(name, tick=asked.at)
            case "start":
                scheduler.start_job(name)
            case "stop":
                scheduler.stop_job(name)
            case "enable":
                await scheduler.enable_job(name)
            case "disable":
                await scheduler.disable_job(name)
            case "updateInterval":
                await scheduler.update_interval(name, asked.cron or "")

    async def _follow(self, change: Change) -> None:
        if change.runner == self._house.runner:
            return

        if change.started is None:
            await self._reload()
        elif change.name in self._scheduler.jobs:
            self._scheduler.follow(change.name, started=change.started)

    async def _reload(self) -> None:
        try:
            await self._scheduler.reload()
        except Exception:
            logger.exception("the configuration of the jobs cannot be read")

    def _answer(
        self, asked: Request, *, done: bool, failure: ProcedureError | None = None
    ) -> None:
        answer = Answer(
            id=asked.id,
            done=done,
            code=None if failure is None else failure.code,
            message=None if failure is None else failure.message,
        )
        self._bus.publish(ANSWERS, msgspec.to_builtins(answer), keep=False)

    def _tell(self, name: str, started: bool | None) -> None:
        change = Change(runner=self._house.runner, name=name, started=started)
        self._bus.publish(CHANGES, msgspec.to_builtins(change), keep=False)
