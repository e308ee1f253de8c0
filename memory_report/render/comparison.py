"""A comparison of two reports, as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

import msgspec

from memory_report.changes import Change, Direction, Unit
from memory_report.compare import Comparison
from memory_report.render.words import mib, percent, signed
from memory_report.statistics import CONFIDENCE, Estimate

_NAME = 30
_RULE = "-" * 79
#: Seconds below which a time is told to the microsecond.
_SHORT = 0.001
_MEANS = "PSS, USS, RSS, ready and requests are geometric means over launches."


def render_text(comparison: Comparison) -> str:
    """Return a row for each figure, and what of the machine was not the same."""

    rows = [_row("", "before", "after", "change", "95 % interval"), _RULE]
    rows += [_row(*_describe(change)) for change in comparison.changes]
    if comparison.differences:
        rows += ["", "not the same:"]
        rows += [
            f"  {name}: {was}, then {now}" for name, was, now in comparison.differences
        ]

    return "\n".join([*rows, "", fill(conclude(comparison), 79)]) + "\n"


def render_markdown(comparison: Comparison) -> str:
    """Return what a pull request's comment has room for: the rest is folded away."""

    table = [
        "| | before | after | change | 95 % interval |",
        "|---|---:|---:|---:|---|",
    ]
    table += [f"| {' | '.join(_describe(change))} |" for change in comparison.changes]
    notes = [
        f"- {name}: {was}, then {now}" for name, was, now in comparison.differences
    ]
    same = "Machine, interpreter and libraries are the same on both sides."
    folded = [
        f"<details><summary>not the same on both sides: {len(notes)}</summary>",
        "",
        *notes,
        "",
        "</details>",
    ]
    return "\n".join(
        [
            "### Memory, compared",
            "",
            conclude(comparison),
            "",
            *table,
            "",
            *(folded if notes else [same]),
            "",
        ]
    )


def render_json(comparison: Comparison) -> str:
    """Return the same for a program; sizes in bytes, times in seconds."""

    content = {
        "changes": [
            {"direction": change.direction, "change": change}
            for change in comparison.changes
        ],
        "differences": comparison.differences,
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"


#: By the word that chooses it.
FORMATS: dict[str, Callable[[Comparison], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
}


def conclude(comparison: Comparison) -> str:
    """Return what the rows mean, and how much of it chance alone would do."""

    clear = [
        f"{each.subject} {_grown(each)}"
        for each in comparison.changes
        if each.direction is not Direction.UNCLEAR
    ]
    if all(each.growth.lower is None for each in comparison.changes):
        return f"Too few launches to tell: three on each side have intervals. {_MEANS}"

    if not clear:
        return f"No difference is seen in any figure. {_MEANS}"

    expected = len(comparison.changes) * (1 - CONFIDENCE)
    return (
        f"What changed: {'; '.join(clear)}. By chance alone {expected:.1f} of the "
        f"figures would look changed. {_MEANS}"
    )


def _grown(change: Change) -> str:
    unit = "points" if change.unit == "share" else "%"
    return f"{signed(change.growth.value * 100)} {unit}"


def _describe(change: Change) -> tuple[str, str, str, str, str]:
    clear = change.direction is not Direction.UNCLEAR
    return (
        change.subject,
        _size(change.before, change.unit),
        _size(change.after, change.unit),
        _grown(change),
        _bounds(change.growth) + (f"  {change.direction.value}" if clear else ""),
    )


def _size(value: float, unit: Unit) -> str:
    if unit == "bytes":
        return f"{mib(value)} MiB"

    if unit == "share":
        return percent(value)

    if unit == "per second":
        return f"{value:.0f} /s"

    return f"{value * 1000:.{1 if value >= _SHORT else 3}f} ms"


def _bounds(growth: Estimate) -> str:
    if growth.lower is None or growth.upper is None:
        return "too few launches"

    return f"{signed(growth.lower * 100)} to {signed(growth.upper * 100)}"


def _row(name: str, before: str, after: str, change: str, bounds: str) -> str:
    return f"{name:<{_NAME}}{before:>11}{after:>11}{change:>13}   {bounds}".rstrip()
