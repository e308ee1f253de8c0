"""The types of a configuration file of Homarr before 1.0, and its bounds.

Only what a board is made of: integrations, with their secrets, are passed over, and so
is what the server itself was set to.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dashboard.boards.inputs import Cells, Columns, Size
from dashboard.inputs import Input, Text

WindowSize = Literal["lg", "md", "sm"]
#: The sizes of windows that an item has a place for.
SIZES: tuple[WindowSize, ...] = ("lg", "md", "sm")
Side = Literal["left", "right"]
WidgetType = Literal[
    "calendar",
    "indexer-manager",
    "dashdot",
    "usenet",
    "weather",
    "torrents-status",
    "dlspeed",
    "date",
    "rss",
    "video-stream",
    "iframe",
    "media-server",
    "media-requests-list",
    "media-requests-stats",
    "dns-hole-summary",
    "dns-hole-controls",
    "bookmark",
    "notebook",
    "smart-home/entity-state",
    "smart-home/trigger-automation",
    "health-monitoring",
    "media-transcoding",
]

#: A board of all that fits into these can be saved again.
MAX_CATEGORIES = 400
MAX_WRAPPERS = 1000
MAX_APPS = 2000
MAX_WIDGETS = 1000
MAX_BOOKMARKS = 1000


class Point(Input, frozen=True, kw_only=True):
    """The upper left cell."""

    x: Cells
    y: Cells


class Extent(Input, frozen=True, kw_only=True):
    """How many cells."""

    width: Size
    height: Size


class Shape(Input, frozen=True, kw_only=True):
    """A place in one size of window."""

    location: Point
    size: Extent


class Shapes(Input, frozen=True, kw_only=True):
    """The places of an item, as far as it has them."""

    lg: Shape | None = None
    md: Shape | None = None
    sm: Shape | None = None


class SectionId(Input, frozen=True, kw_only=True):
    """Which section."""

    id: Text


class SidebarSide(Input, frozen=True, kw_only=True):
    """Which sidebar."""

    location: Side


class InWrapper(Input, frozen=True, kw_only=True, tag_field="type", tag="wrapper"):
    """An item stands in a section without a name."""

    properties: SectionId


class InCategory(Input, frozen=True, kw_only=True, tag_field="type", tag="category"):
    """An item stands in a category."""

    properties: SectionId


class InSidebar(Input, frozen=True, kw_only=True, tag_field="type", tag="sidebar"):
    """An item stands beside the board, in two columns."""

    properties: SidebarSide


class Tile(Input, frozen=True, kw_only=True):
    """Where an app or a widget stands."""

    area: InWrapper | InCategory | InSidebar
    shape: Shapes


class Behaviour(Input, frozen=True, kw_only=True):
    """What an app does; members of Any count as their defaults where they are wrong."""

    external_url: Text
    is_opening_new_tab: Any = True
    tooltip_description: Any = None


class Network(Input, frozen=True, kw_only=True):
    """Whether an app is pinged."""

    enabled_status_checker: Any = True


class Appearance(Input, frozen=True, kw_only=True):
    """How an app looks."""

    icon_url: Text
    app_name_status: Any = "normal"
    position_app_name: Any = "column"


class OldApp(Tile, frozen=True, kw_only=True):
    """An app, which is an item as well."""

    name: Text
    url: Text
    behaviour: Behaviour
    network: Network
    appearance: Appearance


class OldWidget(Tile, frozen=True, kw_only=True):
    """A widget."""

    type: WidgetType
    properties: dict[str, Any]


class Bookmark(Input, frozen=True, kw_only=True):
    """A link of a widget of bookmarks."""

    name: Text
    href: Text
    icon_url: Text
    open_new_tab: bool = False
    hide_hostname: bool = False
    hide_icon: bool = False


Bookmarks = Annotated[tuple[Bookmark, ...], Meta(max_length=MAX_BOOKMARKS)]


class Wrapper(Input, frozen=True, kw_only=True):
    """A section without a name."""

    id: Text
    position: float


class Category(Wrapper, frozen=True, kw_only=True):
    """A section with a name."""

    name: Text


class Colours(Input, frozen=True, kw_only=True):
    """Names of Mantine's colours."""

    primary: Text | None = None
    secondary: Text | None = None


class Gridstack(Input, frozen=True, kw_only=True):
    """How many columns there are in each size of window."""

    column_count_large: Columns
    column_count_medium: Columns
    column_count_small: Columns

    def count(self, size: WindowSize) -> int:
        """The columns of one size."""
        by_size = {
            "lg": self.column_count_large,
            "md": self.column_count_medium,
            "sm": self.column_count_small,
        }
        return by_size[size]


class Customization(Input, frozen=True, kw_only=True):
    """How a board looks."""

    page_title: Text | None = None
    meta_title: Text | None = None
    logo_image_url: Text | None = None
    favicon_url: Text | None = None
    background_image_url: Text | None = None
    background_image_attachment: Literal["fixed", "scroll"] | None = None
    background_image_size: Literal["cover", "contain"] | None = None
    background_image_repeat: (
        Literal["no-repeat", "repeat", "repeat-x", "repeat-y"] | None
    ) = None
    colors: Colours
    app_opacity: Annotated[int, Meta(ge=0, le=100)] | None = None
    #: A Gridstack, or something else for Homarr's own counts.
    gridstack: Any = None


class OldAccess(Input, frozen=True, kw_only=True):
    """Who sees a board."""

    allow_guests: bool


class OldSettings(Input, frozen=True, kw_only=True):
    """What a board is set to."""

    customization: Customization
    access: OldAccess


class Properties(Input, frozen=True, kw_only=True):
    """What a configuration says of itself."""

    name: Text


class Configuration(Input, frozen=True, kw_only=True):
    """A whole file."""

    schema_version: float
    config_properties: Properties
    categories: Annotated[tuple[Category, ...], Meta(max_length=MAX_CATEGORIES)]
    wrappers: Annotated[tuple[Wrapper, ...], Meta(max_length=MAX_WRAPPERS)]
    apps: Annotated[tuple[OldApp, ...], Meta(max_length=MAX_APPS)]
    widgets: Annotated[tuple[OldWidget, ...], Meta(max_length=MAX_WIDGETS)]
    settings: OldSettings


def take(value: Any, type_: Any, default: Any) -> Any:
    """The value, or the default of one that is not of the type."""
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return default
