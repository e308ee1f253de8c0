"""Waiting for somebody, of this process or any other, to commit something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable

from dashboard.database.database import Database

#: Seconds between two looks.
INTERVAL = 0.5


async def wait_for_commit(
    database: Database, since: Hashable, *, patience: float
) -> Hashable:
    """The version of the data, once it is no longer `since`, or after so many seconds.

    Comparable with what this has returned, and with nothing else.
    """
    end = time.monotonic() + patience
    while True:
        version = await _read_version(database)
        if version != since or time.monotonic() >= end:
            return version

        await asyncio.sleep(INTERVAL)


async def _read_version(database: Database) -> Hashable:
    # Two connections count each for themselves.
    version = database.last_commit()
    if version is None:
        return await database.data_version()

    return "last commit", version
