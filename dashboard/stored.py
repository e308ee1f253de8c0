"""Objects stored as SuperJSON text: options of items, and the server's settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from dashboard import superjson
from dashboard.database import Readable

logger = logging.getLogger(__name__)

#: What a column of options holds where nothing was ever set, letter for letter.
EMPTY = '{"json": {}}'


async def read_server_setting(source: Readable, key: str) -> Mapping[str, Any]:
    """One setting's members; empty where there is none that can be read."""
    row = await source.one(
        'SELECT value FROM "serverSetting" WHERE setting_key = ?', (key,)
    )
    return {} if row is None else read_options(row["value"], f"server setting {key!r}")


def read_options(text: str | None, owner: str, key: str = "") -> dict[str, Any]:
    """The members of a stored object; one that cannot be read counts as empty.

    The log names its owner by a noun and, where there are many, by its key.
    """
    if not text or text == EMPTY:
        return {}

    try:
        value = superjson.decode(text)
    except ValueError as error:
        named = f"{owner} {key!r}" if key else owner
        logger.warning("the options of %s cannot be read: %s", named, error)
        return {}

    return value if isinstance(value, dict) else {}
