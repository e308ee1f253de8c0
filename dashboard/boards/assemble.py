"""From the rows of a board to its records: no query, and nothing of its viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.apps import App
from dashboard.boards.kinds import KINDS
from dashboard.boards.models import Board, Item, Layout, Placement, Section
from dashboard.stored import EMPTY, read_options

Rows = Sequence[tuple[Any, ...]]
Placements = Mapping[str, Mapping[str, Placement]]

#: What a board that has been read holds beside its texts, in bytes: measured with
#: tracemalloc, and rounded up.
BOARD_BYTES = 4096
SECTION_BYTES = 640
ITEM_BYTES = 896
PLACEMENT_BYTES = 320
APP_BYTES = 512
#: A value in stored JSON, and an object.
VALUE_BYTES = 100
OBJECT_BYTES = 250

#: The columns of a board, and its fields.
_BOARD = (
    "id",
    "name",
    "is_public",
    "creator_id",
    "page_title",
    "meta_title",
    "logo_image_url",
    "favicon_image_url",
    "background_image_url",
    "background_image_attachment",
    "background_image_repeat",
    "background_image_size",
    "primary_color",
    "secondary_color",
    "opacity",
    "custom_css",
    "disable_status",
    "item_radius",
    "icon_color",
)
#: The queries whose rows `assemble` takes, each by :board. CROSS JOIN has SQLite start
#: from the board: without figures of ANALYZE it may read all placements instead.
PARTS = (
    f"SELECT {', '.join(_BOARD)} FROM board WHERE id = :board",  # noqa: S608 - ours
    (
        "SELECT id, name, column_count, breakpoint FROM layout"
        " WHERE board_id = :board ORDER BY breakpoint, id"
    ),
    (
        "SELECT id, kind, x_offset, y_offset, name, options FROM section"
        " WHERE board_id = :board ORDER BY y_offset, x_offset, id"
    ),
    (
        "SELECT p.section_id, p.parent_section_id, p.layout_id, p.x_offset, p.y_offset,"
        " p.width, p.height FROM section AS s CROSS JOIN section_layout AS p"
        " WHERE s.board_id = :board AND p.section_id = s.id"
    ),
    "SELECT id, kind, options, advanced_options FROM item WHERE board_id = :board",
    (
        "SELECT p.item_id, p.section_id, p.layout_id, p.x_offset, p.y_offset,"
        " p.width, p.height FROM item AS i CROSS JOIN item_layout AS p"
        " WHERE i.board_id = :board AND p.item_id = i.id"
    ),
    (
        "SELECT n.item_id, n.integration_id FROM item AS i"
        " CROSS JOIN integration_item AS n"
        " WHERE i.board_id = :board AND n.item_id = i.id"
        " ORDER BY n.item_id, n.integration_id"
    ),
    # The apps that `list_app_ids` finds, as far as SQLite can tell. With the plus, it
    # does not take the index on kinds, and so go through the items of all boards.
    (
        "SELECT id, name, description, icon_url, href, ping_url FROM app WHERE id IN ("
        " SELECT json_extract(CASE WHEN json_valid(options) THEN options END,"
        " '$.json.appId') FROM item WHERE board_id = :board AND +kind = 'app'"
        " UNION ALL SELECT j.value FROM item AS i, json_each(CASE"
        " WHEN json_valid(i.options) THEN i.options ELSE '{}' END, '$.json.items')"
        " AS j WHERE i.board_id = :board AND +i.kind = 'bookmarks')"
    ),
)


def assemble(parts: Sequence[Rows]) -> tuple[Board, int]:
    """The board of these parts, and about how many bytes it takes.

    What is a viewer's own is left at "no": rights, and collapsed sections.
    """
    boards, layout_rows, section_rows, stood, item_rows, placed, joined, app_rows = (
        parts
    )
    layouts = tuple(
        Layout(id=id_, name=name, column_count=columns, breakpoint=breakpoint_)
        for id_, name, columns, breakpoint_ in layout_rows
    )
    sections = _make_sections(section_rows, _group(stood))
    order: dict[str | None, int] = {s.id: index for index, s in enumerate(sections)}
    first = layouts[0].id if layouts else ""
    items = _make_items(item_rows, _group(placed), _join(joined), first)
    last = len(order)
    items.sort(key=lambda i: (order.get(i.section_id, last), i.y, i.x, i.id))
    values: dict[str, Any] = dict(zip(_BOARD, boards[0], strict=True))
    values["is_public"] = bool(values["is_public"])
    values["disable_status"] = bool(values["disable_status"])
    board = Board(
        **values,
        layouts=layouts,
        sections=sections,
        items=tuple(items),
        apps=_make_apps(app_rows),
        may_modify=False,
        may_own=False,
    )
    return board, estimate_bytes(parts)


def estimate_bytes(parts: Sequence[Rows]) -> int:
    """About how much memory the board of these parts takes."""
    boards, layouts, sections, stood, items, placed, joined, apps = parts
    plain = sum(len(value) for value in boards[0] if isinstance(value, str))
    plain += sum([len(row[3]) + len(row[2] or "") + len(row[4] or "") for row in apps])
    texts = [text for row in items for text in (row[2], row[3])]
    texts += [row[5] for row in sections]
    # All of it at once: that is ten times as fast as each for itself.
    stored = "".join([str(text) for text in texts if text and text != EMPTY])
    return (
        BOARD_BYTES
        + SECTION_BYTES * (len(sections) + len(layouts))
        + ITEM_BYTES * len(items)
        + PLACEMENT_BYTES * (len(placed) + len(stood) + len(joined))
        + APP_BYTES * len(apps)
        + plain
        + len(stored) * (1 if stored.isascii() else 4)
        + VALUE_BYTES * (stored.count(",") + stored.count("["))
        + OBJECT_BYTES * stored.count("{")
    )


def _make_sections(rows: Rows, placements: Placements) -> tuple[Section, ...]:
    return tuple(
        Section(
            id=id_,
            kind=kind,
            x=x,
            y=y,
            name=name,
            options=read_options(options, "section", id_),
            placements=placements.get(id_, {}),
        )
        for id_, kind, x, y, name, options in rows
    )


def _make_items(
    rows: Rows,
    placements: Placements,
    integrations: Mapping[str, tuple[str, ...]],
    first_layout: str,
) -> list[Item]:
    items = []
    nowhere = Placement(layout_id="", section_id=None, x=0, y=0, width=1, height=1)
    for id_, kind, options, advanced_options in rows:
        stored = read = read_options(options, "item", id_)
        known = KINDS.get(kind)
        if known is not None:
            # Homarr leaves out what equals its default.
            read = {**known.defaults, **stored}

        places = placements.get(id_, {})
        place = places.get(first_layout, nowhere)
        items.append(
            Item(
                id=id_,
                kind=kind,
                options=read,
                advanced_options=read_options(advanced_options, "item", id_),
                section_id=place.section_id,
                x=place.x,
                y=place.y,
                width=place.width,
                height=place.height,
                placements=places,
                integration_ids=integrations.get(id_, ()),
                stored=stored,
            )
        )

    return items


def _make_apps(rows: Rows) -> dict[str, App]:
    return {
        id_: App(
            id=id_,
            name=name,
            description=description,
            icon_url=icon_url,
            href=href,
            ping_url=ping_url,
        )
        for id_, name, description, icon_url, href, ping_url in rows
    }


def _group(rows: Rows) -> dict[str, dict[str, Placement]]:
    """Placements by what stands there, then by layout."""
    found: dict[str, dict[str, Placement]] = {}
    for owner, section, layout, x, y, width, height in rows:
        place = Placement(
            layout_id=layout, section_id=section, x=x, y=y, width=width, height=height
        )
        if owner in found:
            found[owner][layout] = place
        else:
            found[owner] = {layout: place}

    return found


def _join(rows: Rows) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item, integration in rows:
        found[item] = (*found.get(item, ()), integration)

    return found
