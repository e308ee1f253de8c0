from __future__ import annotations

import tomllib
from pathlib import Path

from dashboard import version

from .house import House

PROJECT = Path(version.__file__).parents[1] / "pyproject.toml"


async def test_the_version_is_the_projects(house: House):
    """Written down once: what is packaged takes it from what clients are told."""
    project = tomllib.loads(PROJECT.read_text())
    source = project["tool"]["setuptools"]["dynamic"]["version"]["attr"]

    assert "version" in project["project"]["dynamic"]
    assert source == "dashboard.version.VERSION"
    assert await house.call("info.getInfo", by="ada") == {"version": version.VERSION}
