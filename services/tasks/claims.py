"""Claims on ticks, made ahead where there is time, so that jobs begin in time.

A claim is a transaction, and on a busy event loop each step of one waits its turn.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from dashboard.database import Database
from dashboard.jobs.history import Key, Run, claim_ticks, give_back

from .engine import House
from .state import Due, Plan

#: Seconds for which a runner promises to go on.
LEASE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A tick that is ours and not due yet."""

    due: Due
    plan: Plan | None
    since: float = field(default_factory=time.monotonic)

    @property
    def is_stale(self) -> bool:
        """Its job was stopped or planned anew; or it was due, and could not begin."""
        return self.due.one.plan is not self.plan

    @property
    def is_old(self) -> bool:
        """The machine slept meanwhile: another runner may have it by now."""
        return time.monotonic() - self.since > LEASE / 2


class Claims:
    """What this runner has claimed and not begun, and what it knows to be another's."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._database: Database = house.resources.database
        self._held: dict[Key, _Held] = {}
        #: The tick of each job that another runner has.
        self._taken: dict[str, int] = {}
        # One at a time: what is being claimed is not claimed again beside it.
        self._claiming = anyio.Lock()

    async def claim_ahead(self, due: Sequence[Due]) -> list[Run]:
        """Claim ticks that are due soon; returns the runs that stand in the way."""
        async with self._claiming:
            won, others = await self._claim([one.key for one in due])
            theirs = {other.key for other in others}
            for one in due:
                if one.key in won:
                    self._held[one.key] = _Held(due=one, plan=one.one.plan)
                elif one.key in theirs:
                    self._taken[one.one.job.name] = one.tick

        return others

    def take(self, due: Due) -> bool | None:
        """Whether a tick is ours to begin now; None where it is not known yet."""
        held = self._held.get(due.key)
        if held is not None and not held.is_old:
            del self._held[due.key]
            return True

        return False if self._taken.get(due.one.job.name) == due.tick else None

    async def claim(self, due: Sequence[Due]) -> tuple[set[Key], list[Run]]:
        """Claim ticks that are due; those that are ours, and the runs in the way."""
        async with self._claiming:
            ours = {one.key for one in due if self.take(one)}
            # Old ones, and those of jobs that somebody wants to run right now.
            names = {one.one.job.name for one in due if one.key not in ours}
            await self._give_back([key for key in self._held if key[0] in names])
            won, others = await self._claim(
                [one.key for one in due if one.key not in ours]
            )

        return ours | won, others

    def has_stale(self) -> bool:
        """Whether there is something for `drop`."""
        return any(held.is_stale for held in self._held.values())

    async def drop(self, *, everything: bool = False) -> None:
        """Give back what will not begin here."""
        async with self._claiming:
            held = self._held.items()
            await self._give_back(
                [key for key, one in held if everything or one.is_stale]
            )

    def get_lease(self) -> int:
        """A promise that is made now, in Unix milliseconds."""
        return self._get_now() + round(LEASE * 1000)

    async def _claim(self, keys: Sequence[Key]) -> tuple[set[Key], list[Run]]:
        if not keys:
            return set(), []

        # Cancelled, it would be written all the same, and nobody would give it back.
        with anyio.CancelScope(shield=True):
            won, others = await claim_ticks(
                self._database,
                keys,
                runner=self._house.runner,
                now=self._get_now(),
                lease=self.get_lease(),
            )

        return won, others

    async def _give_back(self, keys: Sequence[Key]) -> None:
        if keys:
            await give_back(self._database, keys, runner=self._house.runner)
            for key in keys:
                self._held.pop(key, None)

    def _get_now(self) -> int:
        return round(self._house.now() * 1000)
