from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from dashboard import version

from .house import House

PROJECT = Path(version.__file__).parents[1] / "pyproject.toml"


async def test_the_version_is_the_projects(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """Whatever was installed, and not that of any Homarr."""
    installed = tomllib.loads(PROJECT.read_text())["project"]["version"]
    monkeypatch.setattr(version, "version", {"oneroof": installed}.__getitem__)

    assert await house.call("info.getInfo", by="ada") == {"version": installed}


async def test_a_copy_that_was_never_installed_has_no_version(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """It is older than any other."""

    def fail(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", fail)

    assert await house.call("info.getInfo", by="ada") == {"version": "0.0.0"}
