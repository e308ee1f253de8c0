"""The embedded engine: runs are claimed in the database, and run in this process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import anyio

from dashboard.jobs.history import (
    Ending,
    Key,
    Run,
    forget_ticks,
    load_last_ticks,
    load_running,
    renew_leases,
)

from .claims import Claims
from .engine import House
from .errors import JobRunningError, TickTakenError
from .execution import Call, Outcome, begin, finish
from .filing import Filing
from .lost import LostRuns
from .state import Begun, Due, ScheduledJob
from .status import publish_status

logger = logging.getLogger("services.tasks")

#: How often the lease of a run is renewed.
RENEW_INTERVAL = 10.0
#: Between attempts to claim ticks in a database that cannot be written.
RETRY_INTERVAL = 5.0
#: For what has to be filed when everything is cancelled.
FILE_TIMEOUT = 2.0


class LocalRuns:
    """Claims, runs and files, in the task group of the service."""

    def __init__(self, house: House, *, jobs: dict[str, ScheduledJob]) -> None:
        self._house = house
        self._database = house.resources.database
        self._claims = Claims(house)
        self._running: dict[Key, anyio.CancelScope] = {}
        self._some_running = anyio.Event()
        self._filing = Filing(self._database, runner=house.runner)
        self._lost = LostRuns(house, jobs=jobs, begin=self._start)
        self._writable = True

    async def prepare(self, due: Sequence[Due]) -> None:
        """Claim ticks before they are due; where that fails, `begin` says so."""
        with suppress(Exception):
            self._lost.watch(await self._claims.claim_ahead(due))

    def begin_prepared(self, due: Sequence[Due]) -> Sequence[Due]:
        """Begin the ticks that are claimed, and leave out those of other processes."""
        rest: list[Due] = []
        for one in due:
            match self._claims.take(one):
                case True:
                    self._start(one)
                case False:
                    one.one.release()
                case None:
                    rest.append(one)

        if self._claims.has_stale():
            self._house.tasks.start_soon(self._drop)

        return rest

    async def begin(self, due: Sequence[Due]) -> None:
        """Claim ticks in one transaction, and begin those that are ours now."""
        waiting = list(due)
        try:
            while waiting:
                claimed = await self._try_claim(waiting)
                if claimed is not None:
                    won, others = claimed
                    self._lost.watch(others)
                    for one in [one for one in waiting if one.key in won]:
                        waiting.remove(one)
                        self._start(one)

                    return

                waiting = await self._wait_writable(waiting)
        finally:
            for one in waiting:
                one.one.release()

    async def run_now(self, due: Due) -> None:
        """Claim a moment of the job's own, run it, and wait for its end."""
        ended = due.one.ended
        began = False
        try:
            won, others = await self._claims.claim([due])
            self._lost.watch(others)
            if not won:
                mine = any(other.tick == due.tick for other in others)
                raise (TickTakenError if mine else JobRunningError)(due.one.job.name)

            began = True
            self._start(due)
        finally:
            if not began:
                due.one.release()

        if ended is not None:
            await ended.wait()

    async def end(self) -> None:
        """Give back what is prepared: another process may be there when it is due."""
        await self._drop(everything=True)

    async def recall(self) -> Mapping[str, int]:
        """Read the newest ticks, and look after the runs that were left behind."""
        try:
            self._lost.watch(await load_running(self._database))
            return await load_last_ticks(self._database)
        except Exception:
            # Nothing is made up for then; the next ticks say more.
            logger.exception("the run history cannot be read")
            return {}

    async def forget(self, names: Collection[str], *, after: float) -> None:
        """Forget the runs of ticks that the clock will show again."""
        await forget_ticks(self._database, names, after=round(after * 1000))

    async def look_after(self) -> None:
        """Renew the leases of long runs, and file what could not be filed before."""
        while True:
            await self._some_running.wait()
            await self._house.sleep(RENEW_INTERVAL)
            await self._filing.write()
            if self._running:
                await self._renew(list(self._running))
            elif not self._filing.waiting:
                self._some_running = anyio.Event()

    async def _renew(self, held: Sequence[Key]) -> None:
        try:
            kept = await renew_leases(
                self._database,
                held,
                runner=self._house.runner,
                lease=self._claims.get_lease(),
            )
        except Exception:
            # Who cannot write now cannot take over either; soon it is tried again.
            logger.exception("the leases of running jobs could not be renewed")
            return

        for key in held:
            if key not in kept and key in self._running:
                logger.error("job %r: another process took its run over", key[0])
                self._running[key].cancel()

    # Claims

    async def _drop(self, everything: bool = False) -> None:
        try:
            await self._claims.drop(everything=everything)
        except Exception:
            # Soon another runner counts us as dead in it.
            logger.exception("claimed ticks could not be given back")

    async def _try_claim(self, due: Sequence[Due]) -> tuple[set[Key], list[Run]] | None:
        try:
            claimed = await self._claims.claim(due)
        except Exception as error:
            if self._writable:
                logger.exception("ticks cannot be claimed; jobs wait: %s", error)

            self._writable = False
            return None

        if not self._writable:
            logger.info("ticks can be claimed again")

        self._writable = True
        return claimed

    async def _wait_writable(self, due: Sequence[Due]) -> list[Due]:
        """Wait a little; returns the ticks that are not too old by then."""
        with anyio.move_on_after(RETRY_INTERVAL):
            await self._house.stopping.wait()

        now = self._house.now()
        stopping = self._house.stopping.is_set()
        kept = [
            one
            for one in due
            if now - one.tick / 1000 <= one.one.job.catch_up and not stopping
        ]
        for one in due:
            if one not in kept:
                self._house.counts["skipped"] += 1
                one.one.release()

        return kept

    # Runs

    def _start(self, due: Due) -> None:
        # Noted before the first step of its task: the lease counts from now.
        self._house.tasks.start_soon(self._run, due, self._call(due))

    def _call(self, due: Due) -> Call:
        """Begin the call before anything else: nothing makes it late."""
        self._running[due.key] = anyio.CancelScope()
        self._some_running.set()
        return begin(due.one.function, self._house.resources, name=due.one.job.name)

    async def _run(self, due: Due, call: Call) -> None:
        name, bus = due.one.job.name, self._house.resources.bus
        scope = self._running[due.key]
        begun = Begun(at=self._house.now(), steady=time.monotonic())
        publish_status(bus, name, begun=begun.at)
        self._house.counts["runs"] += 1
        # Where we are cancelled, nothing better is known.
        outcome = Outcome(error="cancelled: the service stopped")
        try:
            with scope:
                outcome = await finish(call, name=name, timeout=due.one.job.timeout)

            if scope.cancelled_caught:
                outcome = Outcome(error="another process took it over")

        except asyncio.CancelledError:
            with anyio.move_on_after(FILE_TIMEOUT, shield=True):
                await self._end_early(due, outcome, begun)

            raise
        else:
            await self._end(due, outcome, begun)
        finally:
            publish_status(
                bus, name, begun=begun.at, ended="error" if outcome.error else "success"
            )

    async def _end_early(self, due: Due, outcome: Outcome, begun: Begun) -> None:
        """File a run that the stop has cut short."""
        await self._end(due, outcome, begun)

    async def _end(self, due: Due, outcome: Outcome, begun: Begun) -> None:
        counts = self._house.counts
        counts["failures"] += outcome.error is not None
        counts["timeouts"] += outcome.timed_out
        del self._running[due.key]
        try:
            await self._filing.file(
                Ending(
                    job=due.one.job.name,
                    tick=due.tick,
                    started=round(begun.at * 1000),
                    ended=self._now(),
                    duration=round((time.monotonic() - begun.steady) * 1000),
                    error=outcome.error,
                )
            )
        except asyncio.CancelledError:
            with anyio.move_on_after(FILE_TIMEOUT, shield=True):
                await self._filing.write()

            raise
        finally:
            if outcome.left is None:
                due.one.release()
            else:
                outcome.left.add_done_callback(lambda _: due.one.release())

    def _now(self) -> int:
        return round(self._house.now() * 1000)
