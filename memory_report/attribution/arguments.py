"""What may be typed after `python -m memory_report attribute`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memory_report.attribution.records import AttributionPlan
from memory_report.attribution.render import FORMATS
from memory_report.records import QUICK_STORY

DEFAULT_PLAN = AttributionPlan(rounds=5, settle=1.0)
QUICK_PLAN = AttributionPlan(rounds=2, settle=0.2, story=QUICK_STORY, step=10, steps=3)


def add_attribute(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    style: Mapping[str, Any],
) -> None:
    """Add the sub-command."""

    command = subparsers.add_parser(
        "attribute",
        help="say whose memory it is, service by service and module by module",
        description="Launch every set of the services in one process, and share out "
        "what all of them take: by service, by mapped file, by imported module, by "
        "socket and login; and say what merging processes saves.",
        **style,
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
        help=f"{QUICK_PLAN.rounds} rounds instead of {DEFAULT_PLAN.rounds}, less load "
        "(default: off)",
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how it is printed (default: text)",
    )
    command.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="keep everything that was measured (default: not kept)",
    )
    command.set_defaults(command="attribute")
