"""The version of this program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

#: Of a copy that was never installed.
UNKNOWN = "0.0.0"


def find_version() -> str:
    """The version that is installed, as pyproject.toml says it."""
    try:
        return version("oneroof")
    except PackageNotFoundError:
        return UNKNOWN
