"""What the command line says about itself, by sub-command."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from memory_report.exit_codes import (
    FAILED,
    INCONCLUSIVE,
    INTERRUPTED,
    NOT_COMPARABLE,
    NOT_MEASURED,
    PASSED,
    USAGE,
)
from runner import usage

PROGRAM = "python -m memory_report"
#: As it is typed in the project's folder.
_TYPED = f".venv/bin/{PROGRAM}"
_WIDTH = 79

_UNLIKE = "not comparable: launches, reports or a baseline that were not made alike"
_DEAD = "could not measure: something is missing, died or did not answer"
_PLAIN = {
    PASSED: "done",
    USAGE: "wrong usage, or a file that cannot be read or written",
    NOT_MEASURED: "something is missing, or a fault of this program's own",
    INTERRUPTED: "interrupted, by Ctrl-C or a signal that asks to end",
}
_GATED = _PLAIN | {
    PASSED: "every gate passed, or none was set",
    FAILED: "a gate failed: the whole interval is on the wrong side of its bar",
    INCONCLUSIVE: "inconclusive: the interval has the bar inside, there is none (one "
    "launch), a launch was unsettled, the launches are multimodal, or the baseline "
    "has a bar about what was not measured",
    NOT_COMPARABLE: _UNLIKE,
}
_UPDATED = _PLAIN | {
    INCONCLUSIVE: "the report is in doubt: a launch was unsettled, or the launches are "
    "multimodal",
    NOT_COMPARABLE: _UNLIKE,
}
#: By sub-command, what each exit code that it can give means.
_CODES = {
    "": _GATED | {NOT_MEASURED: f"{_DEAD}; or the doctor found that it would be so"},
    "measure": _GATED | {NOT_MEASURED: _DEAD},
    "show": _GATED,
    "check": _GATED,
    "compare": _PLAIN | {NOT_COMPARABLE: _UNLIKE},
    "baseline": _UPDATED,
    "baseline update": _UPDATED,
    "baseline show": _PLAIN,
    "record": _PLAIN
    | {
        NOT_MEASURED: "could not measure: no such process, or it may not be read",
        INTERRUPTED: "interrupted before there was a sample",
    },
    "attribute": _PLAIN | {NOT_COMPARABLE: _UNLIKE, NOT_MEASURED: _DEAD},
    "doctor": _PLAIN
    | {
        PASSED: "a measurement can be made here",
        NOT_MEASURED: "nothing can be measured here: a line says why",
    },
}

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


class Parser(usage.Parser):
    """A parser whose help has examples of its own command."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.description = fill(self.description or "", _WIDTH)
        command = self.prog.removeprefix(PROGRAM).strip()
        self.epilog = f"{_list_codes(command)}\n{_list_examples(command)}"


def _list_codes(command: str) -> str:
    lines = [
        fill(f"  {code}  {meaning}", _WIDTH, subsequent_indent=" " * 5)
        for code, meaning in sorted(_CODES[command].items())
    ]
    return "\n".join(["exit codes:", *lines]) + "\n"


def _list_examples(command: str) -> str:
    chosen = {command: _EXAMPLES[command]} if command else _EXAMPLES
    lines = [
        f"{_TYPED} {name} {words}".rstrip()
        for name, examples in chosen.items()
        for words in (examples if command else examples[:1])
        if command or " " not in name
    ]
    return "\n  ".join(["examples:", *([] if command else [_TYPED]), *lines]) + "\n"
