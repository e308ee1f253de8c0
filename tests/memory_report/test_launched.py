"""The programs that are launched in the runner's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from memory_report.commands import ROOT
from memory_report.launched import application
from runner.errors import LaneClosedError
from tests.memory_report.examples import is_alive

FLAGS = ("--port", "0", "--log-format", "json")
SERVICES = """
import sys

async def serve(*, stopping):
    await stopping.wait()

async def tell(*, stopping):
    print(sorted({"wave", "colorsys"} & sys.modules.keys()), flush=True)
    import wave
    await stopping.wait()

async def fail(*, stopping):
    raise RuntimeError("on purpose")
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder with services, and with modules to import that do not all exist."""

    (tmp_path / "mine.py").write_text(SERVICES, encoding="utf-8")
    (tmp_path / "modules").write_text("colorsys\nno.such.module\n", encoding="utf-8")
    return tmp_path


def launch(
    folder: Path, program: str, *names: str, runs: str = "serve"
) -> subprocess.Popen[str]:
    """Launch a program with services of these names, the last of which runs `runs`."""

    functions = dict.fromkeys(names, "serve") | {names[-1]: runs}
    tables = [f'[services.{name}]\nrun = "mine:{functions[name]}"\n' for name in names]
    (folder / "plan.toml").write_text("".join(tables), encoding="utf-8")
    module = f"memory_report.launched.{program}"
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            module,
            "modules",
            *names,
            "--plan",
            "plan.toml",
            *FLAGS,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_pids(process: subprocess.Popen[str], count: int) -> list[int]:
    """Return the ids that so many runners said when they were ready."""

    assert process.stderr is not None
    events = map(json.loads, process.stderr)
    ready = (each for each in events if each["event"] == "ready" and "pid" in each)
    return [next(ready)["pid"] for _ in range(count)]


@pytest.fixture(name="ended")
def _ended() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended with the test, and waited for."""

    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

        process.communicate()


def test_the_eager_runner_has_imported_what_is_named(
    folder: Path, ended: list[subprocess.Popen[str]]
):
    """Before a service runs; what cannot be imported is nobody's trouble."""

    process = launch(folder, "eager", "one", runs="tell")
    ended.append(process)
    assert process.stdout is not None

    assert process.stdout.readline() == "['colorsys']\n"

    process.terminate()
    assert process.wait() == 0


def test_forked_children_tell_the_next_launch_what_they_imported(
    folder: Path, ended: list[subprocess.Popen[str]]
):
    """Every service has a child of its own, and all of them stop with the parent."""

    process = launch(folder, "forked", "one", "two", runs="tell")
    ended.append(process)
    pids = read_pids(process, 2)

    assert len({process.pid, *pids}) == 3

    process.terminate()
    assert process.wait() == 0
    assert not any(map(is_alive, pids))
    assert "wave" in (folder / "modules").read_text(encoding="utf-8").split()

    again = launch(folder, "forked", "one", "two", runs="tell")
    ended.append(again)
    assert again.stdout is not None
    assert again.stdout.readline() == "['colorsys', 'wave']\n"


def test_a_child_that_fails_takes_the_others_with_it(
    folder: Path, ended: list[subprocess.Popen[str]]
):
    """Nothing goes on half: its exit code is the parent's."""

    process = launch(folder, "forked", "one", "two", runs="fail")
    ended.append(process)

    assert process.wait(timeout=50) == 1


def test_a_child_that_is_killed_takes_the_others_with_it(
    folder: Path, ended: list[subprocess.Popen[str]]
):
    """As a shell tells of it: 128 and the signal's number."""

    process = launch(folder, "forked", "one", "two")
    ended.append(process)
    first, second = read_pids(process, 2)
    os.kill(first, signal.SIGKILL)

    assert process.wait(timeout=50) == 128 + signal.SIGKILL
    assert not is_alive(second)


def test_a_signal_interrupts_nothing_in_the_application(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Its work waits for its turn in the loop; a lane that has ended does none."""

    handlers: dict[str, Callable[[], object]] = {}
    posted: list[Callable[[], object]] = []

    class Loop:
        def post(self, function: Callable[[], object]) -> None:
            if len(posted) == 2:
                raise LaneClosedError("asyncio")

            posted.append(function)

    monkeypatch.setattr(
        application, "watch_memory_signals", lambda **given: handlers.update(given)
    )
    application._watch_signals(Loop())  # type: ignore[arg-type]
    handlers["collect"]()
    handlers["trim"]()
    handlers["trim"]()

    assert capfd.readouterr().err == ""

    for function in posted:
        function()

    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [each["event"] for each in events] == ["collected", "trimmed"]
