"""The reviewed baseline as text."""

from __future__ import annotations

from collections.abc import Iterator

from memory_report.baseline import Baseline
from memory_report.ledger import SERVICES
from memory_report.marks import Mark


def render_baseline(baseline: Baseline) -> str:
    """Return the bars, and what each mark has."""

    bars = baseline.bars
    lines = [f"saving of {name}: {bar:g} %" for name, bar in bars.min_saving.items()]
    if bars.max_pss is not None:
        lines.append(f"PSS together: {bars.max_pss:g} MiB")

    lines.append(f"above the last change that was accepted: {bars.max_regress:g} %")
    lines.append(f"above the pinned release: {bars.max_drift:g} %")
    marks = [baseline.last, *([baseline.release] if baseline.release else [])]
    rows = [line for mark in marks for line in _describe(mark)]
    return "\n".join(["bars", *(f"  {line}" for line in lines), *rows]) + "\n"


def _describe(mark: Mark) -> Iterator[str]:
    launches = ", ".join(f"{size:.1f}" for size in mark.launches)
    yield mark.name
    yield f"  PSS together: {mark.pss:.1f} MiB, mean of {launches}"
    for name, value in mark.way.items():
        yield f"  {name.replace('_', ' ')}: {value}"

    both = {name.removesuffix(SERVICES) for name in mark.work if SERVICES in name}
    alike = {name.removesuffix(SERVICES) for name in mark.work}
    yield f"  work: {len(alike)} counts, {len(both)} of them of both ends"
