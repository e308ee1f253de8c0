"""Whether the first administrator exists: asked on every page, answered from memory."""

from __future__ import annotations

from dashboard.accounts.onboarding import is_set_up
from dashboard.database import Database


class Onboarding:
    """Remember that there is an administrator; until then ask the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._finished = False

    async def finished(self) -> bool:
        """Say whether there is an administrator to log in as."""

        if not self._finished:
            self._finished = await is_set_up(self._database)

        return self._finished
