"""End the sessions that have expired, and those of disabled providers."""

from __future__ import annotations

import logging

from dashboard.accounts import close_disabled_sessions, delete_expired_sessions
from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Delete their rows, and say how many they were."""
    deleted = await delete_expired_sessions(resources.database)
    if deleted:
        logger.info("%d expired sessions deleted", deleted)

    providers = resources.settings.auth_providers
    closed = await close_disabled_sessions(resources.database, providers=providers)
    if closed:
        logger.info("%d sessions of providers outside AUTH_PROVIDERS ended", closed)
