"""What `show` does with the other files that the report's commands write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memory_report.baseline import Bars, update_baseline
from memory_report.cli import main
from memory_report.files import write_json
from memory_report.recording import SCHEMA, Recording, Sample
from memory_report.render.recording import render_recording
from runner.system import Footprint
from tests.memory_report.attribution_example import ATTRIBUTION
from tests.memory_report.examples import MIB, make_report

REPORT = make_report((100, 50), (100, 48))
RECORDING = Recording(
    schema=SCHEMA,
    interval=1.0,
    names={7: "python -m runner"},
    samples=(
        Sample(
            seconds=0.0, processes={7: Footprint(pss=9 * MIB, uss=MIB, rss=12 * MIB)}
        ),
    ),
    end="the time was over",
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with one of each."""

    monkeypatch.chdir(tmp_path)
    write_json(REPORT, Path("report.json"))
    write_json(RECORDING, Path("recording.json"))
    write_json(ATTRIBUTION, Path("attribution.json"))
    baseline = update_baseline(None, REPORT, bars=Bars(), release=None)
    write_json(baseline, Path("baseline.json"))


def test_a_recording_is_printed_again(capsys: pytest.CaptureFixture[str]):
    """As `record` printed it."""

    assert main(["show", "recording.json"]) == 0
    assert capsys.readouterr().out == render_recording(RECORDING)


@pytest.mark.parametrize(
    "words", [["--format", "html"], ["--max-pss", "0"], ["--min-saving", "5"]]
)
def test_a_recording_is_text_and_has_no_gates(
    words: list[str], capsys: pytest.CaptureFixture[str]
):
    """A gate that was not looked at has not passed."""

    assert main(["show", "recording.json", *words]) == 2
    assert "recording.json is a recording: it is shown as" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema": 2}, "has schema 2, this program reads 1"),
        ({"samples": []}, "do not belong together"),
        ({"samples": [], "names": {}}, "do not belong together"),
        ({"names": {}}, "do not belong together"),
        ({"samples": 1}, "is not a recording"),
    ],
)
def test_a_recording_that_is_broken_is_refused(
    change: dict[str, object], complaint: str, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2 and the file's name."""

    path = Path("recording.json")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))

    assert main(["show", "recording.json"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: recording.json ")
    assert complaint in error


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["show", "report.json", "--format", "json"], "`--json` kept"),
        (
            ["attribute", "--kept", "attribution.json", "--format", "json"],
            "has figures",
        ),
        (["check", "report.json", "--max-pss", "90", "--format", "json"], "verdicts"),
    ],
)
def test_what_was_printed_as_json_is_told_from_what_was_kept(
    words: list[str], what: str, capsys: pytest.CaptureFixture[str]
):
    """It has no samples any more, so the file with them is asked for."""

    main(words)
    Path("printed.json").write_text(capsys.readouterr().out)

    assert main(["show", "printed.json"]) == 2
    assert what in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["show", "attribution.json"], "`attribute --kept`"),
        (["show", "baseline.json"], "`baseline show --baseline`"),
        (["check", "recording.json", "--max-pss", "90"], "only `show` prints"),
    ],
)
def test_a_file_of_another_command_is_named(
    words: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
):
    """With the command that reads it."""

    assert main(words) == 2
    assert remedy in capsys.readouterr().err
