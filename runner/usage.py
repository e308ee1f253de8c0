"""What wrong usage of a command line is told: two lines, with the nearest flag."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from .errors import EXIT_USAGE


class Parser(argparse.ArgumentParser):
    """A parser of flags in full, whose errors are short.

    What `add_subparsers` makes of it are parsers of the same kind.
    """

    def __init__(self, **options: Any) -> None:
        fixed = {
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "allow_abbrev": False,
        }
        super().__init__(**options | fixed)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """End where a word is not known: the command that got it knows what is near."""

        known = super().parse_known_args(args, namespace)
        if known[1]:
            words = " ".join(known[1])
            self.error(f"unrecognized arguments: {words}{self._suggest(known[1][0])}")

        return known

    def _suggest(self, word: str) -> str:
        if not word.startswith("-"):
            return ""

        from difflib import get_close_matches  # late: only mistakes need it

        options = [each for each in self._option_string_actions if each[:2] == "--"]
        nearest = get_close_matches(word.partition("=")[0], options, n=1)
        if nearest:
            return f"; did you mean {nearest[0]}?"

        return f"; there are {', '.join(options)}"

    def error(self, message: str) -> NoReturn:
        """End with what is wrong, and where to read more: usage would bury it."""

        self.exit(EXIT_USAGE, f"error: {message}\nsee `.venv/bin/{self.prog} --help`\n")
