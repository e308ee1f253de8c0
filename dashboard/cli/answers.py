"""What a command answers with, before anybody prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

OK = 0
FAILED = 1
USAGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of a command."""

    #: For standard output.
    lines: Sequence[str] = ()
    #: For standard error.
    errors: Sequence[str] = ()
    exit_code: int = OK


class CommandError(Exception):
    """A command that cannot do what it was asked; the message is printed as it is."""

    def __init__(self, *lines: str, exit_code: int = FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.exit_code = exit_code


def show(text: str | None) -> str:
    """A name from the database or the command line, on one line of a terminal.

    Whoever chose the name must not move the cursor of whoever reads it.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in text or ""
    )


def show_table(head: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """Homarr's lines, with one tab between columns; aligned where a terminal shows it.

    `head` has its columns apart by any number of tabs.
    """
    if not sys.stdout.isatty():
        return [head, *("\t".join(row) for row in rows)]

    table = [head.replace("\t", " ").split(), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]


def show_bytes(count: int) -> str:
    """A size in MiB, with one decimal."""
    return f"{count / 1024 / 1024:.1f} MiB"
