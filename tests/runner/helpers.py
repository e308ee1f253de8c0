"""The vocabulary of the runner's tests."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel

from runner.events import Draining, Event, Ready, Stopped
from runner.front_door import bind_sockets
from runner.lane import open_lanes
from runner.plan_file import parse_plan
from runner.roof import Roof
from runner.run import make_lanes

FAKES = "tests.runner.fakes"
#: Seconds that only a fault exceeds, however slow the machine is.
PATIENCE = 30.0


def fake(function: str, **keys: Any) -> dict[str, Any]:
    """Return a plan's table for a service that runs one of the fakes."""

    return {"run": f"{FAKES}:{function}", **keys}


class RoofRun:
    """A roof that runs beside the test."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.exit_code: int | None = None
        self.roof: Roof
        self.url = ""
        self.port = 0
        self._ready = anyio.Event()
        self.ended = anyio.Event()

    def emit(self, event: Event) -> None:
        """Keep an event, and notice the whole being ready."""

        self.events.append(event)

        if isinstance(event, Ready) and event.service is None:
            self._ready.set()

    async def wait_ready(self) -> None:
        """Wait until all services are ready."""

        with anyio.fail_after(PATIENCE):
            await self._ready.wait()

    async def wait_event(self, name: str, *, times: int = 1) -> None:
        """Wait until an event has come so often, by its name and its service's."""

        with anyio.fail_after(PATIENCE):
            while self.names().count(name) < times:
                await anyio.lowlevel.checkpoint()

    async def wait_ended(self) -> None:
        """Wait until the roof has stopped by itself."""

        with anyio.fail_after(PATIENCE):
            await self.ended.wait()

    def names(self) -> list[str]:
        """Return the events as `name service`, leaving out what varies."""

        return [" ".join(_words(event)) for event in self.events]


@asynccontextmanager
async def running_roof(
    services: Mapping[str, Any],
    *,
    sockets: Sequence[socket.socket] = (),
    **keys: Any,
) -> AsyncIterator[RoofRun]:
    """Run services of a plan beside the body; stop them when it ends.

    They listen at a free port, or where the sockets are bound.
    """

    plan = parse_plan({"services": dict(services), **keys})
    run = RoofRun()
    main, others = make_lanes(plan)

    if plan.mounted:
        sockets = sockets or bind_sockets("127.0.0.1", 0)
        run.port = sockets[0].getsockname()[1]
        run.url = f"http://127.0.0.1:{run.port}"

    async with anyio.create_task_group() as tasks:

        async def run_roof() -> None:
            async with open_lanes(main, others) as lanes:
                run.roof = Roof(
                    plan,
                    lanes,
                    sockets,
                    emit=run.emit,
                    began=time.monotonic(),
                    end_process=lambda code: None,  # it would be the tests' own
                )
                begun.set()
                try:
                    run.exit_code = await run.roof.run()
                finally:
                    # Or the watchdog would end the tests' own process.
                    run.roof.release()

            run.ended.set()

        begun = anyio.Event()
        tasks.start_soon(run_roof)
        await begun.wait()
        yield run
        run.roof.stop("test")


async def talk(port: int, *chunks: bytes) -> bytes:
    """Send chunks to a port of this machine and return all that comes back."""

    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        for chunk in chunks:
            await stream.send(chunk)

        received = b""
        with anyio.fail_after(PATIENCE):
            async for data in stream:
                received += data

        return received


def _words(event: Event) -> list[str]:
    words = [event.name]

    if isinstance(event, Draining):
        words.append(event.cause)
    elif not isinstance(event, Stopped) or event.exit_code is None:
        words.append(str(getattr(event, "service", None) or ""))

    return [word for word in words if word]
