"""Ask each app that a board shows whether it is there, and tell the boards."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import anyio

from dashboard.apps import App, list_pinged_apps
from dashboard.resources import Resources

#: For one answer's head, with everything before it.
PING_TIMEOUT = 10.0
MAX_CONCURRENT = 8
MAX_ERROR_LENGTH = 200


async def run(resources: Resources) -> None:
    """Ping each URL once, and publish the result for each app that has it."""
    apps: defaultdict[str, list[App]] = defaultdict(list)
    for app in await list_pinged_apps(resources.database):
        if app.target is not None:
            apps[app.target].append(app)

    limiter = anyio.CapacityLimiter(MAX_CONCURRENT)

    async def ping_one(url: str) -> None:
        async with limiter:
            result = await ping(url)

        for app in apps[url]:
            resources.bus.publish(f"ping:{app.id}", result)

    async with anyio.create_task_group() as tasks:
        for url in apps:
            tasks.start_soon(ping_one, url)


async def ping(url: str) -> dict[str, Any]:
    """Send a GET, and read no more of the answer than its head.

    Redirects are answers like any other. Whatever goes wrong is a result too.
    """
    from . import http_client  # loads httpcore: only those who ping pay for it

    begin = time.perf_counter()
    try:
        with anyio.fail_after(PING_TIMEOUT):
            status = await http_client.fetch_status(url)
    except TimeoutError:
        return {"url": url, "error": f"no answer within {PING_TIMEOUT:g} s"}
    except Exception as error:  # noqa: BLE001
        # One app's fault is its own result, and not the end of the others' pings.
        text = str(error) or type(error).__name__
        return {"url": url, "error": text[:MAX_ERROR_LENGTH]}

    duration = round((time.perf_counter() - begin) * 1000)
    return {"url": url, "statusCode": status, "durationMs": duration}
