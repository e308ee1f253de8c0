"""Whether an app is there: one request to its URL, told as Homarr tells it."""

from __future__ import annotations

import time
from typing import Any

from dashboard.errors import OutgoingError
from dashboard.outgoing import fetch_status
from dashboard.settings import Settings

#: Seconds for the head of the last answer, with everything before it.
PING_TIMEOUT = 10.0
LONGEST_ERROR = 200


async def ping(url: str, *, settings: Settings) -> dict[str, Any]:
    """Send a GET to a stored app's URL, and read no body.

    Returns {"url", "statusCode", "durationMs"} of where its redirects end, or {"url",
    "error"}: whatever goes wrong is a result too, and not the end of others' pings.
    """
    begin = time.perf_counter()
    try:
        status = await fetch_status(url, settings=settings, timeout=PING_TIMEOUT)
    except OutgoingError as error:
        return {"url": url, "error": error.cause[:LONGEST_ERROR]}

    duration = round((time.perf_counter() - begin) * 1000)
    return {"url": url, "statusCode": status, "durationMs": duration}
