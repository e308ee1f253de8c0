"""Ask for the weather of every weather item, and tell the boards."""

from __future__ import annotations

import logging

import anyio

from dashboard.resources import Resources

MAX_CONCURRENT = 4

logger = logging.getLogger("services.tasks")


async def run(resources: Resources) -> None:
    """Keep and publish the weather of each place; nothing under
    NO_EXTERNAL_CONNECTION.
    """
    from dashboard.errors import OutgoingError
    from dashboard.weather import list_places, refresh_weather

    if resources.settings.no_external_connection:
        return

    limiter = anyio.CapacityLimiter(MAX_CONCURRENT)

    async def refresh_one(latitude: float, longitude: float) -> None:
        async with limiter:
            try:
                await refresh_weather(resources, latitude=latitude, longitude=longitude)
            except OutgoingError as error:
                # The other places' weather may still be had.
                logger.warning("no weather of %g, %g: %s", latitude, longitude, error)

    async with anyio.create_task_group() as tasks:
        for place in await list_places(resources.database):
            tasks.start_soon(refresh_one, *place)
