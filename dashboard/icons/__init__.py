"""Icons that apps can choose: those of known repositories, and uploaded ones.

find      the search
update    the rows, brought up to what the repositories list now
listing   what a repository's list says
"""

from __future__ import annotations

from dashboard.icons.find import find_icons

__all__ = ["find_icons"]
