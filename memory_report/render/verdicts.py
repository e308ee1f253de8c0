"""The verdicts alone: for who asks whether, and not how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memory_report.gates import Verdict
from memory_report.records import SCHEMA, Report
from memory_report.render.figures_json import write_content
from memory_report.render.junit import render_junit
from memory_report.render.words import describe_verdict


def render_text(_report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return a line for each gate."""

    return "".join(
        f"gate {each.outcome.value}: {describe_verdict(each)}\n" for each in verdicts
    )


def render_markdown(_report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return a list with an entry for each gate."""

    lines = (
        f"- **{each.outcome.value}**: {describe_verdict(each)}\n" for each in verdicts
    )
    return "### Memory gates\n\n" + "".join(lines)


def render_json(_report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return them as the JSON of a report has them."""

    return write_content({"schema": SCHEMA, "verdicts": verdicts})


#: By the word that chooses it.
FORMATS: dict[str, Callable[[Report, Sequence[Verdict]], str]] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
    "junit": render_junit,
}
