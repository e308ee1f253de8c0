"""The sub-commands about kept reports, and their exit codes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from memory_report.baseline import BASELINE_FILE
from memory_report.cli import main
from memory_report.files import write_json
from memory_report.records import SCHEMA, Report, Settling
from tests.memory_report.examples import make_report
from tests.memory_report.whole_report import make_whole_report

NAMES = ("separate", "together")
REPORT = make_whole_report(3, names=NAMES)


def update(*words: str) -> int:
    """Make the report the last accepted one."""

    return main(["baseline", "update", "report.json", *words])


@pytest.mark.parametrize(
    ("file", "words", "code"),
    [
        ("report", [], 0),
        ("more", [], 1),
        ("more", ["--max-regress", "5"], 0),
        ("more", ["--max-regress", "3"], 3),
        ("much", ["--max-regress", "50"], 1),
        ("much", ["--max-regress", "50", "--max-drift", "50"], 0),
        ("report", ["--min-saving", "50"], 0),
        ("report", ["--min-saving", "60"], 1),
        ("report", ["--max-pss", "50"], 1),
    ],
)
def test_check_holds_a_report_against_the_reviewed_file(
    file: str, words: list[str], code: int
):
    """2 % above the last one and 5 % above the release, or what is asked instead."""

    assert update("--release", "1.0") == 0
    words = [*words, "--baseline", str(BASELINE_FILE)]

    assert main(["check", f"{file}.json", *words]) == code


def test_check_without_a_bar_takes_those_of_the_file(
    capsys: pytest.CaptureFixture[str],
):
    """They were reviewed with it; the table is not printed again."""

    update("--min-saving", "60", "--max-pss", "54")
    capsys.readouterr()

    assert main(["check", "report.json"]) == 1
    said = capsys.readouterr().out
    lines = [line.partition(":")[0] for line in said.splitlines()]
    assert lines == ["gate failed", "gate inconclusive", "gate passed"]
    assert "PSS together 0.0 % since last" in said


def test_check_with_a_bar_of_its_own_needs_no_file(tmp_path: Path):
    """Anybody's report can be judged, with no baseline anywhere."""

    assert main(["check", "report.json", "--min-saving", "50"]) == 0
    assert not (tmp_path / BASELINE_FILE).exists()


def test_check_without_bar_and_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    """A gate that nobody set does not pass."""

    assert main(["check", "report.json"]) == 2
    assert "`baseline update` makes it" in capsys.readouterr().err


def test_verdicts_are_printed_as_json(capsys: pytest.CaptureFixture[str]):
    """As those in a report's figures, for a program that asks whether."""

    words = ["report.json", "--min-saving", "60", "--format", "json"]

    assert main(["check", *words]) == 1
    verdicts = json.loads(capsys.readouterr().out)
    assert main(["show", *words]) == 1
    figures = json.loads(capsys.readouterr().out)
    assert verdicts == {"schema": SCHEMA, "verdicts": figures["verdicts"]}
    assert verdicts["verdicts"][0]["outcome"] == "failed"


def test_drift_without_a_baseline_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    """There is nothing that it could be above of."""

    assert main(["show", "report.json", "--max-regress", "2"]) == 2
    assert "need a --baseline" in capsys.readouterr().err


def test_another_way_of_measuring_is_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """With what differs, and with nothing on standard output."""

    update()
    capsys.readouterr()
    other = dataclasses.replace(
        REPORT, plan=dataclasses.replace(REPORT.plan, settle=9.0)
    )
    write_json(other, tmp_path / "other.json")

    assert main(["check", "other.json"]) == 4
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "settle: 2 s in baseline 'last', 9 s in the report" in printed.err
    assert main(["compare", "report.json", "other.json"]) == 4


def test_bars_that_were_given_stay_in_the_file(capsys: pytest.CaptureFixture[str]):
    """The next update keeps them, and its release."""

    update("--min-saving", "separate=50", "--max-drift", "4", "--release", "1.0")
    update("--max-pss", "60")
    capsys.readouterr()

    assert main(["baseline", "show"]) == 0
    said = capsys.readouterr().out
    for line in (
        "saving of separate: 50 %",
        "PSS together: 60 MiB",
        "above the last change that was accepted: 2 %",
        "above the pinned release: 4 %",
        "1.0",
    ):
        assert line in said


