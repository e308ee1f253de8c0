"""What a benchmark finds, and the table of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    what: str
    #: What it is compared with, and the thing itself, each with its unit.
    before: str
    after: str
    value: float
    #: How the value is written.
    form: str = "{:.2f} x"
    bar: float | None = None
    #: Whether the value must not be above the bar, or not below it.
    wanted: Literal["at most", "at least"] = "at most"

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None where there is none."""

        if self.bar is None:
            return None

        if self.wanted == "at most":
            return self.value <= self.bar

        return self.value >= self.bar


def render_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""

    lines = [
        "| what | before | after | figure | bar | met |",
        "|---|---|---|---|---|---|",
    ]
    for figure in figures:
        bar = "" if figure.bar is None else figure.form.format(figure.bar)
        sign = "≤" if figure.wanted == "at most" else "≥"
        met = {None: "", True: "yes", False: "NO"}[figure.met]
        cells = (
            figure.what,
            figure.before,
            figure.after,
            figure.form.format(figure.value),
            f"{sign} {bar}" if bar else "",
            met,
        )
        lines.append(f"| {' | '.join(cells)} |")

    return "\n".join(lines)


def median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the median over pairs of after / before."""

    return median(after / before for before, after in pairs)
