"""The sections of an old board, and where each item stands in each layout.

Boards have had no sidebars since 1.0, and an unnamed section only before, between and
after categories: what stood elsewhere moves to the last section, below what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from dashboard.boards.reflow import MAX_PIECES, Piece, reflow
from dashboard.ids import new_id
from dashboard.oldmarr.configuration import (
    SIZES,
    Configuration,
    InSidebar,
    OldApp,
    OldWidget,
    Shape,
    Side,
    WindowSize,
)
from dashboard.oldmarr.looks import count_columns
from dashboard.oldmarr.reading import ImportSettings, refuse

logger = logging.getLogger(__name__)

#: As far down as a board that is saved may reach.
LOWEST = 32767


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSection:
    """A section of the new board."""

    id: str
    y: int
    #: None for one without a name.
    name: str | None


@dataclass(slots=True, kw_only=True)
class Placed:
    """An item on its way to its places."""

    source: OldApp | OldWidget
    #: The index of the source among the apps, or among the widgets.
    index: int
    #: The old section's id, later the new one's.
    section_id: str
    side: Side | None
    places: dict[WindowSize, Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What a board consists of; every item has a place in each size."""

    sections: tuple[NewSection, ...]
    items: tuple[Placed, ...]


def arrange(configuration: Configuration, settings: ImportSettings) -> Arrangement:
    """Place all items; raises InvalidInputError where that cannot be done."""
    columns = count_columns(configuration)
    items = _list_items(configuration)
    if settings.sidebar_behaviour == "remove-items":
        items = [item for item in items if item.side is None]

    sections, ids, merged = _make_sections(configuration)
    last = sections[-1].id
    bottoms = _stack(items, merged)
    for size in SIZES:
        _empty_sidebars(items, size, columns[size], bottoms[size])

    for item in items:
        item.section_id = last if item.side else ids.get(item.section_id, "")

    lost = sum(not item.section_id for item in items)
    if lost:
        logger.warning("items of no section of their file were left out: %d", lost)

    items = [item for item in items if item.section_id]
    _fill(items, columns)
    if any(place.y > LOWEST for item in items for place in item.places.values()):
        raise refuse(f"items stand more than {LOWEST} rows down")

    return Arrangement(sections=sections, items=tuple(items))


def _list_items(configuration: Configuration) -> list[Placed]:
    # In Homarr's order: widgets are the first to be placed where places are equal.
    widgets = [_place(*one) for one in enumerate(configuration.widgets)]
    return widgets + [_place(*one) for one in enumerate(configuration.apps)]


def _place(index: int, source: OldApp | OldWidget) -> Placed:
    area, side = source.area, None
    section_id = ""
    if isinstance(area, InSidebar):
        side = area.properties.location
    else:
        section_id = area.properties.id

    shapes: Iterable[tuple[WindowSize, Shape | None]] = (
        (size, getattr(source.shape, size)) for size in SIZES
    )
    places = {
        size: Piece(
            id="",
            is_section=False,
            section_id=None,
            x=shape.location.x,
            y=shape.location.y,
            width=shape.size.width,
            height=shape.size.height,
        )
        for size, shape in shapes
        if shape is not None
    }
    return Placed(
        source=source, index=index, section_id=section_id, side=side, places=places
    )


def _make_sections(
    configuration: Configuration,
) -> tuple[tuple[NewSection, ...], dict[str, str], list[str]]:
    """The new sections; their ids by the old ones; the old ids that become the last."""
    by_position = attrgetter("position")
    wrappers = [w.id for w in sorted(configuration.wrappers, key=by_position)]
    categories = sorted(configuration.categories, key=by_position)
    names = [category.name for category in categories]
    sections = tuple(
        NewSection(id=new_id(), y=y, name=names[y // 2] if y % 2 else None)
        for y in range(2 * len(names) + 1)
    )
    named, unnamed = sections[1::2], sections[::2]
    merged = list(dict.fromkeys(wrappers[len(names) :]))
    ids = {
        **{old.id: new.id for old, new in zip(categories, named, strict=True)},
        **dict.fromkeys(merged, unnamed[-1].id),
        **{old: new.id for old, new in zip(wrappers, unnamed, strict=False)},
    }
    return sections, ids, merged


def _stack(items: list[Placed], merged: list[str]) -> dict[WindowSize, int]:
    """Put sections that become one below each other; returns where they end."""
    bottoms = dict.fromkeys(SIZES, 0)
    for old in merged:
        inside = [
            item for item in items if item.side is None and item.section_id == old
        ]
        for size in SIZES:
            places = [item.places[size] for item in inside if size in item.places]
            bottoms[size] = _lower(places, bottoms[size])

    return bottoms


def _lower(places: list[Piece], top: int) -> int:
    """Move what stands together down by so much; returns where it ends."""
    for place in places:
        place.y += top

    return max((place.y + place.height for place in places), default=top)


def _empty_sidebars(
    items: list[Placed], size: WindowSize, columns: int, top: int
) -> None:
    """Move what stands in the sidebars below `top`.

    To the left and to the right; below each other where there is no room for both.
    """
    bottom = top
    sides: tuple[tuple[Side, int], ...] = (("left", 0), ("right", max(columns - 2, 0)))
    for side, across in sides:
        own = [i.places[size] for i in items if i.side == side and size in i.places]
        parts = [own]
        if columns == 1:
            # Sidebars have two columns: the second one goes below the first.
            parts = [[p for p in own if p.x <= 0], [p for p in own if p.x > 0]]

        for part in parts:
            bottom = _lower(part, top if columns > 3 else bottom)

        for place in own:
            place.width = min(place.width, columns)
            place.x = min(place.x + across, columns - place.width)


def _fill(items: list[Placed], columns: Mapping[WindowSize, int]) -> None:
    """Give every item a place in the sizes in which some have none."""
    missing = [s for s in SIZES if any(s not in item.places for item in items)]
    models: list[WindowSize] = [s for s in ("lg", "sm", "md") if s not in missing]
    if not missing:
        return

    if not models:
        raise refuse(
            "there is no size of lg, md and sm for which all items have a place"
        )

    if len(items) > MAX_PIECES:
        raise refuse(
            f"more than {MAX_PIECES} items, and not all have a place in each size"
        )

    model = models[0]
    pieces = [item.places[model] for item in items]
    for number, (item, piece) in enumerate(zip(items, pieces, strict=True)):
        # Of those at the same place, as only a damaged file has, the first one stays.
        piece.id, piece.section_id = f"{number:06}", item.section_id

    for size in missing:
        for section_id in {item.section_id for item in items}:
            moved, _ = reflow(
                pieces, section_id, before=columns[model], columns=columns[size]
            )
            for piece in moved:
                items[int(piece.id)].places[size] = piece