def test_a_doubtful_report_does_not_become_the_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 3, and no file: everything after it would be held against a doubt."""

    settling = Settling(begin=0, end=2, swap=4096, huge_pages=0)
    *others, last = make_report((100, 50), (100, 50)).launches
    swapping = dataclasses.replace(last, settling=settling)
    report = dataclasses.replace(
        make_report((100, 50), (100, 50)), launches=(*others, swapping)
    )
    write_json(report, tmp_path / "report.json")

    assert update() == 3
    assert capsys.readouterr().err == (
        "error: the report is no baseline: together has unsettled launches: 4 "
        "(see --settle)\n"
    )
    assert not (tmp_path / BASELINE_FILE).exists()


def test_compare_prints_what_changed(capsys: pytest.CaptureFixture[str]):
    """It judges nothing: what a change is worth, a gate or a person says."""

    assert main(["compare", "report.json", "more.json"]) == 0
    assert "together, PSS +2.9 %" in " ".join(capsys.readouterr().out.split())


def doubt(name: str) -> Report:
    """Return a report in which a launch of an arrangement swapped."""

    launches = list(REPORT.launches)
    place = max(n for n, each in enumerate(launches) if each.arrangement == name)
    settling = Settling(begin=0, end=2, swap=4096, huge_pages=0)
    launches[place] = dataclasses.replace(launches[place], settling=settling)
    return dataclasses.replace(REPORT, launches=tuple(launches))


@pytest.mark.parametrize(
    ("words", "code"), [([], 0), (["--max-pss", "90"], 0), (["--min-saving", "45"], 3)]
)
def test_a_doubt_counts_for_the_arrangements_that_a_bar_speaks_of(
    words: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A saving is of two arrangements: a doubt about either is one about the bar."""

    write_json(doubt("separate"), tmp_path / "report.json")

    assert update(*words) == code
    assert (tmp_path / BASELINE_FILE).exists() is (code == 0)
    told = "no baseline: separate has unsettled launches"
    assert (told in capsys.readouterr().err) is (code == 3)


def test_a_bar_about_what_was_not_measured_takes_nothing_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """No check could be made of such a file and its own report."""

    assert update("--min-saving", "shipped=65") == 2
    assert "there is no saving of 'shipped'" in capsys.readouterr().err
    assert not (tmp_path / BASELINE_FILE).exists()


@pytest.mark.parametrize("more", [[], ["--max-pss", "90"]])
def test_a_bar_of_the_file_about_what_was_not_measured_is_left_open(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 3, whatever else passes: nobody looked, and the file asks for it."""

    write_json(make_whole_report(3), tmp_path / "report.json")
    update("--min-saving", "shipped=10", *more)
    write_json(REPORT, tmp_path / "report.json")
    capsys.readouterr()

    assert main(["check", "report.json"]) == 3
    told = "gate inconclusive: saved of shipped: not measured; wanted at least 10.0 %"
    assert told in capsys.readouterr().out
    assert main(["show", "report.json", "--baseline", str(BASELINE_FILE)]) == 3
    shown = capsys.readouterr().out
    assert shown.startswith("Memory after load in MiB")
    assert told in shown
    assert main(["check", "report.json", "--min-saving", "shipped=10"]) == 2


def test_a_bar_about_what_was_not_measured_stays_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Who measures less does not lower what is asked, and is told."""

    write_json(make_whole_report(3), tmp_path / "report.json")
    update("--min-saving", "shipped=10")
    write_json(REPORT, tmp_path / "report.json")
    capsys.readouterr()

    assert update("--min-saving", "45") == 0
    said = capsys.readouterr().out
    assert "saving of shipped: 10 %\n  saving of separate: 45 %" in said
    assert said.endswith("not measured by the report, bars kept: shipped\n")


def test_a_bar_of_the_file_counts_as_well(tmp_path: Path):
    """It was given once, and stays."""

    assert update("--min-saving", "45") == 0
    write_json(doubt("separate"), tmp_path / "report.json")
    before = (tmp_path / BASELINE_FILE).read_bytes()

    assert update() == 3
    assert (tmp_path / BASELINE_FILE).read_bytes() == before


def test_a_size_is_rounded_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The report, the baseline and what is held against it show the same digit."""

    write_json(make_report((100, 54.847), (100, 54.847)), tmp_path / "report.json")
    update()

    assert "PSS together: 54.8 MiB, mean of 54.8, 54.8" in capsys.readouterr().out
    main(["check", "report.json"])
    assert "PSS together 0.0 % since last" in capsys.readouterr().out
