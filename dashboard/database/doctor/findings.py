"""What a look at one thing comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MIB = 1024 * 1024
GIB = 1024 * MIB


class Verdict(Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    found: str
    #: What to do about it; None where nothing is to be done.
    advice: str | None = None
    #: Whether the file is nobody's of ours: what else is true of it is no matter.
    foreign: bool = False


def ok(name: str, found: str) -> Finding:
    """Nothing is to be done."""
    return Finding(name=name, verdict=Verdict.OK, found=found)


def warning(name: str, found: str, advice: str) -> Finding:
    """It works, and may not always."""
    return Finding(name=name, verdict=Verdict.WARNING, found=found, advice=advice)


def problem(name: str, found: str, advice: str) -> Finding:
    """It does not work, or data is lost."""
    return Finding(name=name, verdict=Verdict.PROBLEM, found=found, advice=advice)


def show_size(count: int) -> str:
    """A number of bytes in MiB with one decimal, or in GiB where that is enough."""
    if count >= 10 * GIB:
        return f"{count / GIB:.0f} GiB"

    return f"{count / MIB:.1f} MiB"
