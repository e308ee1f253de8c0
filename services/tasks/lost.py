"""Runs of other processes: watched, and taken over when their runner has died.

A runner counts as dead when it has not renewed a lease for as long as it is, by our
monotonic clock: what the clocks on the walls say does not matter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from dashboard.jobs.history import Key, Run, file_lost, find_run, take_over

from .engine import House
from .state import Due, ScheduledJob

logger = logging.getLogger("services.tasks")

#: Renewed every 10 s for 30 s; who misses three times is gone.
WATCH_INTERVAL = 30.0
#: A run whose runners die again and again may be what kills them.
MAX_ATTEMPTS = 3


class LostRuns:
    """One task for each run that is watched; most end with a single look."""

    def __init__(
        self,
        house: House,
        *,
        jobs: dict[str, ScheduledJob],
        begin: Callable[[Due], None] | None,
        interval: float = WATCH_INTERVAL,
    ) -> None:
        self._house = house
        self._jobs = jobs
        #: None where somebody else runs them again: then they are only filed.
        self._begin = begin
        self._interval = interval
        self._watched: set[Key] = set()

    def watch(self, runs: Iterable[Run]) -> None:
        """Look after runs that others hold, until they have ended."""
        for run in runs:
            ours = run.runner == self._house.runner or run.job not in self._jobs
            if run.status == "running" and run.key not in self._watched and not ours:
                self._watched.add(run.key)
                self._house.background.start_soon(self._watch, run)

    async def _watch(self, run: Run) -> None:
        seen = run
        try:
            while True:
                await self._house.sleep(self._interval)
                try:
                    found = await find_run(self._house.resources.database, run.key)
                    if found is None or found.status != "running":
                        return

                    if (found.runner, found.lease) == (seen.runner, seen.lease):
                        await self._replace(found)
                        return

                except Exception:
                    logger.exception("the run history cannot be read")
                else:
                    seen = found
        finally:
            self._watched.discard(run.key)

    async def _replace(self, run: Run) -> None:
        """Run it again here, or note that it is lost."""
        database, begin = self._house.resources.database, self._begin
        reason = self._find_reason(run)
        if begin is None or reason is not None:
            if await file_lost(database, run, f"its runner died; {reason}"):
                logger.error("job %r: its runner died; %s", run.job, reason)

            return

        one = self._jobs[run.job]
        one.occupy()
        now = round(self._house.now() * 1000)
        taken = False
        try:
            taken = await take_over(
                database,
                run,
                runner=self._house.runner,
                now=now,
                lease=now + round(WATCH_INTERVAL * 1000),
            )
        finally:
            if not taken:
                one.release()

        if taken:
            logger.warning("job %r: its runner died; it is run again here", run.job)
            begin(Due(one=one, tick=run.tick))

    def _find_reason(self, run: Run) -> str | None:
        """Why it is not run again; None where it is."""
        one = self._jobs[run.job]
        late = self._house.now() - run.lease / 1000
        if self._begin is None:
            return "its queue has lost it"

        if self._house.stopping.is_set() or not one.started:
            return "the job is stopped here"

        if one.ended is not None:
            return "the job runs here again already"

        if run.attempt >= MAX_ATTEMPTS:
            return f"that was attempt {run.attempt}, and the last one"

        if late > one.job.catch_up + WATCH_INTERVAL:
            return f"that was {late:.0f} s ago, too long to make up for it"

        return None
