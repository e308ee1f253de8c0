"""What is imported late is found in the source."""

from __future__ import annotations

from pathlib import Path

from memory_report.commands import ROOT
from memory_report.late_imports import find_late_imports
from runner.plan import Plan, ServicePlan
from runner.plan_file import BUNDLED_PLAN, load_plan

SOURCES = {
    "mine/__init__.py": "from importlib import import_module\n"
    "def choose(name):\n    return import_module(f'{__name__}.{name}')\n",
    "mine/site.py": """
from __future__ import annotations
import json
from typing import TYPE_CHECKING
from . import helpers

if TYPE_CHECKING:
    import decimal
    import typed.words

def serve():
    import sqlite3
    from .lazy import thing

class Page:
    async def load(self):
        if self:
            import zlib
""",
    "mine/lazy.py": "import wave\ndef thing():\n    from mine import never, helpers\n",
    "mine/helpers.py": "def help():\n    from importlib import import_module\n"
    "    import_module('colorsys')\n",
    "typed/words.py": "def f():\n    import dbm\n",
    "mine/stranger.py": "def f():\n    import antigravity\n",
}


def test_late_imports_are_those_in_functions(tmp_path: Path):
    """Found from the plan's references on, through every import that is ours."""

    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    plan = Plan(services={"site": ServicePlan(name="site", run="mine.site:serve")})
    found = find_late_imports(plan, [tmp_path])

    assert {"sqlite3", "zlib", "colorsys", "mine.lazy", "mine.never"} <= set(found)
    # At the top of a module, for type checkers only.
    assert not {"json", "decimal", "wave", "dbm"} & set(found)
    # Reachable because the package imports its members by name.
    assert {"mine.stranger", "antigravity"} <= set(found)


def test_nothing_is_late_where_nothing_leads(tmp_path: Path):
    """A reference to somebody else's distribution is the end of the search."""

    plan = Plan(services={"one": ServicePlan(name="one", run="elsewhere:serve")})

    assert find_late_imports(plan, [tmp_path]) == []


def test_the_bundled_services_import_a_lot_late():
    """What they are known to load at first use is found, each by its way of import."""

    found = set(find_late_imports(load_plan(BUNDLED_PLAN), [ROOT]))

    assert {"aiosqlite", "brotli", "dashboard.bus.redis"} <= found
    assert "dashboard.trpc.routers.home" in found
    assert not {"trio", "quart"} & found
