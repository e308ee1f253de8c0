"""Where each card of a board stands, as a style sheet.

Positions come from the database, so they cannot stand in the static style
sheet, and style attributes are what the content policy forbids: a page carries
one inline sheet, made of numbers only, that the policy allows by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.boards import Board, Item, Layout, Placement, Section

_MAX_ROWS = 500
#: Narrower windows than this many pixels a column show one after the other.
_COLUMN_WIDTH = 96
_WIDEST_SWITCH = 1024
#: Layouts of so few columns are meant for phones.
_PHONE_COLUMNS = 4
_MAX_DEPTH = 4
#: Below a layout's window size the cells flow; from it on they stand still.
_FIXED_CELLS = (
    "grid-template-columns:repeat(var(--columns),minmax(0,1fr));"
    "grid-auto-rows:var(--row)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing on a grid: an item or, nested, a section with things of its own."""

    #: Its class in the style sheet.
    css: str
    item: Item | None = None
    section: Area | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A section with what stands in it."""

    css: str
    name: str | None
    collapsed: bool
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A board's areas from top to bottom, and the style sheet that places them."""

    areas: tuple[Area, ...]
    style: str


def lay_out(board: Board) -> Grid:
    """Place every item of a board; none is left out, even if its section is gone."""

    builder = _Builder(board)
    areas = [
        builder.area(section, depth=0)
        for section in board.sections
        if section.kind != "dynamic"
    ]
    strays = builder.strays()
    if strays is not None:
        areas.append(strays)

    return Grid(areas=tuple(areas), style=builder.style())


class _Builder:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._rules: dict[str, list[str]] = {layout.id: [] for layout in board.layouts}
        self._count = 0
        self._items: dict[str | None, list[Item]] = {}
        for item in board.items:
            self._items.setdefault(item.section_id, []).append(item)

        first = board.layouts[0].id if board.layouts else ""
        self._nested: dict[str | None, list[Section]] = {}
        for section in board.sections:
            placement = section.placements.get(first)
            if section.kind == "dynamic" and placement is not None:
                self._nested.setdefault(placement.section_id, []).append(section)

    def area(self, section: Section, *, depth: int) -> Area:
        css = self._next_class()
        places = [self._item(item) for item in self._items.pop(section.id, [])]
        # A section has one parent, so a circle in a file is never entered from here.
        if depth < _MAX_DEPTH:
            places += [
                self._section(nested, depth=depth + 1)
                for nested in self._nested.get(section.id, [])
            ]

        return Area(
            css=css,
            name=section.name if section.kind == "category" else None,
            collapsed=section.collapsed,
            places=tuple(places),
        )

    def strays(self) -> Area | None:
        items = [item for left in self._items.values() for item in left]
        if not items:
            return None

        places = tuple(self._item(item) for item in items)
        return Area(css=self._next_class(), name=None, collapsed=False, places=places)

    def style(self) -> str:
        sheets = []
        for layout in self._board.layouts:
            rules = "".join(self._rules[layout.id])
            columns = _columns(layout)
            sheets.append(
                f"@media(min-width:{_switch(layout)}px)"
                f"{{.grid{{--columns:{columns};{_FIXED_CELLS}}}{rules}}}"
            )

        return "".join(sheets)

    def _item(self, item: Item) -> Place:
        css = self._next_class()
        for layout in self._board.layouts:
            placement = item.placements.get(layout.id)
            if placement is not None:
                self._rules[layout.id].append(_rule(css, placement, layout))

        return Place(css=css, item=item)

    def _section(self, section: Section, *, depth: int) -> Place:
        area = self.area(section, depth=depth)
        for layout in self._board.layouts:
            placement = section.placements.get(layout.id)
            if placement is None:
                continue

            self._rules[layout.id].append(_rule(area.css, placement, layout))
            columns = _clamp(placement.width, 1, _columns(layout))
            self._rules[layout.id].append(f".{area.css}>.grid{{--columns:{columns}}}")

        return Place(css=area.css, section=area)

    def _next_class(self) -> str:
        self._count += 1
        return f"p{self._count}"


def _rule(css: str, placement: Placement, layout: Layout) -> str:
    columns = _columns(layout)
    width = _clamp(placement.width, 1, columns)
    height = _clamp(placement.height, 1, _MAX_ROWS)
    x = _clamp(placement.x, 0, columns - width)
    y = _clamp(placement.y, 0, _MAX_ROWS)
    return f".{css}{{grid-area:{y + 1}/{x + 1}/span {height}/span {width}}}"


def _columns(layout: Layout) -> int:
    return _clamp(layout.column_count, 1, 24)


def _switch(layout: Layout) -> int:
    breakpoint_ = _clamp(layout.breakpoint, 0, 10_000)
    columns = _columns(layout)
    if columns <= _PHONE_COLUMNS:
        return breakpoint_

    return max(breakpoint_, min(columns * _COLUMN_WIDTH, _WIDEST_SWITCH))


def _clamp(value: object, low: int, high: int) -> int:
    # SQLite keeps text in a column of integers; in a style sheet it would be code.
    return max(low, min(value, high)) if isinstance(value, int) else low
