"""Apps: the links that items show, and which of them are pinged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from dashboard.database import Database, Readable, Transaction
from dashboard.ids import new_id
from dashboard.stored import read_options, read_server_setting

#: What an app without an icon gets, as in Homarr.
DEFAULT_ICON = (
    "https://cdn.jsdelivr.net/gh/homarr-labs/dashboard-icons@master/svg/homarr.svg"
)
_COLUMNS = "id, name, description, icon_url, href, ping_url"


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
        f"SELECT {_COLUMNS} FROM app"  # noqa: S608 - ours
        " WHERE id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(wanted).decode(),),
    )
    return {row["id"]: App(**dict(row)) for row in rows}


async def list_pinged_apps(database: Readable, *, only: str | None = None) -> list[App]:
    """The apps whose state some board shows, each once, by name; or `only` that one.

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
        " AND (:only IS NULL OR instr(i.options, :only))",
        {"only": only},
    )
    ids: set[str] = set()
    for row in rows:
        options = read_options(row["options"], f"item {row['id']!r}")
        if options.get("pingEnabled", by_default):
            ids.update(list_app_ids(row["kind"], options))

    apps = await load_apps(database, ids if only is None else ids & {only})
    return sorted(
        (app for app in apps.values() if app.target),
        key=lambda app: (app.name.lower(), app.id),
    )


async def list_apps_at(source: Readable, url: str) -> list[App]:
    """The apps of which this URL is pinged."""
    rows = await source.all(
        f"SELECT {_COLUMNS} FROM app"  # noqa: S608 - ours
        " WHERE coalesce(nullif(ping_url, ''), href) = ? ORDER BY id",
        (url,),
    )
    return [App(**dict(row)) for row in rows]


async def list_apps(
    source: Readable,
    *,
    search: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> list[App]:
    """The apps by name; with `search` those whose name has it, large letters or small.

    Signs of patterns are only signs.
    """
    rows = await source.all(
        f"SELECT {_COLUMNS} FROM app"  # noqa: S608 - ours
        " WHERE :search = '' OR instr(lower(name), lower(:search))"
        " ORDER BY name, id LIMIT :limit OFFSET :offset",
        {
            "search": search,
            "limit": -1 if limit is None else limit,
            "offset": offset,
        },
    )
    return [App(**dict(row)) for row in rows]


async def count_apps(source: Readable, *, search: str = "") -> int:
    """How many apps `list_apps` would find."""
    row = await source.one(
        "SELECT count(*) AS found FROM app"
        " WHERE :search = '' OR instr(lower(name), lower(:search))",
        {"search": search},
    )
    return 0 if row is None else int(row["found"])


async def insert_app(
    tx: Transaction,
    *,
    name: str,
    href: str | None,
    icon_url: str,
    ping_url: str | None = None,
    description: str | None = None,
) -> str:
    """Add an app, checked by the caller; returns its id."""
    app_id = new_id()
    await tx.execute(
        f"INSERT INTO app ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
        (app_id, name, description, icon_url, href, ping_url),
    )
    return app_id


async def update_app(database: Database, app: App) -> bool:
    """Store all fields of an app, checked by the caller; False if there is none."""
    async with database.write() as tx:
        count = await tx.execute(
            "UPDATE app SET name = ?, description = ?, icon_url = ?, href = ?,"
            " ping_url = ? WHERE id = ?",
            (
                app.name,
                app.description,
                app.icon_url,
                app.href,
                app.ping_url,
                app.id,
            ),
        )
        return count > 0


async def delete_app(database: Database, app_id: str) -> None:
    """Delete an app; items that show it stay, and show none."""
    async with database.write() as tx:
        # Homarr means the reference to be set to null, but its files do not say so.
        await tx.execute(
            "UPDATE integration SET app_id = NULL WHERE app_id = ?", (app_id,)
        )
        await tx.execute("DELETE FROM app WHERE id = ?", (app_id,))


async def find_icon_url(source: Readable, name: str) -> str:
    """The address of a known icon whose name has this in it, or that of Homarr's."""
    row = await source.one(
        "SELECT url FROM icon WHERE instr(lower(name), lower(?))"
        " ORDER BY length(name), name, id LIMIT 1",
        (name,),
    )
    return DEFAULT_ICON if row is None else str(row["url"])
