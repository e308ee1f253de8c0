"""How an old board looks, as columns of a new one."""

from __future__ import annotations

from typing import Any

from dashboard.oldmarr.configuration import (
    SIZES,
    Configuration,
    Gridstack,
    WindowSize,
    take,
)

#: Mantine's colours of these names, in the shade that Homarr shows.
_COLOURS = {
    "blue": "#228be6",
    "cyan": "#15aabf",
    "dark": "#2e2e2e",
    "grape": "#be4bdb",
    "gray": "#868e96",
    "green": "#40c057",
    "indigo": "#4c6ef5",
    "lime": "#82c91e",
    "orange": "#fd7e14",
    "pink": "#e64980",
    "red": "#fa5252",
    "teal": "#12b886",
    "violet": "#7950f2",
    "yellow": "#fab005",
}
#: The old images that everybody had: a new board shows its own instead.
_LOGO = "/imgs/logo/logo.png"
_FAVICON = "/imgs/favicon/favicon-squared.png"
_GRIDSTACK = Gridstack(
    column_count_large=12, column_count_medium=6, column_count_small=3
)
#: By size: the layout's name, and the width of the windows that it is from.
LAYOUTS: dict[WindowSize, tuple[str, int]] = {
    "lg": ("large", 1400),
    "md": ("medium", 800),
    "sm": ("small", 0),
}


def count_columns(configuration: Configuration) -> dict[WindowSize, int]:
    """How many columns each layout has; Homarr's own counts where none can be read."""
    given = configuration.settings.customization.gridstack
    gridstack = take(given, Gridstack, _GRIDSTACK)
    return {size: gridstack.count(size) for size in SIZES}


def make_columns(configuration: Configuration) -> dict[str, Any]:
    """The columns of the board's row that the file speaks of."""
    look = configuration.settings.customization
    colours = look.colors
    columns = {
        "is_public": int(configuration.settings.access.allow_guests),
        "page_title": look.page_title or None,
        "meta_title": look.meta_title or None,
        "logo_image_url": _drop(look.logo_image_url, _LOGO),
        "favicon_image_url": _drop(look.favicon_url, _FAVICON),
        "background_image_url": look.background_image_url or None,
        "background_image_attachment": look.background_image_attachment,
        "background_image_repeat": look.background_image_repeat,
        "background_image_size": look.background_image_size,
        "primary_color": _COLOURS.get(colours.primary or ""),
        "secondary_color": _COLOURS.get(colours.secondary or ""),
        "opacity": look.app_opacity,
    }
    # What is not there has the table's default, which for colours is Homarr's too.
    return {name: value for name, value in columns.items() if value is not None}


def _drop(url: str | None, default: str) -> str | None:
    if not url or url.strip() == default:
        return None

    return url
