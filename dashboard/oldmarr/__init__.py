"""Boards of Homarr before 1.0: a configuration file becomes a board and its apps.

configuration  the types of such a file, as far as it is of use here
reading        from the file's bytes to those, or to words of what is wrong with it
looks          its colours, images and columns
widgets        its widgets: which kinds of ours they are, and what their options are
arranging      its sections, and where each item stands in each layout
importing      all of it, written in one transaction

Loaded late, by the one procedure that needs it.
"""

from __future__ import annotations

from dashboard.oldmarr.importing import import_board
from dashboard.oldmarr.reading import ImportSettings, read_file, read_settings

__all__ = ["ImportSettings", "import_board", "read_file", "read_settings"]
