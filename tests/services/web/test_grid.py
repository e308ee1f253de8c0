"""Where cards stand: the style sheet that a board's positions become."""

from __future__ import annotations

from msgspec.structs import replace

from dashboard.boards import Board, Item, Layout, Placement, Section
from services.web.grid import lay_out


def _layout(name: str = "base", *, columns: int = 10, start: int = 0) -> Layout:
    return Layout(id=name, name=name, column_count=columns, breakpoint=start)


def _placement(
    x: int, y: int, width: int = 1, height: int = 1, **changes: str
) -> Placement:
    place = Placement(
        layout_id="base", section_id="main", x=x, y=y, width=width, height=height
    )
    return replace(place, **changes)  # type: ignore[arg-type]


def _item(name: str, place: Placement, *, section: str | None = "main") -> Item:
    return Item(
        id=name,
        kind="memory",
        options={},
        advanced_options={},
        section_id=section,
        x=place.x,
        y=place.y,
        width=place.width,
        height=place.height,
        placements={place.layout_id: place},
    )


def _section(key: str = "main", kind: str = "empty", **changes: object) -> Section:
    section = Section(id=key, kind=kind, x=0, y=0, name=None)
    return replace(section, **changes)  # type: ignore[arg-type]


def _board(
    *items: Item,
    layouts: tuple[Layout, ...] | None = None,
    sections: tuple[Section, ...] | None = None,
) -> Board:
    return Board(
        id="board",
        name="home",
        is_public=False,
        creator_id=None,
        page_title=None,
        meta_title=None,
        logo_image_url=None,
        favicon_image_url=None,
        background_image_url=None,
        background_image_attachment="fixed",
        background_image_repeat="no-repeat",
        background_image_size="cover",
        primary_color="#fa5252",
        secondary_color="#fd7e14",
        opacity=100,
        custom_css=None,
        disable_status=False,
        item_radius="lg",
        icon_color=None,
        layouts=(_layout(),) if layouts is None else layouts,
        sections=(_section(),) if sections is None else sections,
        items=items,
        apps={},
        may_modify=True,
        may_own=True,
    )


def test_an_item_stands_where_its_layout_says():
    """Cells count from one in a style sheet, and rows come first."""

    grid = lay_out(_board(_item("a", _placement(2, 1, 3, 2))))

    assert "grid-area:2/3/span 2/span 3" in grid.style
    assert "--columns:10" in grid.style
    assert [place.item.id for place in grid.areas[0].places if place.item] == [("a")]


def test_positions_outside_the_grid_are_moved_inside():
    """Wrong numbers in a file do not push a card off the page."""

    grid = lay_out(
        _board(
            _item("wide", _placement(8, 0, 50, 1)),
            _item("left", _placement(-5, -5, 0, -1)),
            _item("deep", _placement(0, 10**12)),
        )
    )

    assert "grid-area:1/1/span 1/span 10" in grid.style
    assert "grid-area:1/1/span 1/span 1" in grid.style
    assert "grid-area:501/1/span 1/span 1" in grid.style


def test_each_layout_begins_at_its_window_size():
    """Small layouts hold from their breakpoint; wide ones not before they fit."""

    layouts = (
        _layout("phone", columns=3),
        _layout("base", columns=10, start=700),
        _layout("huge", columns=24, start=2000),
    )
    grid = lay_out(_board(layouts=layouts))

    assert "@media(min-width:0px){.grid{--columns:3;" in grid.style
    assert "@media(min-width:960px){.grid{--columns:10;" in grid.style
    assert "@media(min-width:2000px){.grid{--columns:24;" in grid.style


def test_items_of_a_lost_section_are_shown_last():
    """No item is left out because its section is gone."""

    grid = lay_out(_board(_item("stray", _placement(0, 0), section="gone")))

    assert grid.areas[-1].places[0].item is not None


def test_dynamic_sections_are_grids_within_the_grid():
    """A floating section is placed in its parent and places its own items."""

    floating = _section(
        "float", "dynamic", x=None, y=None, placements={"base": _placement(4, 0, 2, 2)}
    )
    inner = _item("in", _placement(1, 0, section_id="float"), section="float")
    grid = lay_out(_board(inner, sections=(_section(), floating)))

    nested = grid.areas[0].places[0].section
    assert nested is not None
    assert nested.places[0].item is inner
    assert f".{nested.css}{{grid-area:1/5/span 2/span 2}}" in grid.style
    assert f".{nested.css}>.grid{{--columns:2}}" in grid.style


def test_sections_that_hold_each_other_end():
    """A circle of floating sections in a file does not hang the page."""

    first = _section("a", "dynamic", placements={"base": _placement(0, 0)})
    second = _section(
        "b", "dynamic", placements={"base": _placement(0, 0, section_id="a")}
    )
    own = _section(
        "c", "dynamic", placements={"base": _placement(0, 0, section_id="c")}
    )
    item = _item("x", _placement(0, 0), section="c")
    grid = lay_out(_board(item, sections=(_section(), first, second, own)))

    assert grid.areas[-1].places[0].item is item


def test_categories_carry_their_name():
    """A category is a titled part of the board; others have no title."""

    category = _section("cat", "category", name="Media", collapsed=True)
    grid = lay_out(_board(sections=(_section(), category)))

    assert [(area.name, area.collapsed) for area in grid.areas] == [
        (None, False),
        ("Media", True),
    ]


def test_a_board_without_layouts_is_still_shown():
    """Items without a layout flow one after the other."""

    grid = lay_out(_board(_item("a", _placement(0, 0)), layouts=()))

    assert grid.style == ""
    assert len(grid.areas[0].places) == 1
