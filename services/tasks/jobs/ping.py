"""Ask each app that a board shows whether it is there, and tell the boards."""

from __future__ import annotations

from collections import defaultdict

import anyio

from dashboard.apps import App, list_pinged_apps
from dashboard.resources import Resources

MAX_CONCURRENT = 8


async def run(resources: Resources) -> None:
    """Ping each URL once, and publish the result for each app that has it."""
    from dashboard.pings import ping

    apps: defaultdict[str, list[App]] = defaultdict(list)
    for app in await list_pinged_apps(resources.database):
        if app.target is not None:
            apps[app.target].append(app)

    limiter = anyio.CapacityLimiter(MAX_CONCURRENT)

    async def ping_one(url: str) -> None:
        async with limiter:
            result = await ping(url, settings=resources.settings)

        for app in apps[url]:
            resources.bus.publish(f"ping:{app.id}", result)

    async with anyio.create_task_group() as tasks:
        for url in apps:
            tasks.start_soon(ping_one, url)
