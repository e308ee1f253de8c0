"""Fetch every feed that an item of any board shows."""

from __future__ import annotations

import logging

import anyio

from dashboard.resources import Resources

MAX_CONCURRENT = 4

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Keep each feed's entries; nothing under NO_EXTERNAL_CONNECTION."""
    from dashboard.errors import OutgoingError
    from dashboard.feeds import list_feed_urls, refresh_feed

    if resources.settings.no_external_connection:
        return

    limiter = anyio.CapacityLimiter(MAX_CONCURRENT)

    async def refresh_one(url: str) -> None:
        async with limiter:
            try:
                await refresh_feed(resources, url)
            except OutgoingError as error:
                # The other feeds' servers may be in a better state.
                logger.warning("no news of a feed: %s", error)

    async with anyio.create_task_group() as tasks:
        for url in await list_feed_urls(resources.database):
            tasks.start_soon(refresh_one, url)
