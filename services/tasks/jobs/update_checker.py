"""Look whether there is a newer version of this program."""

from __future__ import annotations

import logging

from dashboard.resources import Resources

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Keep the newer versions for the administrators, and name the newest in the log.

    Does nothing where UPDATE_CHECK_URL is not set, or NO_EXTERNAL_CONNECTION is.
    """
    from dashboard.errors import OutgoingError
    from dashboard.updates import is_checking, refresh_updates

    if not is_checking(resources):
        return

    try:
        updates = await refresh_updates(resources)
    except OutgoingError as error:
        logger.warning("no news of versions: %s", error)
        return

    if updates:
        logger.info("a newer version is there: %s", updates[0]["tagName"])
