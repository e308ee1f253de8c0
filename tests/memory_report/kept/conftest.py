"""A folder with kept reports: small.json, report.json, and two that take more."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_report.baseline import BASELINE_FILE
from memory_report.files import write_json
from memory_report.kept.step_summary import VARIABLE
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report

NAMES = ("separate", "together")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, which no CI service knows of."""

    (tmp_path / BASELINE_FILE.parent).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    write_json(make_report((100, 50)), tmp_path / "small.json")
    for name, factor in (("report", 1.0), ("more", 1.03), ("much", 1.1)):
        report = make_whole_report(3, names=NAMES, factor=factor)
        write_json(report, tmp_path / f"{name}.json")
