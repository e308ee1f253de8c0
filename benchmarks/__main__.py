"""`python -m benchmarks`: all of them, and the memory report's figures beside."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from benchmarks import (
    boards,
    broadcast,
    crash,
    drivers,
    echo,
    events,
    idle,
    lateness,
    sockets,
    start,
    storm,
    web,
)
from benchmarks.cli import make_parser, print_figures
from benchmarks.figures import Figure
from memory_report.arrangements import SEPARATE, TOGETHER
from memory_report.errors import ReportError
from memory_report.files import read_report
from memory_report.records import Report
from memory_report.statistics import (
    counted,
    estimate_mean,
    estimate_saving,
    total_sizes,
)
from memory_report.units import MIB


def main() -> int:
    """Run everything; return 0, or 5 if something could not be measured."""

    parser = make_parser(__doc__)
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="a memory report whose figures join the table (default: none)",
    )
    options = parser.parse_args()
    known: list[Figure] = []
    if options.report is not None:
        try:
            known = read_figures(read_report(options.report))
        except ReportError as error:
            parser.error(str(error))

    return print_figures(
        [
            start.run,
            boards.run,
            drivers.run,
            echo.run,
            broadcast.run,
            storm.run,
            events.run,
            sockets.run,
            web.run,
            lateness.run,
            idle.run,
            crash.run,
        ],
        quick=options.quick,
        known=known,
        note=describe_machine,
    )


def read_figures(report: Report) -> list[Figure]:
    """Return the figures of a memory report that have a bar."""

    before, after = (
        [total_sizes(launch, redis=False).pss for launch in launches]
        for launches in (
            counted(report.launches, SEPARATE.name),
            counted(report.launches, TOGETHER.name),
        )
    )
    saving, pss = estimate_saving(before, after), estimate_mean(after)
    spent = f"{estimate_mean(before).value / MIB:.1f} MiB"
    return [
        Figure(
            what="PSS saved after load, without Redis, lower 95 % bound",
            before=spent,
            after=f"{pss.value / MIB:.1f} MiB",
            value=(saving.value if saving.lower is None else saving.lower) * 100,
            form="{:.1f} %",
            bar=45.0,
            wanted="at least",
        ),
        Figure(
            what="PSS of the whole roof after load, no Redis",
            before="",
            after="",
            value=pss.value / MIB,
            form="{:.1f} MiB",
            bar=60.0,
        ),
    ]


def describe_machine() -> str:
    """Say where the figures come from."""

    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.release()} {platform.machine()}, "
        f"{len(os.sched_getaffinity(0))} cores"
    )


if __name__ == "__main__":
    sys.exit(main())
