"""What may be typed after `python -m memory_report attribute`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from memory_report.attribution.records import AttributionProcedure
from memory_report.records import QUICK_STORY
from memory_report.shared_arguments import add_format, add_json

if TYPE_CHECKING:
    from memory_report.shared_arguments import Subparsers

DEFAULT_PROCEDURE = AttributionProcedure(rounds=5, settle=1.0)
QUICK_PROCEDURE = AttributionProcedure(
    rounds=2, settle=0.2, story=QUICK_STORY, step=10, steps=3
)


def add_attribute(subparsers: Subparsers, formats: Collection[str]) -> None:
    """Add the sub-command, and the words for how it is printed."""

    command = subparsers.add_parser(
        "attribute",
        help="say whose memory it is, service by service and module by module",
        description="Launch every set of the services in one process, and share out "
        "what all of them take: by service, by mapped file, by imported module, by "
        "socket and login; and say what merging processes saves.",
    )
    source = command.add_mutually_exclusive_group()
    source.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="the services of this plan, as they are after their start (default: the "
        "bundled dashboard, with load)",
    )
    source.add_argument(
        "--kept",
        type=Path,
        metavar="FILE",
        help="print an attribution that --json kept (default: measure one)",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK_PROCEDURE.rounds} rounds instead of {DEFAULT_PROCEDURE.rounds}, "
        "less load (default: off)",
    )
    add_format(command, formats, what="it is")
    add_json(command, what="keep everything that was measured")
    command.set_defaults(command="attribute")
