"""Importing, before anything else runs, the modules that a file names."""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path


def preload(modules: Path) -> None:
    """Import what is named; one that fails is left to whom it concerns.

    Some names are no modules but what a package has, others are not installed.
    """

    for name in modules.read_text(encoding="utf-8").split():
        with suppress(Exception):
            importlib.import_module(name)
