"""The ways to show a report, by the word that chooses each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memory_report.gates import Verdict
from memory_report.records import Report
from memory_report.render.figures_json import render_json
from memory_report.render.html import render_html
from memory_report.render.junit import render_junit
from memory_report.render.markdown import render_markdown
from memory_report.render.png import render_png
from memory_report.render.text import render_text

Render = Callable[[Report, Sequence[Verdict]], str]

#: By the word that chooses it.
FORMATS: dict[str, Render] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
    "junit": render_junit,
    "html": render_html,
}
#: The same of those that are no text, and need what is not always installed.
PICTURES: dict[str, Callable[[Report, Sequence[Verdict]], bytes]] = {"png": render_png}
