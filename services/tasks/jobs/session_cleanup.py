"""Delete the rows of sessions that have expired."""

from __future__ import annotations

import logging

from dashboard.accounts import delete_expired_sessions
from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Delete them, and say how many they were."""
    deleted = await delete_expired_sessions(resources.database)
    if deleted:
        logger.info("%d expired sessions deleted", deleted)
