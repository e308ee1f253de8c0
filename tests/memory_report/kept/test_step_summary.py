"""What CI services are shown beside a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_report.cli import main
from memory_report.kept.step_summary import VARIABLE
from memory_report.records import Report
from tests.memory_report.examples import make_report


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["check", "report.json", "--min-saving", "50"], "### Memory gates"),
        (["compare", "small.json", "small.json"], "### Memory, compared"),
    ],
)
def test_a_step_s_summary_is_appended_to(
    words: list[str],
    title: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """What other steps wrote stays, and it is Markdown whatever is printed."""

    file = tmp_path / "summary.md"
    file.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(file))

    assert main(words) == 0
    assert file.read_text(encoding="utf-8").startswith(f"before\n{title}\n")


def test_show_is_for_people_and_adds_no_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A step that shows a report in three formats has it in its summary once."""

    monkeypatch.setenv(VARIABLE, str(tmp_path / "summary.md"))

    assert main(["show", "small.json"]) == 0
    assert not (tmp_path / "summary.md").exists()


def test_a_measurement_adds_its_report_to_the_summary(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """As Markdown, whatever is printed; a baseline is read before minutes are spent."""

    measured = []

    async def measure(*_: object, **__: object) -> Report:
        measured.append(1)
        return make_report((100, 50))

    monkeypatch.setattr("memory_report.cli.measure", measure)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "summary.md"))

    assert main(["--quick", "--baseline", "missing.json"]) == 2
    assert measured == []
    assert main(["--quick", "--format", "junit"]) == 0
    assert capsys.readouterr().out.startswith("<?xml")
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("### Memory report\n")


def test_a_summary_that_cannot_be_written_changes_no_verdict(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """It is told, and the exit code is the gate's."""

    monkeypatch.setenv(VARIABLE, str(tmp_path / "missing" / "summary.md"))

    assert main(["check", "report.json", "--min-saving", "60"]) == 1
    assert "warning: no step summary" in capsys.readouterr().err
