"""A program that asks the API, and what it is told."""

from __future__ import annotations

import json
from typing import Any

from quart import Quart


async def ask(app: Quart, method: str, path: str, **more: Any) -> Any:
    """Send one request as a program does; `key` becomes the header."""

    headers = dict(more.pop("headers", {}))
    if key := more.pop("key", None):
        headers["ApiKey"] = key

    return await app.test_client().open(path, method=method, headers=headers, **more)


async def read_error(response: Any) -> Any:
    """The body of a refusal."""

    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"

    return json.loads(await response.get_data())
