"""Changing a board's items, each change in one transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dashboard import superjson
from dashboard.apps import list_app_ids, load_apps
from dashboard.boards.access import (
    Access,
    is_id,
    require_access,
    require_permission,
)
from dashboard.boards.kinds import KINDS
from dashboard.boards.places import find_places
from dashboard.database import Database, Transaction
from dashboard.errors import InvalidItemError
from dashboard.identity import Session
from dashboard.ids import new_id
from dashboard.stored import EMPTY

OPTIONS_BYTES = 1024 * 1024
LONGEST_APP_NAME = 64
LONGEST_URL = 8192

_LINK = re.compile(r"(https?://[^\s/]|/(?!/))\S*", re.IGNORECASE)
_PING = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_ICON = re.compile(r"(https?://[^\s/]|/(?!/)|data:image/)\S*", re.IGNORECASE)


async def add_item(
    database: Database,
    board_id: str,
    *,
    kind: str,
    options: Mapping[str, Any],
    session: Session | None,
) -> str:
    """Put an item in the first free place of each layout; returns its id.

    Options that are not given have the kind's defaults. Raises InvalidItemError, and
    ProcedureError (NOT_FOUND) for a board that is not there or that the viewer may not
    change.
    """
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        return await insert_item(tx, board_id, kind=kind, options=options)


async def update_item(
    database: Database,
    board_id: str,
    item_id: str,
    *,
    options: Mapping[str, Any],
    session: Session | None,
) -> bool:
    """Set the given options and keep the others; False if there is no such item.

    Raises as `add_item` does.
    """
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        if not is_id(item_id):
            return False

        row = await tx.one(
            "SELECT kind, options FROM item WHERE id = ? AND board_id = ?",
            (item_id, board_id),
        )
        if row is None:
            return False

        await _check_apps(tx, row["kind"], options)
        merged = merge_options(row["options"], options)
        await tx.execute("UPDATE item SET options = ? WHERE id = ?", (merged, item_id))
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
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_APP_NAME or not name.isprintable():
        raise InvalidItemError(
            f"the name has to have 1 to {LONGEST_APP_NAME} visible characters"
        )

    href = _check_url("link", href, _LINK)
    ping_url = _check_url("ping URL", ping_url, _PING)
    icon_url = _check_url("icon", icon_url, _ICON) or ""
    async with database.write() as tx:
        await require_access(tx, board_id, session, needed=Access.MODIFY)
        require_permission(session, "app-create")
        app_id = await insert_app(
            tx, name=name, href=href, icon_url=icon_url, ping_url=ping_url
        )
        return await insert_item(tx, board_id, kind="app", options={"appId": app_id})


async def insert_item(
    tx: Transaction, board_id: str, *, kind: str, options: Mapping[str, Any]
) -> str:
    """Add an item, with the permission checked by the caller; returns its id."""
    known = KINDS.get(kind)
    if known is None:
        raise InvalidItemError(f"there is no kind {kind!r}; give one of {list(KINDS)}")

    await _check_apps(tx, kind, options)
    item_id = new_id()
    stored = merge_options(EMPTY, {**known.defaults, **options})
    await tx.execute(
        "INSERT INTO item (id, board_id, kind, options) VALUES (?, ?, ?, ?)",
        (item_id, board_id, kind, stored),
    )
    places = await find_places(tx, board_id, width=known.width, height=known.height)
    await tx.execute_many(
        "INSERT INTO item_layout (item_id, section_id, layout_id, x_offset, y_offset,"
        " width, height) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (item_id, p.section_id, p.layout_id, p.x, p.y, p.width, p.height)
            for p in places
        ],
    )
    return item_id


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
        "INSERT INTO app (id, name, description, icon_url, href, ping_url)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (app_id, name, description, icon_url, href, ping_url),
    )
    return app_id


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


def _check_url(what: str, url: str | None, allowed: re.Pattern[str]) -> str | None:
    url = (url or "").strip()
    if not url:
        return None

    if len(url) > LONGEST_URL or not url.isprintable() or not allowed.fullmatch(url):
        raise InvalidItemError(f"the {what} has to be an http:// or https:// URL")

    return url
