"""Ends of runs, written to the history together: one transaction for all who wait."""

from __future__ import annotations

import logging

import anyio

from dashboard.database import Database
from dashboard.jobs.history import Ending, file_endings

logger = logging.getLogger("services.tasks")


class Filing:
    """While one writes, the others gather; the next one writes for all of them."""

    def __init__(self, database: Database, *, runner: str) -> None:
        self._database = database
        self._runner = runner
        self._gathered: list[Ending] = []
        self._writing = anyio.Lock()

    @property
    def waiting(self) -> bool:
        """Whether there is something to write."""
        return bool(self._gathered)

    async def file(self, ending: Ending) -> None:
        """Return once it is written, or could not be: then it waits for `write`."""
        self._gathered.append(ending)
        async with self._writing:
            if ending in self._gathered:
                await self._write()

    async def write(self) -> None:
        """Write what waits."""
        async with self._writing:
            if self._gathered:
                await self._write()

    async def _write(self) -> None:
        endings = list(self._gathered)
        try:
            await file_endings(self._database, endings, runner=self._runner)
        except Exception:
            logger.exception("%d runs could not be filed yet", len(endings))
        else:
            del self._gathered[: len(endings)]
