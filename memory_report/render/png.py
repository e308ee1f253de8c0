"""The report's charts as one picture, for a page that cannot hold another page."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from memory_report.errors import UsageError
from memory_report.figures import work_out
from memory_report.gates import Verdict
from memory_report.records import Report
from memory_report.render.charts import (
    chart_savings,
    chart_sizes,
    chart_waterfall,
    chart_worths,
)
from memory_report.render.charts_over_time import chart_checkpoints, chart_series
from memory_report.render.pictures import (
    PALETTE,
    Line,
    LineChart,
    Row,
    RowChart,
    Span,
    list_ticks,
)
from memory_report.render.svg import spread
from memory_report.render.words import conclude
from memory_report.waterfall import list_worths, work_out_waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: By place in the palette: the pattern of a bar, the marker of a line.
_HATCHES = ("", "//", "--", "||", "\\\\", "..", "++", "xx")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_INK, _MUTED, _LINE = "#1c2027", "#5b626d", "#e2dfd7"
#: Inches; a row with its label, a chart's title and axis.
_WIDTH, _ROW, _REST, _LINES, _LEGEND = 9.0, 0.46, 1.1, 3.2, 0.3
_DPI = 110
#: Nothing in the file may depend on when or where it was drawn.
_METADATA = {"Software": None}


def render_png(report: Report, verdicts: Sequence[Verdict]) -> bytes:
    """Return the picture: of the same report and matplotlib always the same bytes.

    Raises:
        UsageError: matplotlib is not installed.
    """

    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "a picture needs matplotlib: `.venv/bin/pip install 'matplotlib>=3.9'`"
        ) from error

    charts = list(_list_charts(report, verdicts))
    heights = [
        len(chart.rows) * _ROW + _REST + _LEGEND * _is_parted(chart)
        if isinstance(chart, RowChart)
        else _LINES
        for chart in charts
    ]
    # The library's own defaults, whatever the user's file of settings says.
    with rc_context(
        {"font.family": "DejaVu Sans", "font.size": 9, "hatch.linewidth": 0.6}
    ):
        figure = Figure(figsize=(_WIDTH, sum(heights)), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(conclude(work_out(report)), fontsize=11, color=_INK, wrap=True)
        axes = figure.subplots(
            len(charts), 1, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for chart, panel in zip(charts, axes[:, 0], strict=True):
            _draw(chart, panel)

        file = io.BytesIO()
        figure.savefig(file, format="png", metadata=_METADATA)

    return file.getvalue()


def _list_charts(
    report: Report, verdicts: Sequence[Verdict]
) -> Iterator[RowChart | LineChart]:
    figures = work_out(report)
    yield chart_sizes(figures)
    yield chart_savings(figures, verdicts)
    waterfall = work_out_waterfall(report)
    if waterfall is not None:
        yield chart_waterfall(waterfall)

    worths = list_worths(report)
    if worths:
        yield chart_worths(worths)

    for chart in (chart_checkpoints(report), chart_series(report)):
        if chart is not None:
            yield chart


def _draw(chart: RowChart | LineChart, panel: Axes) -> None:
    panel.set_title(chart.title, loc="left", fontsize=10, fontweight="bold", color=_INK)
    panel.spines[:].set_visible(False)
    panel.tick_params(colors=_MUTED, length=0)
    panel.set_axisbelow(True)
    if isinstance(chart, RowChart):
        _draw_rows(chart, panel)
    else:
        _draw_lines(chart, panel)


def _draw_rows(chart: RowChart, panel: Axes) -> None:
    ticks = list_ticks(chart.top, most=9)
    panel.set_xlim(0, ticks[-1] * 1.01)
    panel.set_xticks(ticks)
    panel.set_ylim(len(chart.rows) - 0.35, -0.75)
    panel.set_yticks([])
    panel.grid(axis="x", color=_LINE, linewidth=0.8)
    panel.set_xlabel(chart.axis, loc="right", color=_MUTED)
    for place, row in enumerate(chart.rows):
        panel.annotate(
            row.label,
            (0, place - 0.3),
            fontweight="bold",
            color=_INK,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
        panel.annotate(
            row.text,
            (1, place - 0.3),
            xycoords=("axes fraction", "data"),
            ha="right",
            color=_MUTED,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
        for span in row.spans:
            _draw_span(span, place, panel, named=len(row.spans) > 1)

        _draw_dot(row, place, panel)

    if _is_parted(chart):
        _draw_legend(chart, panel)

    for place, row in enumerate(chart.rows[:-1] if chart.falls else ()):
        end = row.spans[-1].end
        panel.plot(
            [end, end], [place, place + 1], color=_MUTED, lw=0.8, ls=":", zorder=0
        )


def _is_parted(chart: RowChart) -> bool:
    """Say whether a row has parts, whose names not all have room in them."""

    return any(len(row.spans) > 1 for row in chart.rows)


def _draw_legend(chart: RowChart, panel: Axes) -> None:
    """Name every colour and pattern, below the axis and what is written at it."""

    from matplotlib.patches import Patch

    patches = [
        Patch(
            facecolor=PALETTE[colour],
            hatch=_HATCHES[colour],
            edgecolor="white",
            linewidth=0,
            label=name,
        )
        for name, colour in chart.keys.items()
    ]
    panel.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        borderaxespad=4,
        ncols=len(patches),
        frameon=False,
        fontsize=8,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _draw_span(span: Span, place: int, panel: Axes, *, named: bool) -> None:
    left, right = sorted((span.start, span.end))
    panel.barh(
        place + 0.13,
        right - left,
        left=left,
        height=0.4,
        color=PALETTE[span.colour],
        hatch=_HATCHES[span.colour],
        edgecolor="white",
        linewidth=0,
    )
    words = f"{span.name} {right - left:.1f}"
    # A letter of this size is about a hundredth of the panel wide.
    if named and (right - left) / panel.get_xlim()[1] > len(words) * 0.0105:
        panel.annotate(
            words,
            ((left + right) / 2, place + 0.13),
            ha="center",
            va="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
        )


def _draw_dot(row: Row, place: int, panel: Axes) -> None:
    y = place + 0.13
    if row.dot is not None:
        panel.plot([0, row.dot], [y, y], color=PALETTE[0], lw=1.5, alpha=0.5)
        panel.plot([row.dot], [y], color=PALETTE[0], marker="o", markersize=6)

    if row.interval is not None:
        low, high = row.interval
        panel.plot([low, high], [y, y], color=_INK, lw=1.2, marker="|", markersize=7)

    if row.bar is not None:
        panel.plot([row.bar, row.bar], [y - 0.25, y + 0.25], color=_INK, lw=1, ls="--")


def _draw_lines(chart: LineChart, panel: Axes) -> None:
    ticks = list_ticks(chart.top, most=7)
    panel.set_ylim(0, ticks[-1])
    panel.set_yticks(ticks)
    panel.grid(axis="y", color=_LINE, linewidth=0.8)
    panel.set_ylabel(chart.axis, color=_MUTED)
    panel.set_xlabel(chart.along, loc="right", color=_MUTED)
    if chart.places:
        panel.set_xticks(
            [place for place, _ in chart.places], [name for _, name in chart.places]
        )

    ends = [line.all_points[-1] for line in chart.lines]
    apart = ticks[-1] / 14
    for line, y in zip(
        chart.lines, spread([-end[1] for end in ends], apart, 0), strict=True
    ):
        _draw_line(line, panel)
        panel.annotate(
            line.name,
            (1.01, -y),
            xycoords=("axes fraction", "data"),
            va="center",
            color=_INK,
            annotation_clip=False,
        )


def _draw_line(line: Line, panel: Axes) -> None:
    colour, marker = PALETTE[line.colour], _MARKERS[line.colour]
    for strand in line.strands:
        panel.plot(*zip(*strand, strict=True), color=colour, lw=0.8, alpha=0.8)

    if line.around:
        panel.plot(
            *zip(*line.around, strict=True), marker, color=colour, ms=2, alpha=0.5
        )

    if line.points:
        panel.plot(*zip(*line.points, strict=True), color=colour, marker=marker, ms=4)
