"""Running a plan in this process: what belongs to the whole interpreter.

The signal handlers, the log, the allocator and the switch interval are set here
and nowhere else; services find them as they are.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from socket import socket

import anyio

from . import lazy
from .errors import EXIT_LATE, LaneClosedError
from .events import Emit, Event, Ready, Starting, Stopped
from .front_door import bind_sockets
from .lane import Lane, find_loop, open_lanes, run_in_backend
from .log import configure_logging
from .plan import Backend, Plan
from .relief import collect, relieve_when_idle, trim
from .roof import Roof
from .signals import StopSignals, ignore_memory_signals, watch_memory_signals
from .system import cap_arenas, freeze_heap, raise_file_limit, read_age

#: Seconds that a thread may keep the interpreter before another one gets it, where
#: two event loops share it. With Python's 5 ms a message in one lane waits up to
#: 32 ms behind a busy other lane (docs/architecture.md).
SWITCH_INTERVAL = 0.0001


def run_plan(plan: Plan, *, log_format: str, log_level: str) -> int:
    """Run a plan until it is told to stop; return the exit code.

    Raises:
        ListenError: the port cannot be had; nothing was started.
    """

    began = time.monotonic() - read_age()
    lazy.install(plan.memory.lazy)
    emit = configure_logging(log_format, log_level)
    last_words = Stopped(exit_code=EXIT_LATE)
    raise_file_limit()
    ignore_memory_signals()
    signals = StopSignals(at_once=partial(emit, last_words), exit_code=EXIT_LATE)
    sockets = bind_sockets(plan.host, plan.port) if plan.mounted else []
    main, others = make_lanes(plan)
    emit(_set_interpreter(plan, main, others))
    settle = partial(_emit_and_settle, emit)
    code = run_in_backend(
        main.backend, _run_roof, plan, main, others, sockets, signals, settle, began
    )
    emit(Stopped(exit_code=code))
    return code


def make_lanes(plan: Plan) -> tuple[Lane, list[Lane]]:
    """Return the main thread's lane, and those that get threads of their own.

    The main lane is asyncio's wherever there is one: HTTP is served in it.
    """

    backends: dict[str, Backend] = {
        service.lane: service.backend for service in plan.services.values()
    }

    if plan.needs_http or "asyncio" in backends or not backends:
        backends = {"asyncio": "asyncio", **backends}

    main, *others = (Lane(name, backend) for name, backend in backends.items())
    return main, others


async def _run_roof(
    plan: Plan,
    main: Lane,
    others: Sequence[Lane],
    sockets: Sequence[socket],
    signals: StopSignals,
    emit: Emit,
    began: float,
) -> int:
    async with open_lanes(main, others) as lanes:
        roof = Roof(plan, lanes, sockets, emit=emit, began=began)
        signals.watch(partial(_post, main, roof.stop))
        watch_memory_signals(
            collect=partial(_post, main, collect, emit),
            trim=partial(_post, main, trim, emit),
        )
        async with anyio.create_task_group() as tasks:
            if plan.memory.trim:
                tasks.start_soon(relieve_when_idle)

            code = await roof.run()
            tasks.cancel_scope.cancel()

        return code


def _post(main: Lane, function: Callable[..., object], *args: object) -> None:
    with suppress(LaneClosedError):  # it has stopped already
        main.post(function, *args)


def _set_interpreter(plan: Plan, main: Lane, others: Sequence[Lane]) -> Starting:
    arenas = plan.memory.arenas or None
    if arenas is not None and not cap_arenas(arenas):
        arenas = None  # not glibc's allocator

    interval = None

    if others:
        interval = SWITCH_INTERVAL
        sys.setswitchinterval(interval)

    return Starting(
        pid=os.getpid(),
        services=tuple(plan.services),
        lanes=(main.name, *(lane.name for lane in others)),
        loop=find_loop(main.backend),
        switch_interval=interval,
        arenas=arenas,
    )


def _emit_and_settle(emit: Emit, event: Event) -> None:
    """Emit an event, and freeze the heap when the whole has become ready."""

    emit(event)
    if isinstance(event, Ready) and event.service is None:
        freeze_heap()
