"""What the command line says about itself: help by sub-command, errors in two lines."""

from __future__ import annotations

import argparse
from textwrap import fill
from typing import Any, NoReturn

from memory_report.exit_codes import USAGE

PROGRAM = "python -m memory_report"
#: As it is typed in the project's folder.
_TYPED = f".venv/bin/{PROGRAM}"
_WIDTH = 79

_CODES = """\
exit codes:
  0  measured, and every gate passed
  1  a gate failed: the whole interval is on the wrong side of its bar
  2  wrong usage, or a file that cannot be read or written
  3  inconclusive: the interval has the bar inside, there is none (one launch),
     a launch was unsettled, the launches are multimodal, or the baseline has a
     bar about what was not measured
  4  not comparable: launches, reports or a baseline that were not made alike
  5  could not measure: something is missing, died or did not answer; or the
     doctor found that it would be so
  130  interrupted, by Ctrl-C or a signal that asks to end
"""

#: By sub-command, the words behind it.
_EXAMPLES = {
    "measure": (
        "--savings --json report.json",
        "--plan mine.toml --story story.py",
    ),
    "show": (
        "report.json --format html --output report.html",
        "report.json --min-saving 45",
    ),
    "check": (
        "report.json --min-saving 45 --max-pss 60",
        "report.json --baseline reviewed.json --max-regress 3",
    ),
    "compare": (
        "before.json after.json",
        "before.json after.json --format markdown",
    ),
    "baseline": ("update report.json --release 1.0", "show"),
    "baseline update": (
        "report.json --release 1.0",
        "report.json --min-saving 45 --max-pss 60 --baseline reviewed.json",
    ),
    "baseline show": ("", "--baseline reviewed.json"),
    "record": (
        '$(pgrep -f -o "python -m runner") --seconds 60',
        "4711 --interval 5 --json series.json",
    ),
    "attribute": ("--quick", "--kept shares.json --format markdown"),
    "doctor": ("", f"&& {_TYPED} --quick"),
}


class Parser(argparse.ArgumentParser):
    """A parser whose help has examples of its own command, and whose errors are short.

    What `add_subparsers` makes of it are parsers of the same kind.
    """

    def __init__(self, **options: Any) -> None:
        fixed = {
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "allow_abbrev": False,
        }
        super().__init__(**options | fixed)
        self.description = fill(self.description or "", _WIDTH)
        self.epilog = f"{_CODES}\n{_list_examples(self.prog)}"

    def error(self, message: str) -> NoReturn:
        """End with what is wrong, and where to read more: usage would bury it."""

        self.exit(USAGE, f"error: {message}\nsee `.venv/bin/{self.prog} --help`\n")


def _list_examples(prog: str) -> str:
    command = prog.removeprefix(PROGRAM).strip()
    chosen = {command: _EXAMPLES[command]} if command else _EXAMPLES
    lines = [
        f"{_TYPED} {name} {words}".rstrip()
        for name, examples in chosen.items()
        for words in (examples if command else examples[:1])
        if command or " " not in name
    ]
    return "\n  ".join(["examples:", *([] if command else [_TYPED]), *lines]) + "\n"
