"""The ways to show a report: of the same report always the same bytes.

text, markdown, junit, figures_json     each a function of a report and its verdicts
recording                               a series of samples
words                                   what all of them say alike
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memory_report.gates import Verdict
from memory_report.records import Report
from memory_report.render.figures_json import render_json
from memory_report.render.junit import render_junit
from memory_report.render.markdown import render_markdown
from memory_report.render.text import render_text

Render = Callable[[Report, Sequence[Verdict]], str]

#: By the word that chooses it.
FORMATS: dict[str, Render] = {
    "text": render_text,
    "markdown": render_markdown,
    "json": render_json,
    "junit": render_junit,
}
