"""A board, its apps and its items, written in one transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from dashboard.boards.access import require_permission
from dashboard.boards.edit import merge_options
from dashboard.boards.manage import refuse_similar_name
from dashboard.database import Database, Transaction
from dashboard.identity import Session
from dashboard.ids import new_id
from dashboard.oldmarr.arranging import Arrangement, Placed, arrange
from dashboard.oldmarr.configuration import SIZES, Bookmark, OldApp, WindowSize, take
from dashboard.oldmarr.looks import LAYOUTS, count_columns, make_columns
from dashboard.oldmarr.reading import ImportSettings, OldBoard
from dashboard.oldmarr.widgets import find_kind, read_bookmarks, read_widget
from dashboard.stored import EMPTY

#: The name, icon, description and link of an app: two with the same ones are one.
Key = tuple[str, str, str | None, str | None]

_DIRECTIONS = Literal["row", "column", "row-reverse", "column-reverse"]
#: As of the apps that are made here: no script, and nothing that leads nowhere.
_LINK = re.compile(r"\s*((?!javascript)[a-z][a-z0-9+.-]*://|/(?!/))", re.IGNORECASE)
_PING = re.compile(r"\s*https?://", re.IGNORECASE)


async def import_board(
    database: Database,
    old: OldBoard,
    settings: ImportSettings,
    *,
    session: Session | None,
) -> None:
    """Make a board of an old one, as the user's own, or only its apps.

    Apps that are there with the same name, icon, description and link are used again.
    Raises ProcedureError: UNAUTHORIZED, FORBIDDEN without "board-create", BAD_REQUEST
    or CONFLICT; then nothing was changed.
    """
    session = require_permission(session, "board-create")
    apps_alone = settings.only_import_apps
    # In a thread: what takes long must not hold up everybody.
    arranged = (
        None
        if apps_alone
        else await asyncio.to_thread(arrange, old.configuration, settings)
    )
    async with database.write() as tx:
        if arranged is not None:
            await refuse_similar_name(tx, settings.name)

        app_ids = await _add_apps(tx, old)
        if arranged is None:
            return

        board_id = new_id()
        board = {"id": board_id, "name": settings.name, "creator_id": session.user_id}
        look = make_columns(old.configuration)
        await tx.insert_many("board", [{**board, **look}])
        layouts = await _add_layouts(tx, board_id, old)
        await _add_sections(tx, board_id, arranged)
        await _add_items(tx, board_id, arranged.items, layouts, old, app_ids)


def _key_app(app: OldApp) -> Key:
    description = take(app.behaviour.tooltip_description, str | None, None)
    link = _link(app.behaviour.external_url or app.url)
    return app.name, app.appearance.icon_url, description, link


def _key_bookmark(link: Bookmark) -> Key:
    return link.name, link.icon_url, None, _link(link.href)


def _link(url: str) -> str | None:
    return url if _LINK.match(url) else None


async def _add_apps(tx: Transaction, old: OldBoard) -> dict[Key, str]:
    """Make the apps that there are none like; returns the ids of all."""
    pings: dict[Key, str | None] = {}
    for app in old.configuration.apps:
        pinged = app.url if _PING.match(app.url) else None
        pings.setdefault(_key_app(app), pinged)

    for links in old.bookmarks.values():
        for link in links:
            pings.setdefault(_key_bookmark(link), None)

    hrefs = sorted({href for *_, href in pings if href is not None})
    rows = await tx.all(
        "SELECT id, name, icon_url, description, href FROM app"
        " WHERE href IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
        (msgspec.json.encode(hrefs).decode(),),
    )
    there: dict[Key, str] = {
        (row["name"], row["icon_url"], row["description"], row["href"]): row["id"]
        for row in rows
    }
    ids = {key: there.get(key) or new_id() for key in pings}
    await tx.insert_many(
        "app",
        [
            {
                "id": ids[key],
                "name": key[0],
                "icon_url": key[1],
                "description": key[2],
                "href": key[3],
                "ping_url": ping_url,
            }
            for key, ping_url in pings.items()
            if key not in there
        ],
    )
    return ids


async def _add_layouts(
    tx: Transaction, board_id: str, old: OldBoard
) -> dict[WindowSize, str]:
    columns = count_columns(old.configuration)
    ids = {size: new_id() for size in SIZES}
    await tx.insert_many(
        "layout",
        [
            {
                "id": ids[size],
                "name": name,
                "board_id": board_id,
                "column_count": columns[size],
                "breakpoint": breakpoint_,
            }
            for size, (name, breakpoint_) in LAYOUTS.items()
        ],
    )
    return ids


async def _add_sections(tx: Transaction, board_id: str, arranged: Arrangement) -> None:
    await tx.insert_many(
        "section",
        [
            {
                "id": section.id,
                "board_id": board_id,
                "kind": "empty" if section.name is None else "category",
                "x_offset": 0,
                "y_offset": section.y,
                "name": section.name,
            }
            for section in arranged.sections
        ],
    )


async def _add_items(
    tx: Transaction,
    board_id: str,
    items: Iterable[Placed],
    layouts: Mapping[WindowSize, str],
    old: OldBoard,
    app_ids: Mapping[Key, str],
) -> None:
    rows, places = [], []
    for item in items:
        kind, options = _make_item(item, old, app_ids)
        if kind is None:
            continue

        item_id = new_id()
        stored = merge_options(EMPTY, options)
        rows.append(
            {"id": item_id, "board_id": board_id, "kind": kind, "options": stored}
        )
        places += [
            {
                "item_id": item_id,
                "section_id": item.section_id,
                "layout_id": layouts[size],
                "x_offset": place.x,
                "y_offset": place.y,
                "width": place.width,
                "height": place.height,
            }
            for size, place in item.places.items()
        ]

    await tx.insert_many("item", rows)
    await tx.insert_many("item_layout", places)


def _make_item(
    item: Placed, old: OldBoard, app_ids: Mapping[Key, str]
) -> tuple[str | None, dict[str, Any]]:
    """The kind of an item and its options; no kind for one that there is no more."""
    source = item.source
    if isinstance(source, OldApp):
        return "app", _make_app_options(source, app_ids[_key_app(source)])

    kind = find_kind(source.type)
    if kind is None:
        return None, {}

    if kind == "bookmarks":
        links = old.bookmarks[item.index]
        ids = [app_ids[_key_bookmark(link)] for link in links]
        return kind, read_bookmarks(source.properties, links, ids)

    return kind, read_widget(source.type, source.properties)


def _make_app_options(app: OldApp, app_id: str) -> dict[str, Any]:
    tooltip = app.behaviour.tooltip_description != ""
    return {
        "appId": app_id,
        "openInNewTab": take(app.behaviour.is_opening_new_tab, bool, True),
        "pingEnabled": take(app.network.enabled_status_checker, bool, True),
        # What is none of its states is shown, as Homarr reads it.
        "showTitle": app.appearance.app_name_status not in ("hover", "hidden"),
        "layout": take(app.appearance.position_app_name, _DIRECTIONS, "column"),
        "descriptionDisplayMode": "tooltip" if tooltip else "hidden",
    }
