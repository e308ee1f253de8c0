"""The map of the room, in its own docstring, has all of it."""

from __future__ import annotations

from pathlib import Path

import memory_report


def test_every_module_and_package_stands_in_the_map():
    """Who looks for something finds where it is."""

    room = Path(memory_report.__file__).parent
    names = {path.name for path in room.glob("*.py") if not path.name.startswith("__")}
    names |= {f"{path.parent.name}/" for path in room.glob("*/__init__.py")}

    assert {
        name for name in names if name not in (memory_report.__doc__ or "")
    } == set()
