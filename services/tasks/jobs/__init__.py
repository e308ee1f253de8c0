"""What the jobs of dashboard.jobs do: one function for each name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from dashboard.resources import Resources

from . import database_maintenance, ping, session_cleanup

FUNCTIONS: Mapping[str, Callable[[Resources], Awaitable[None]]] = {
    "ping": ping.run,
    "sessionCleanup": session_cleanup.run,
    "databaseMaintenance": database_maintenance.run,
}
