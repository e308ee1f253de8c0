"""Apps: the links that items show, and which of them are pinged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from dashboard.database import Readable
from dashboard.stored import read_options, read_server_setting


class App(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A link with a name and an icon."""

    id: str
    name: str
    description: str | None
    icon_url: str
    href: str | None
    ping_url: str | None

    @property
    def target(self) -> str | None:
        """The URL that is pinged."""
        return self.ping_url or self.href


def list_app_ids(kind: str, options: Mapping[str, Any]) -> list[str]:
    """The apps that an item of this kind and these options shows."""
    found: Any = []
    if kind == "app":
        found = [options.get("appId")]
    elif kind == "bookmarks":
        found = options.get("items")

    if not isinstance(found, list):
        return []

    return [app_id for app_id in found if isinstance(app_id, str) and app_id]


async def load_apps(source: Readable, ids: Iterable[str]) -> dict[str, App]:
    """These apps by id, in one query; unknown ids are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}

    rows = await source.all(
        "SELECT id, name, description, icon_url, href, ping_url FROM app"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(wanted).decode(),),
    )
    return {row["id"]: App(**dict(row)) for row in rows}


async def list_pinged_apps(database: Readable) -> list[App]:
    """The apps whose state some board shows, each once, by name.

    That is where an app item asks for it, and neither its board nor the server's
    settings forbid it. Bookmarks show no state.
    """
    setting = await read_server_setting(database, "board")
    if setting.get("forceDisableStatus") is True:
        return []

    by_default = setting.get("enableStatusByDefault", True)
    rows = await database.all(
        "SELECT i.id, i.kind, i.options FROM item AS i"
        " JOIN board AS b ON b.id = i.board_id"
        " WHERE i.kind = 'app' AND NOT b.disable_status"
    )
    ids: set[str] = set()
    for row in rows:
        options = read_options(row["options"], f"item {row['id']!r}")
        if options.get("pingEnabled", by_default):
            ids.update(list_app_ids(row["kind"], options))

    apps = await load_apps(database, ids)
    return sorted(
        (app for app in apps.values() if app.target),
        key=lambda app: (app.name.lower(), app.id),
    )
