"""The command line of `python -m dashboard`: the application's side door.

    parser     what may be typed, with its help
    running    finds the command, and turns what went wrong into words
    users, integrations, backups, doctor   the commands

The only place that prints. Importing it loads argparse and nothing of the database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TextIO

from dashboard.cli.answers import FAILED
from dashboard.cli.parser import make_parser

#: What a shell reports for a program that Ctrl-C has ended.
INTERRUPTED = 130

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage.

    Like any argparse command line it leaves by SystemExit for --help and wrong usage.
    """
    arguments = make_parser().parse_args(argv)

    try:
        # Late: --help needs nothing of it.
        from dashboard.cli.running import run_command

        answer = run_command(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED

    try:
        _print_lines(answer.lines, sys.stdout)
        _print_lines(answer.errors, sys.stderr)
    except OSError as error:
        # Python tries again at its end to print what was left, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _print_lines([f"error: cannot print: {error.strerror}"], sys.stderr)
            return FAILED

        # Whoever read our lines has seen enough; what was asked for is done.

    return answer.exit_code


def _print_lines(lines: Sequence[str], stream: TextIO | None) -> None:
    if isinstance(stream, TextIOWrapper):
        # A name that the terminal cannot show is no reason to fail.
        stream.reconfigure(errors="backslashreplace")

    for line in lines:
        print(line, file=stream)

    if stream is not None:
        stream.flush()
