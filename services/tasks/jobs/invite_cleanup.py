"""Delete the invites that nobody can use any more."""

from __future__ import annotations

import logging

from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Delete the expired ones, and say how many they were."""
    from dashboard.accounts.invites import delete_expired_invites

    deleted = await delete_expired_invites(resources.database)
    if deleted:
        logger.info("%d expired invites deleted", deleted)
