"""Changing a board's items, each change in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard import superjson
from dashboard.apps import insert_app, list_app_ids, load_apps
from dashboard.boards.access import (
    Access,
    is_id,
    require_access,
    require_permission,
    require_session,
)
from dashboard.boards.integrations import require_usable
from dashboard.boards.kinds import find_kind
from dashboard.boards.places import find_places
from dashboard.database import Database, Transaction
from dashboard.errors import InvalidItemError
from dashboard.identity import Session
from dashboard.ids import new_id
from dashboard.stored import EMPTY, read_options

OPTIONS_BYTES = 1024 * 1024
LONGEST_APP_NAME = 64
LONGEST_URL = 8192

_NO_FIELDS: Mapping[str, str | None] = {}
_LINK = re.compile(r"(https?://[^\s/]|/(?!/))\S*", re.IGNORECASE)
_PING = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_ICON = re.compile(r"(https?://[^\s/]|/(?!/)|data:image/)\S*", re.IGNORECASE)


async def add_item(
    database: Database,
    board_id: str,
    *,
    kind: str,
    options: Mapping[str, Any],
    integration_ids: Sequence[str] = (),
    session: Session | None,
) -> str:
    """Put an item in the first free place of each layout; returns its id.

    Options that are not given have the kind's defaults. Raises InvalidItemError, and
    ProcedureError: NOT_FOUND for a board that is not there or that the viewer may not
    change, BAD_REQUEST for an integration that they may not use.
    """
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        item_id = await insert_item(tx, board_id, kind=kind, options=options)
        if integration_ids:
            await require_usable(tx, integration_ids, require_session(session))
            await tx.execute_many(
                "INSERT INTO integration_item (item_id, integration_id) VALUES (?, ?)",
                [(item_id, integration) for integration in set(integration_ids)],
            )

        return item_id


async def update_item(
    database: Database,
    board_id: str,
    item_id: str,
    *,
    options: Mapping[str, Any],
    app: Mapping[str, str | None] = _NO_FIELDS,
    kind: str | None = None,
    session: Session | None,
) -> bool:
    """Set the given options and keep the others; False if there is no such item.

    With `kind`, an item of another kind is none.

    `app` has new fields of the app that the item shows: "name", "href", "icon_url" or
    "ping_url"; those that it lacks stay. All is stored, or nothing. Raises as
    `add_item` does; changing an app takes the permission "app-modify-all" as well, and
    without it is FORBIDDEN.
    """
    fields = _check_app(app)
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        if not is_id(item_id):
            return False

        row = await tx.one(
            "SELECT kind, options FROM item WHERE id = ? AND board_id = ?",
            (item_id, board_id),
        )
        if row is None or (kind is not None and row["kind"] != kind):
            return False

        await _check_apps(tx, row["kind"], options)
        merged = merge_options(row["options"], options)
        await tx.execute("UPDATE item SET options = ? WHERE id = ?", (merged, item_id))
        if fields:
            require_permission(session, "app-modify-all")
            shown = list_app_ids(row["kind"], read_options(merged, "item", item_id))
            await _update_app(tx, row["kind"], shown, fields)

        return True


async def remove_item(
    database: Database, board_id: str, item_id: str, *, session: Session | None
) -> bool:
    """Take an item off its board; False if there is no such item.

    Raises as `add_item` does.
    """
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        if not is_id(item_id):
            return False

        count = await tx.execute(
            "DELETE FROM item WHERE id = ? AND board_id = ?", (item_id, board_id)
        )
        return count > 0


async def add_app_item(
    database: Database,
    board_id: str,
    *,
    name: str,
    href: str | None,
    icon_url: str = "",
    ping_url: str | None = None,
    session: Session | None,
) -> str:
    """Make an app and an item that shows it; returns the item's id.

    Raises as `add_item` does; making an app takes the permission "app-create" as well,
    and without it is FORBIDDEN.
    """
    fields = _check_app(
        {"name": name, "href": href, "icon_url": icon_url, "ping_url": ping_url}
    )
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        require_permission(session, "app-create")
        app_id = await insert_app(tx, **fields)
        return await insert_item(tx, board_id, kind="app", options={"appId": app_id})


async def insert_item(
    tx: Transaction, board_id: str, *, kind: str, options: Mapping[str, Any]
) -> str:
    """Add an item, with the permission checked by the caller; returns its id."""
    known = find_kind(kind)
    if known is None:
        raise InvalidItemError(f"there is no kind {kind!r}")

    await _check_apps(tx, kind, options)
    item_id = new_id()
    stored = merge_options(EMPTY, {**known.defaults, **options})
    await tx.execute(
        "INSERT INTO item (id, board_id, kind, options) VALUES (?, ?, ?, ?)",
        (item_id, board_id, kind, stored),
    )
    places = await find_places(tx, board_id, width=known.width, height=known.height)
    if not places:
        # In Homarr's words. Without a place nobody would ever see it.
        raise InvalidItemError("Board has no empty section to place items in")

    await tx.execute_many(
        "INSERT INTO item_layout (item_id, section_id, layout_id, x_offset, y_offset,"
        " width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (item_id, p.section_id, p.layout_id, p.x, p.y, p.width, p.height)
            for p in places
        ],
    )
    return item_id


async def _update_app(
    tx: Transaction, kind: str, shown: list[str], fields: Mapping[str, Any]
) -> None:
    apps = await load_apps(tx, shown)
    if kind != "app" or not apps:
        raise InvalidItemError("the item shows no app that could be changed")

    ((app_id, app),) = apps.items()
    now = {name: getattr(app, name) for name in _APP_FIELDS}
    await tx.execute(
        "UPDATE app SET name = :name, href = :href, icon_url = :icon_url,"
        " ping_url = :ping_url WHERE id = :id",
        {**now, **fields, "id": app_id},
    )


async def _check_apps(tx: Transaction, kind: str, options: Mapping[str, Any]) -> None:
    ids = list_app_ids(kind, options)
    missing = set(ids) - set(await load_apps(tx, ids))
    if missing:
        raise InvalidItemError(f"there is no app {min(missing)!r}")


def merge_options(stored: str, options: Mapping[str, Any]) -> str:
    """The stored text with these members set; raises InvalidItemError."""
    try:
        merged = superjson.merge(stored, options)
    except (TypeError, ValueError) as error:
        raise InvalidItemError(f"the options cannot be stored: {error}") from error

    if len(merged.encode()) > OPTIONS_BYTES:
        raise InvalidItemError(f"the options take more than {OPTIONS_BYTES} bytes")

    return merged


def _check_app(given: Mapping[str, str | None]) -> dict[str, Any]:
    """The fields as they are stored; raises InvalidItemError."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _APP_FIELDS:
            raise InvalidItemError(f"an app has no {name!r} to change")

        fields[name] = _APP_FIELDS[name](value)

    return fields


def _check_name(name: str | None) -> str:
    name = (name or "").strip()
    if not 1 <= len(name) <= LONGEST_APP_NAME or not name.isprintable():
        raise InvalidItemError(
            f"the name has to have 1 to {LONGEST_APP_NAME} visible characters"
        )

    return name


def _check_url(what: str, url: str | None, allowed: re.Pattern[str]) -> str | None:
    url = (url or "").strip()
    if not url:
        return None

    if len(url) > LONGEST_URL or not url.isprintable() or not allowed.fullmatch(url):
        raise InvalidItemError(f"the {what} has to be an http:// or https:// URL")

    return url


_APP_FIELDS: Mapping[str, Callable[[str | None], str | None]] = {
    "name": _check_name,
    "href": lambda url: _check_url("link", url, _LINK),
    "icon_url": lambda url: _check_url("icon", url, _ICON) or "",
    "ping_url": lambda url: _check_url("ping URL", url, _PING),
}
