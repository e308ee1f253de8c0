"""The command line of one benchmark, and of all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import trio

from benchmarks.figures import Figure, render_table
from memory_report.errors import ReportError


class Benchmark(Protocol):
    """A function that measures."""

    def __call__(self, *, quick: bool) -> Awaitable[list[Figure]]:
        """Measure, shorter and coarser where it must be quick."""


def run_alone(benchmark: Benchmark, *, description: str | None) -> int:
    """Run one benchmark and print its table; return 0, or 5 if it could not run."""

    parser = make_parser(description)
    return print_figures([benchmark], quick=parser.parse_args().quick)


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every benchmark has."""

    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--quick", action="store_true", help="shorter and coarser (default: off)"
    )
    return parser


def print_figures(
    benchmarks: Sequence[Benchmark],
    *,
    quick: bool,
    known: Sequence[Figure] = (),
    note: Callable[[], str] | None = None,
) -> int:
    """Run benchmarks one after the other and print one table."""

    figures = list(known)
    try:
        for benchmark in benchmarks:
            figures += trio.run(_run, benchmark, quick)
    except ReportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 5
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130

    print(render_table(figures))
    if note is not None:
        print(f"\n{note()}")

    return 0


async def _run(benchmark: Benchmark, quick: bool) -> list[Figure]:
    return await benchmark(quick=quick)
