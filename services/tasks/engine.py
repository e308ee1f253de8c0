"""What runs the jobs once they are due; the scheduler says only when."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from anyio.abc import TaskGroup

from dashboard.ids import new_id
from dashboard.resources import Resources

from .state import Due


class Engine(Protocol):
    """Runs each tick once, in this process or in another one."""

    async def begin(self, due: Sequence[Due]) -> None:
        """Begin the runs of ticks that are due, those that nobody else has begun.

        The jobs are occupied by the caller; each is released when its run has ended.
        """

    async def prepare(self, due: Sequence[Due]) -> None:
        """Do ahead what takes its time, for ticks that are due soon; occupies nothing.

        What is prepared is given back when its job is stopped or planned anew.
        """

    def begin_prepared(self, due: Sequence[Due]) -> Sequence[Due]:
        """Begin at once what is prepared; returns the rest, which is for `begin`."""

    async def run_now(self, due: Due) -> None:
        """Run a job that somebody asked for, occupied like that, and wait for its end.

        Raises JobRunningError where another process runs it, and TickTakenError where
        one runs it for this very request.
        """

    async def recall(self) -> Mapping[str, int]:
        """The newest tick (Unix milliseconds) of each job that ever ran."""

    async def forget(self, names: Collection[str], *, after: float) -> None:
        """Let the ticks of jobs after a moment (Unix seconds) come again."""

    async def end(self) -> None:
        """Give back what is prepared; nothing is begun any more."""

    async def look_after(self) -> None:
        """Do what the runs need while they go on, until cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What an engine works with."""

    resources: Resources
    #: Its runs; at the stop they may finish, within a bound.
    tasks: TaskGroup
    #: What goes on beside them, and is cancelled once they have ended.
    background: TaskGroup
    runner: str = field(default_factory=new_id)
    counts: Counter[str] = field(default_factory=Counter)
    stopping: anyio.Event = field(default_factory=anyio.Event)
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
