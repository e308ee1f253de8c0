"""What the jobs of dashboard.jobs do: one function for each name.

What a job needs beyond that is imported when it runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from dashboard.resources import Resources

from . import (
    backup,
    database_maintenance,
    icons_updater,
    invite_cleanup,
    ping,
    rss_feeds,
    session_cleanup,
    update_checker,
    weather,
)

FUNCTIONS: Mapping[str, Callable[[Resources], Awaitable[None]]] = {
    "iconsUpdater": icons_updater.run,
    "ping": ping.run,
    "rssFeeds": rss_feeds.run,
    "updateChecker": update_checker.run,
    "weather": weather.run,
    "sessionCleanup": session_cleanup.run,
    "inviteCleanup": invite_cleanup.run,
    "databaseMaintenance": database_maintenance.run,
    "backup": backup.run,
}
