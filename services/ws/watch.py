"""Do the sessions of all open sockets still stand? Asked after every write.

The bus tells at once of what this house's own pages do, to sessions and to who may
see a board. What another process does, the command line or Homarr itself, is seen in
the database: its version moves, and the sessions of all sockets are read again, in one
query.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any, Protocol

import trio

from dashboard.accounts.recheck import Standing, recheck_sessions
from dashboard.database import Database

from . import limits
from .hub import POLICY_VIOLATION, Hub, Member

logger = logging.getLogger("services.ws")


class Lane(Protocol):
    """What is used of the event loop that the database lives in."""

    async def call(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run an async function in that loop and return its result."""


class SessionWatch:
    """Closes the sockets of sessions that are gone, and refreshes the others."""

    def __init__(self, *, hub: Hub, database: Database, lane: Lane) -> None:
        self._hub = hub
        self._database = database
        self._lane = lane
        self._version: Hashable = None
        #: What was found last, by token.
        self._known: Mapping[str, Standing] = {}
        self._failing = False
        #: When subscriptions were last checked, and if something was written since.
        self._checked = -math.inf
        self._stale = False

    async def run(self) -> None:
        """Look until cancelled; a database that does not answer is asked again."""
        while True:
            await trio.sleep(limits.WATCH_INTERVAL)
            await self._hub.wait_occupied()
            try:
                with trio.fail_after(limits.WATCH_PATIENCE + limits.SESSION_TIMEOUT):
                    await self._look()
            except Exception as error:  # noqa: BLE001  # whatever it is, go on
                if not self._failing:
                    logger.warning("open sessions cannot be checked now: %r", error)

                self._failing = True
            else:
                self._failing = False

    async def _look(self) -> None:
        since = None if self._hub.unchecked else self._version
        # Before the list is made: whoever joins from here on is checked next time.
        self._hub.unchecked = False
        members = list(self._hub.members)
        version, standings = await self._ask(members, since)
        self._stale = self._stale or version != self._version
        self._version = version
        thorough = self._is_time_to_be_thorough()
        # Most writes are of something else: a job's run, for one.
        same = standings is None or (since is not None and standings == self._known)
        if same and not thorough:
            return

        for member in members:
            if member not in self._hub.members:
                continue  # it has left meanwhile, and can be asked nothing

            if standings is None:
                member.refresh(member.session, recheck=True)
            elif member.session.token not in standings:
                member.request_close(POLICY_VIOLATION, "the session was closed")
            else:
                standing = standings[member.session.token]
                known = self._known.get(member.session.token)
                moved = known is None or known.group_ids != standing.group_ids
                member.refresh(standing.session, recheck=thorough or moved)

        if thorough:
            # Who joined meanwhile may hear by now what was closed before.
            for member in self._hub.members.difference(members):
                member.refresh(member.session, recheck=True)

        if standings is not None:
            self._known = standings

    async def _ask(
        self, members: list[Member], since: Hashable
    ) -> tuple[Hashable, Mapping[str, Standing] | None]:
        """Wait for a write, a while, and ask who of them still stands."""
        tokens = list({member.session.token for member in members})
        try:
            with trio.CancelScope() as scope:
                # Who joins meanwhile is not among them, and must not wait for it; nor
                # must who lost access.
                self._hub.on_change = None if since is None else scope.cancel
                answer: tuple[Hashable, Mapping[str, Standing] | None]
                answer = await self._lane.call(
                    recheck_sessions, self._database, tokens, since, self._patience
                )
                return answer
        except BaseException:
            self._hub.unchecked = True
            raise
        finally:
            self._hub.on_change = None

        return since, None

    @property
    def _patience(self) -> float:
        if self._hub.access_changed:
            return 0.0

        if not self._stale:
            return limits.WATCH_PATIENCE

        due = self._checked + limits.RECHECK_INTERVAL - trio.current_time()
        return min(max(due, 0.0), limits.WATCH_PATIENCE)

    def _is_time_to_be_thorough(self) -> bool:
        """Say whether to ask again what each subscription may hear.

        A change of somebody's groups or permissions is followed at once. Whether a
        board was closed to them takes a query for each app, so not at each write, but
        at those that we are told of.
        """
        now = trio.current_time()
        due = self._stale and now >= self._checked + limits.RECHECK_INTERVAL
        if not due and not self._hub.access_changed:
            return False

        self._hub.access_changed = False
        self._checked = now
        self._stale = False
        return True
