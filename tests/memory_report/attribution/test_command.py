"""`attribute` on the command line, with services of a plan file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memory_report.attribution.records import read_attribution
from memory_report.cli import main
from memory_report.files import write_json
from tests.memory_report.attribution.ballast_service import PLAN
from tests.memory_report.attribution.examples import make_attribution

MIB = 1024 * 1024


def test_a_plans_services_are_attributed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Every set is launched, the imports are weighed, the record is kept."""

    plan, kept = tmp_path / "plan.toml", tmp_path / "kept.json"
    plan.write_text(PLAN.format(ballast=5), encoding="utf-8")
    words = ["attribute", "--quick", "--plan", str(plan), "--format", "json"]

    assert main([*words, "--json", str(kept)]) == 0

    figures = json.loads(capsys.readouterr().out)["figures"]
    shares = {each["service"]: each["share"]["value"] for each in figures["shares"]}
    assert shares["second"] - shares["first"] == pytest.approx(5 * MIB, abs=0.3 * MIB)
    assert 0.8 < figures["ratio"]["value"] < 1.5
    record = read_attribution(kept)
    assert len(record.launches) == 2 * 4
    assert record.plan.story is None
    names = {each.name for each in record.imports.modules}
    assert {"runner.run", "tests.memory_report.attribution.ballast_service"} <= names


def test_a_kept_attribution_is_printed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Without a measurement."""

    write_json(make_attribution(), tmp_path / "kept.json")

    assert main(["attribute", "--kept", str(tmp_path / "kept.json")]) == 0
    assert "whose memory it is" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--quick"], ["--json", "other.json"]])
def test_a_kept_attribution_takes_no_words_of_a_measurement(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2: they would say nothing of it, and keep nothing."""

    write_json(make_attribution(), tmp_path / "kept.json")

    assert main(["attribute", "--kept", str(tmp_path / "kept.json"), *words]) == 2
    assert "--kept measures nothing" in capsys.readouterr().err


def test_what_was_not_kept_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, and the file's name."""

    assert main(["attribute", "--kept", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_more_services_than_can_be_attributed_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, before anything is launched."""

    plan = tmp_path / "plan.toml"
    services = [f'[services.s{n}]\nrun = "mine:one"\n' for n in range(7)]
    plan.write_text("".join(services), encoding="utf-8")

    code = main(["attribute", "--plan", str(plan)], runner=("/no/such/python",))

    assert code == 2
    assert "has 7 services with work of their own" in capsys.readouterr().err


def test_a_kept_attribution_is_of_no_plan(capsys: pytest.CaptureFixture[str]):
    """Either it is measured or it is read."""

    with pytest.raises(SystemExit) as caught:
        main(["attribute", "--kept", "a.json", "--plan", "b.toml"])

    assert caught.value.code == 2
    assert "--plan" in capsys.readouterr().err
