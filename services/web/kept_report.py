"""The last memory report in words, for its page. Imported by the page's first visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from dashboard.errors import MemoryReportError
from dashboard.memory_reports import (
    ATTRIBUTION,
    REPORT,
    Attribution,
    Column,
    Estimate,
    MemoryReport,
    find_folder,
    read_attribution,
    read_memory_report,
)
from dashboard.settings import Settings
from services.web.memory import mebibytes

_Read = TypeVar("_Read")
_WORDS = {
    "separate": "Separate processes",
    "shipped": "Processes as shipped",
    "forked": "Forked processes",
    "together": "One process",
}
#: The notes that say what speaks against the figures.
_DOUBTS = ("unsettled", "multimodal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One arrangement: sizes in MiB, widths in percent of the longest bar."""

    name: str
    size: str
    width: float
    #: Of the Redis that it needs; empty without one.
    redis: str
    redis_width: float
    #: What one process saves of it, and the interval; empty where it was not compared.
    saved: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReport:
    """What the page prints of a report."""

    conclusion: str
    bars: tuple[Bar, ...]
    #: How, where and when it was measured.
    origin: str
    #: What speaks against trusting it.
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one service is answerable for: sizes in MiB, the width in percent."""

    name: str
    size: str
    width: float
    #: What is free once it is switched off; empty for the floor.
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report, or why there is none to show."""

    report: KeptReport | None
    #: When they were kept, in UTC, and each of them; nothing without an attribution.
    shares: tuple[str, tuple[Share, ...]] | None
    #: Sentences about files that cannot be shown.
    refusals: tuple[str, ...]
    #: Where a report would be found.
    place: str


def read_kept(settings: Settings) -> Kept:
    """Read what was kept; whatever is wrong with it is one sentence."""

    folder = find_folder(settings)
    if folder is None:
        return Kept(report=None, shares=None, refusals=(), place="")

    refusals: list[str] = []
    report = _try(read_memory_report, folder / REPORT, refusals)
    shares = _try(read_attribution, folder / ATTRIBUTION, refusals)
    return Kept(
        report=None if report is None else _describe(*report),
        shares=None if shares is None else _share_out(*shares),
        refusals=tuple(refusals),
        place=str(folder / REPORT),
    )


def _try(
    read: Callable[[Path], _Read], path: Path, refusals: list[str]
) -> _Read | None:
    try:
        return read(path)
    except MemoryReportError as error:
        refusals.append(f"{error}.")
        return None


def _describe(report: MemoryReport, written: float) -> KeptReport:
    columns = report.figures.columns
    longest = max(_size(column) + _redis(column) for column in columns) or 1.0
    where = report.environment
    launches = "launch" if report.plan.repeats == 1 else "launches"
    return KeptReport(
        conclusion=_conclude(report),
        bars=tuple(_draw(report, column, longest) for column in columns),
        origin=(
            f"{report.plan.repeats} {launches} of each on {where.python}, "
            f"{where.kernel} {where.machine}, kept {_moment(written)}."
        ),
        doubts=tuple(
            f"{name.capitalize()}: {text}."
            for name, text in report.figures.notes
            if name in _DOUBTS
        ),
    )


def _conclude(report: MemoryReport) -> str:
    for saving in report.figures.savings:
        if saving.field == "pss" and not saving.redis:
            name = _WORDS.get(saving.baseline, saving.baseline).lower()
            return (
                f"One process instead of {name} saves {_percent(saving.share.value)} "
                f"of the memory (PSS{_interval(saving.share, ', 95 % interval ')})."
            )

    return "Nothing was compared with one process."


def _draw(report: MemoryReport, column: Column, longest: float) -> Bar:
    savings = [
        saving.share
        for saving in report.figures.savings
        if saving.baseline == column.arrangement
        and saving.field == "pss"
        and not saving.redis
    ]
    redis = _redis(column)
    return Bar(
        name=_WORDS.get(column.arrangement, column.arrangement),
        size=mebibytes(_size(column)),
        width=round(_size(column) / longest * 100, 2),
        redis=mebibytes(redis) if redis else "",
        redis_width=round(redis / longest * 100, 2),
        saved=_percent(savings[0].value) if savings else "",
        interval=_interval(savings[0], ", 95 % interval ") if savings else "",
    )


def _share_out(found: Attribution, written: float) -> tuple[str, tuple[Share, ...]]:
    figures = found.figures
    sizes = [figures.floor.value, *(each.share.value for each in figures.shares)]
    longest = max(*sizes, 1.0)
    names = ["The floor of all", *(each.service for each in figures.shares)]
    backs = ["", *(mebibytes(each.back.value) for each in figures.shares)]
    return _moment(written), tuple(
        Share(
            name=name,
            size=mebibytes(size),
            width=round(max(0.0, size) / longest * 100, 2),
            back=back,
        )
        for name, size, back in zip(names, sizes, backs, strict=True)
    )


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _size(column: Column) -> float:
    return column.total.pss


def _redis(column: Column) -> float:
    return 0.0 if column.redis is None else column.redis.pss


def _percent(part: float) -> str:
    return f"{part * 100:.1f} %"


def _interval(estimate: Estimate, before: str) -> str:
    if estimate.lower is None or estimate.upper is None:
        return ""

    return f"{before}{estimate.lower * 100:.1f} to {estimate.upper * 100:.1f} %"
