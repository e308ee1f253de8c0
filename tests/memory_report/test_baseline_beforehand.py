"""A baseline named to `measure` and `show`: what it is refused for, and when."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from memory_report.baseline import (
    BASELINE_FILE,
    Bars,
    read_baseline,
    update_baseline,
    write_baseline,
)
from memory_report.cli import main
from memory_report.environment import read_environment
from memory_report.files import write_json
from memory_report.kept.step_summary import VARIABLE
from memory_report.records import Report
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report

HERE = dataclasses.replace(
    make_whole_report(3, names=("separate", "together")),
    environment=read_environment(bytecode="compiled beforehand", redis=False),
)
WORDS = ("measure", "--quick", "--settle", "2", "--baseline", str(BASELINE_FILE))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, with a report and a baseline of here."""

    (tmp_path / BASELINE_FILE.parent).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    write_json(HERE, Path("report.json"))
    keep()


def keep(report: Report = HERE, **bars: object) -> None:
    """Write the baseline; its bars are of everybody's choice."""

    wanted = dataclasses.replace(Bars(), **bars)
    write_baseline(
        update_baseline(None, report, bars=wanted, release="1.0"), BASELINE_FILE
    )


@pytest.fixture(name="measured")
def _measured(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """What measuring gives, from the last one on; nothing is launched."""

    reports = [HERE]

    async def measure(*_: object, **__: object) -> Report:
        return reports.pop()

    monkeypatch.setattr("memory_report.cli.measure", measure)
    return reports


@pytest.mark.parametrize("command", ["check", "baseline update"])
def test_a_bar_that_is_given_leaves_the_others_as_they_were_reviewed(
    command: str, capsys: pytest.CaptureFixture[str]
):
    """One saving's bar of the command line takes the place of that saving's alone."""

    write_json(make_whole_report(3), Path("whole.json"))
    keep(make_whole_report(3), min_saving={"shipped": 60.0, "separate": 10.0})
    capsys.readouterr()
    given = ["--min-saving", "50", "--baseline", str(BASELINE_FILE)]

    assert main([*command.split(), "whole.json", *given]) == 0
    if command == "check":
        said = capsys.readouterr().out
        assert "saved of shipped" in said
        assert "wanted at least 60.0 %" in said
        assert "wanted at least 50.0 %" in said
        assert "wanted at least 10.0 %" not in said
    else:
        bars = read_baseline(BASELINE_FILE).bars
        assert bars.min_saving == {"shipped": 60.0, "separate": 50.0}


def test_a_baseline_that_fits_is_measured_against(measured: list[Report]):
    """The same machine, the same interpreter, the same time to settle."""

    assert main([*WORDS]) == 0
    assert measured == []


@pytest.mark.parametrize(
    ("words", "bars", "reason"),
    [
        (
            [],
            {"min_saving": {"shipped": 60.0}},
            "about shipped, not launched here: `--arrangements shipped,separate",
        ),
        (
            ["--settle", "3"],
            {"min_saving": {"shipped": 60.0}},
            "settle: 2 s in baseline 'last', 3 s here",
        ),
        (["--settle", "3"], {}, "settle: 2 s in baseline 'last', 3 s here"),
        (["--settle", "3"], {}, "settle: 2 s in baseline '1.0', 3 s here"),
        (["--repeats", "1"], {}, "launches: 1 together"),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_before_anything_is_launched(
    words: list[str],
    bars: dict[str, object],
    reason: str,
    measured: list[Report],
    capsys: pytest.CaptureFixture[str],
):
    """Exit code 2 at once, not 4 when minutes are spent."""

    keep(**bars)

    assert main([*WORDS, *words]) == 2
    assert reason in capsys.readouterr().err
    assert len(measured) == 1


@pytest.mark.parametrize("way", ["python", "machine", "huge_pages"])
def test_another_machine_is_refused_before_anything_is_launched(
    way: str, measured: list[Report], capsys: pytest.CaptureFixture[str]
):
    """It is known beforehand as well; what becomes of bytecode is not."""

    other = dataclasses.replace(
        HERE.environment, **{way: "another", "bytecode": "could not all be compiled"}
    )
    keep(dataclasses.replace(HERE, environment=other))

    assert main([*WORDS]) == 2
    said = capsys.readouterr().err
    assert f"{way}: another in baseline 'last'" in said
    assert "bytecode" not in said
    assert len(measured) == 1


def test_drift_without_a_baseline_is_refused_before_anything_is_launched(
    measured: list[Report], capsys: pytest.CaptureFixture[str]
):
    """There is nothing that it could be above of."""

    assert main(["measure", "--quick", "--max-drift", "2"]) == 2
    assert "need a --baseline" in capsys.readouterr().err
    assert len(measured) == 1


@pytest.mark.parametrize("command", ["measure", "show"])
def test_a_report_that_the_baseline_says_nothing_of_is_printed_first(
    command: str, measured: list[Report], capsys: pytest.CaptureFixture[str]
):
    """Its own launches did the same work; then exit code 4, and what is different."""

    ledger = dataclasses.replace(HERE.launches[0].ledger, rows={"user": 1})
    launches = [dataclasses.replace(each, ledger=ledger) for each in HERE.launches]
    measured[0] = dataclasses.replace(HERE, launches=tuple(launches))
    write_json(measured[0], Path("report.json"))
    words = WORDS if command == "measure" else ("show", "report.json", *WORDS[4:])

    assert main([*words, "--min-saving", "50"]) == 4
    printed = capsys.readouterr()
    assert "gate passed: saved of separate" in printed.out
    assert printed.err.startswith("error: the report was not made as baseline 'last'")
    assert "rows in session: 4 in baseline 'last', none in the report" in printed.err


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (["baseline", "update", "small.json", "--release", "2"], "nobody knows how"),
        (["baseline", "update", "small.json"], "the report was not made as baseline"),
        (["compare", "report.json", "other.json"], "the two reports were not made in"),
        (["compare", "report.json", "forked.json"], "the two reports have no arrange"),
        (["check", "other.json", *WORDS[4:]], "the report was measured in another way"),
    ],
)
def test_what_is_not_comparable_is_told_by_its_own_name(
    words: list[str], head: str, capsys: pytest.CaptureFixture[str]
):
    """Whoever settled otherwise did not do other work."""

    write_json(make_report((100, 50)), Path("small.json"))
    plan = dataclasses.replace(HERE.plan, settle=9.0)
    write_json(dataclasses.replace(HERE, plan=plan), Path("other.json"))
    write_json(make_whole_report(3, names=("forked",)), Path("forked.json"))

    assert main(words) == 4
    said = capsys.readouterr().err
    assert said.startswith(f"error: {head}")
    assert "the launches did not do the same work" not in said
