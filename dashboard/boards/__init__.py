"""Boards: their layouts, sections and items, who may see and who may change them.

Here is what pages need. Whole boards are changed by the files beside (manage, save,
layouts, grants, duplicate, listing), which are imported by those who use them.
"""

from __future__ import annotations

from dashboard.apps import App
from dashboard.boards.access import list_seen_apps, sees_app
from dashboard.boards.cache import BoardCache
from dashboard.boards.edit import add_app_item, add_item, remove_item, update_item
from dashboard.boards.kinds import KINDS, Kind
from dashboard.boards.load import find_board, find_home_board, load_board
from dashboard.boards.models import Board, Item, Layout, Placement, Section
from dashboard.boards.shared import SharedBoards
from dashboard.errors import InvalidItemError

__all__ = [
    "KINDS",
    "App",
    "Board",
    "BoardCache",
    "InvalidItemError",
    "Item",
    "Kind",
    "Layout",
    "Placement",
    "Section",
    "SharedBoards",
    "add_app_item",
    "add_item",
    "find_board",
    "find_home_board",
    "list_seen_apps",
    "load_board",
    "remove_item",
    "sees_app",
    "update_item",
]
