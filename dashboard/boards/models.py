"""The records of a board.

They are msgspec's, not dataclasses: a board has hundreds, and these are made several
times as fast. Loaded ones are shared by all viewers, so their mappings are not to be
changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dashboard.apps import App


class Layout(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A grid for windows from `breakpoint` pixels up."""

    id: str
    name: str
    column_count: int
    breakpoint: int


class Placement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where something stands in one layout, in cells of its section."""

    layout_id: str
    section_id: str | None
    x: int
    y: int
    width: int
    height: int


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a board: "empty", "category" (has a name) or "dynamic" (placed)."""

    id: str
    kind: str
    #: None for a dynamic section, which has placements instead.
    x: int | None
    y: int | None
    name: str | None
    collapsed: bool = False
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    placements: Mapping[str, Placement] = msgspec.field(default_factory=dict)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A widget on a board; its place is that of the board's first layout."""

    id: str
    #: "app", "bookmarks", "clock", "notebook", "memory", or one that we do not know.
    kind: str
    #: With the kind's defaults where nothing is stored.
    options: Mapping[str, Any]
    advanced_options: Mapping[str, Any]
    section_id: str | None
    x: int
    y: int
    width: int
    height: int
    #: By the layout's id.
    placements: Mapping[str, Placement]
    integration_ids: tuple[str, ...] = ()
    #: The options without any default, as they are saved again.
    stored: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A whole board, as far as its viewer may see it."""

    id: str
    name: str
    is_public: bool
    creator_id: str | None
    page_title: str | None
    meta_title: str | None
    logo_image_url: str | None
    favicon_image_url: str | None
    background_image_url: str | None
    background_image_attachment: str
    background_image_repeat: str
    background_image_size: str
    primary_color: str
    secondary_color: str
    opacity: int
    custom_css: str | None
    disable_status: bool
    item_radius: str
    icon_color: str | None
    #: By breakpoint, the smallest first.
    layouts: tuple[Layout, ...]
    #: By their place, the topmost first.
    sections: tuple[Section, ...]
    #: By section and place, the topmost first.
    items: tuple[Item, ...]
    #: Every app that an item shows, by its id.
    apps: Mapping[str, App]
    #: What the viewer may do: items and settings; name, visibility and deletion.
    may_modify: bool
    may_own: bool
