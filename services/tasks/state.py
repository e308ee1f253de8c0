"""Where each job stands in this process."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import anyio

from dashboard.jobs import Job
from dashboard.jobs.history import Key

from .execution import JobFunction

_plans = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tick that is to come, and the moment of its run, in Unix seconds.

    Plans are ordered by their moments.
    """

    tick: float
    moment: float
    number: int = field(default_factory=lambda: next(_plans))

    def __lt__(self, other: Any) -> bool:
        return (self.moment, self.number) < (other.moment, other.number)


@dataclass(eq=False, slots=True, kw_only=True)
class ScheduledJob:
    """A job, and where it stands."""

    job: Job
    function: JobFunction
    cron: str
    #: Stored: whether it is started with the service.
    enabled: bool
    #: Whether ticks run it now.
    started: bool
    #: None while ticks pass it by.
    plan: Plan | None = None
    #: A stored expression that could not be used, and was told of.
    refused: str | None = None
    #: Set when the present run ends; None while there is none.
    ended: anyio.Event | None = None

    def occupy(self) -> anyio.Event:
        """Let nothing else begin it in this process."""
        self.ended = anyio.Event()
        return self.ended

    def release(self) -> None:
        """Its run has ended, or was not ours."""
        ended, self.ended = self.ended, None
        if ended is not None:
            ended.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A job and what it is to be run for, in Unix milliseconds."""

    one: ScheduledJob
    tick: int

    @property
    def key(self) -> Key:
        """The run's name in the history."""
        return self.one.job.name, self.tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """When a run began: in Unix seconds, and by a clock that nobody sets."""

    at: float
    steady: float
