"""The rows that every new file starts with."""

from __future__ import annotations

from typing import Any

from dashboard import superjson
from dashboard.database.drivers import Connection
from dashboard.ids import new_id

#: Homarr adds its search engines and integrations by itself where they are missing.
SERVER_SETTINGS: dict[str, dict[str, Any]] = {
    "analytics": {
        # Homarr's default is true; here nobody has been asked.
        "enableGeneral": False,
        "instanceId": None,
    },
    "crawlingAndIndexing": {
        "noIndex": True,
        "noFollow": True,
        "noTranslate": True,
        "noSiteLinksSearchBox": False,
    },
    "board": {
        "homeBoardId": None,
        "mobileHomeBoardId": None,
        "enableStatusByDefault": True,
        "forceDisableStatus": False,
    },
    "appearance": {"defaultColorScheme": "auto"},
    "culture": {"defaultLocale": "en"},
    "search": {"defaultSearchEngineId": None},
    "user": {"enableGravatar": True},
}


async def insert_seeds(connection: Connection) -> None:
    """Add what is missing; what is there stays."""
    await connection.execute(
        "INSERT INTO \"group\" (id, name, position) VALUES (?, 'everyone', -1)"
        " ON CONFLICT (name) DO NOTHING",
        (new_id(),),
    )
    await connection.execute(
        "INSERT INTO onboarding (id, step) SELECT ?, 'start'"
        " WHERE NOT EXISTS (SELECT 1 FROM onboarding)",
        (new_id(),),
    )
    await connection.execute_many(
        'INSERT INTO "serverSetting" (setting_key, value) VALUES (?, ?)'
        " ON CONFLICT (setting_key) DO NOTHING",
        [
            (key, superjson.encode(value).decode())
            for key, value in SERVER_SETTINGS.items()
        ],
    )
