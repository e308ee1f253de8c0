"""The arguments that several sub-commands have, in the same words."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[Any]


def add_file(command: argparse.ArgumentParser) -> None:
    """Add the kept report that a command is about."""

    command.add_argument("file", type=Path, metavar="FILE")


def add_format(
    command: argparse.ArgumentParser, formats: Collection[str], *, what: str
) -> None:
    """Add the choice of how something is printed."""

    command.add_argument(
        "--format",
        choices=formats,
        default="text",
        help=f"how {what} printed (default: text)",
    )


def add_json(command: argparse.ArgumentParser, *, what: str) -> None:
    """Add where everything is kept that was measured."""

    command.add_argument(
        "--json", type=Path, metavar="FILE", help=f"{what} (default: not kept)"
    )
