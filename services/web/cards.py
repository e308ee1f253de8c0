"""From a board's records to what its templates print.

Every kind of item has one function here; a kind that we do not know becomes a
card that says so, and its item stays untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboard.boards import App, Board, Item
from services.web.live import PingState
from services.web.memory import MemoryReading, read_memory
from services.web.sanitise import clean_note
from services.web.security import image_link, local_path, web_link
from services.web.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One item, ready to print; only the members of its kind are filled."""

    item: Item
    #: Names the template's macro: a kind, "broken" or "unknown".
    kind: str
    #: What the card is called in its heading and on its buttons.
    title: str
    tile: Tile | None = None
    links: tuple[Tile, ...] = ()
    clock: Clock | None = None
    note: str = ""
    memory: MemoryReading | None = None
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """An app as a tile or as a line of bookmarks."""

    app_id: str
    name: str
    description: str
    initial: str
    icon: str | None
    href: str | None
    host: str
    new_tab: bool
    show_title: bool
    ping: PingState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock as it stands now; the script lets it tick."""

    time: str
    date: str
    machine_time: str
    timezone: str
    hours_24: bool
    seconds: bool
    show_date: bool


def make_card(site: Site, board: Board, item: Item) -> Card:
    """Prepare one item for its template."""

    maker = _MAKERS.get(item.kind)
    if maker is None:
        return Card(item=item, kind="unknown", title=item.kind)

    title = item.advanced_options.get("title")
    values = maker(site, board, item)
    if isinstance(title, str) and title:
        values["title"] = title

    return Card(**{"item": item, "kind": item.kind, **values})


def _app(site: Site, board: Board, item: Item) -> dict[str, Any]:
    app = board.apps.get(_text(item.options, "appId"))
    if app is None:
        return {"kind": "broken", "title": "Missing app"}

    options = item.options
    pinged = options.get("pingEnabled", True) and not board.disable_status
    tile = _tile(
        app,
        new_tab=bool(options.get("openInNewTab", True)),
        show_title=bool(options.get("showTitle", True)),
        ping=site.live.ping(app.id) if pinged and app.target else None,
    )
    return {"title": app.name, "tile": tile, "editable": True}


def _bookmarks(_site: Site, board: Board, item: Item) -> dict[str, Any]:
    ids = item.options.get("items")
    apps = [
        board.apps[app_id]
        for app_id in (ids if isinstance(ids, list) else [])
        if isinstance(app_id, str) and app_id in board.apps
    ]
    new_tab = bool(item.options.get("openNewTab", True))
    return {
        "title": _text(item.options, "title") or "Bookmarks",
        "links": tuple(_tile(app, new_tab=new_tab) for app in apps),
        "editable": True,
    }


def _clock(site: Site, _board: Board, item: Item) -> dict[str, Any]:
    options = item.options
    timezone, name = _timezone(options)
    now = datetime.fromtimestamp(site.now(), tz=timezone).astimezone(timezone)
    hours_24 = bool(options.get("is24HourFormat", True))
    seconds = bool(options.get("showSeconds", False))
    layout = ("%H:%M" if hours_24 else "%I:%M") + (":%S" if seconds else "")
    clock = Clock(
        time=now.strftime(layout if hours_24 else f"{layout} %p").lstrip(),
        date=now.strftime("%A, %B ") + str(now.day),
        machine_time=now.isoformat(timespec="seconds"),
        timezone=name,
        hours_24=hours_24,
        seconds=seconds,
        show_date=bool(options.get("showDate", True)),
    )
    custom = _text(options, "customTitle") if options.get("customTitleToggle") else ""
    return {
        "title": custom or (_city(name) if name else "Clock"),
        "clock": clock,
        "editable": True,
    }


def _notebook(_site: Site, _board: Board, item: Item) -> dict[str, Any]:
    note = clean_note(_text(item.options, "content"))
    return {"title": "Note", "note": note, "editable": True}


def _memory(site: Site, _board: Board, _item: Item) -> dict[str, Any]:
    return {"title": "Memory", "memory": read_memory(site)}


_MAKERS = {
    "app": _app,
    "bookmarks": _bookmarks,
    "clock": _clock,
    "notebook": _notebook,
    "memory": _memory,
}


def _tile(
    app: App,
    *,
    new_tab: bool,
    show_title: bool = True,
    ping: PingState | None = None,
) -> Tile:
    # Homarr also takes a path of the same site.
    href = web_link(app.href) or local_path(app.href or "", default="") or None
    return Tile(
        app_id=app.id,
        name=app.name,
        description=app.description or "",
        initial=next((c for c in app.name if c.isalnum()), "?").upper(),
        icon=image_link(app.icon_url),
        href=href,
        host=_host(href),
        new_tab=new_tab,
        show_title=show_title,
        ping=ping,
    )


def _host(href: str | None) -> str:
    if href is None or href.startswith("/"):
        return ""

    return href.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _timezone(options: Mapping[str, Any]) -> tuple[tzinfo | None, str]:
    """Return the chosen time zone; (None, "") is that of the machine or browser."""

    name = _text(options, "timezone")
    if not options.get("useCustomTimezone") or not name:
        return None, ""

    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name), name
    except (ValueError, OSError, KeyError):
        # Not a zone that this machine knows; an existing file may name any.
        return None, ""


def _city(timezone: str) -> str:
    return timezone.rpartition("/")[2].replace("_", " ")


def _text(options: Mapping[str, Any], name: str) -> str:
    value = options.get(name)
    return value if isinstance(value, str) else ""
