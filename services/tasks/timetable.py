"""Which tick comes next, of however many jobs: a heap of plans."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import tzinfo
from heapq import heappop, heappush

from . import cron
from .state import Plan, ScheduledJob

#: Seconds before a tick, in which what takes its time is done.
AHEAD = 1.0


class Timetable:
    """Plans are made anew by making another one; what is in the heap then is passed."""

    def __init__(
        self,
        *,
        zone: tzinfo = cron.LOCAL_TIME,
        chance: random.Random | None = None,
    ) -> None:
        self._zone = zone
        # Not the same in every process: jitter is there to spread them.
        self._chance = chance or random.Random()  # noqa: S311
        self._heap: list[tuple[Plan, ScheduledJob]] = []
        #: The same plans, in the same order, until it is time to prepare them.
        self._ahead: list[tuple[Plan, ScheduledJob]] = []

    def plan(self, one: ScheduledJob, *, after: float) -> None:
        """Plan a job's first tick after a moment; its cron expression is checked."""
        tick = self.find_next(one.cron, after=after)
        delay = 0.0
        if one.job.jitter:
            # A quick expression leaves less room than the job has asked for.
            room = self.find_next(one.cron, after=tick) - tick
            delay = self._chance.uniform(0, min(one.job.jitter, room / 2))

        one.plan = Plan(tick=tick, moment=tick + delay)
        heappush(self._heap, (one.plan, one))
        heappush(self._ahead, (one.plan, one))

    def take_due(self, now: float) -> Iterator[tuple[ScheduledJob, float, float]]:
        """Each job that is due, its latest tick, and how late that is, in seconds.

        However many ticks have passed, it is the last one that counts.
        """
        while self._heap and self._heap[0][0].moment <= now:
            plan, one = heappop(self._heap)
            if plan is not one.plan:
                continue

            tick = plan.tick
            self.plan(one, after=tick)
            if one.plan.tick <= now:
                tick = self.find_last(one.cron, before=now) or tick
                self.plan(one, after=now)

            yield one, tick, max(0.0, now - tick - (plan.moment - plan.tick))

    def take_upcoming(self, now: float) -> Iterator[tuple[ScheduledJob, float]]:
        """Each job that is due soon, and its tick: once for each plan."""
        while self._ahead and self._ahead[0][0].moment <= now + AHEAD:
            plan, one = heappop(self._ahead)
            if plan is one.plan and plan.moment > now:
                yield one, plan.tick

    def find_delay(self, now: float) -> float:
        """Seconds until something is due, or due soon; infinity where nothing is."""
        for heap in (self._heap, self._ahead):
            while heap and heap[0][0] is not heap[0][1].plan:
                heappop(heap)

        moments = [plan.moment for plan, _ in self._heap[:1]]
        moments += [plan.moment - AHEAD for plan, _ in self._ahead[:1]]
        return max(0.0, min(moments, default=float("inf")) - now)

    def find_next(self, expression: str, *, after: float) -> float:
        """The first tick after a moment; raises ValueError, with the reason."""
        return cron.find_next(expression, after=after, zone=self._zone)

    def find_last(self, expression: str, *, before: float) -> float | None:
        """The last tick that was not after a moment, if there is one."""
        return cron.find_last(expression, before=before, zone=self._zone)
