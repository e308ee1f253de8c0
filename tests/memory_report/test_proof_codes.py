"""The proof that no figure comes of unequal work, or of a service that has died."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report.arrangements import make_environment
from memory_report.cli import main
from tests.memory_report.examples import is_alive
from tests.memory_report.test_proof_reaping import PLAN

#: Every launch asks once more than the one before.
ASKS_MORE = """
asked = 0

async def play(scene):
    global asked
    asked += 1
    page = scene.visit("page")
    for _ in range(asked):
        await page.get("/")

    yield
"""
#: What a service has answered and no client has counted.
ASKS_IN_SECRET = """
async def play(scene):
    await scene.visit("page").get("/")
    await scene.pool.request("GET", scene.urls["page"])
    yield
"""
#: What no service has ever counted.
COUNTS_ALONE = """
async def play(scene):
    await scene.visit("page").get("/")
    scene.counts["page.messages"] += 30
    yield
"""
#: A page that ends its process instead of answering.
DIES = """
async def play(scene):
    page = scene.visit("page")
    await page.get("/")
    await page.get("/die")
    yield
"""
#: Kills the service that nobody asks for anything, and waits for what the report says.
KILLS = """
import os, signal
from pathlib import Path
import trio

async def play(scene):
    await scene.visit("page").get("/")
    while True:
        for file in Path(os.environ["SMALL_SERVICES"]).glob("*.pids"):
            pid = file.read_text()
            if pid and b"ticker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGKILL)
                await trio.sleep_forever()

        await trio.sleep(0.01)

    yield
"""


@pytest.fixture(name="measure_small")
def _measure_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], int]:
    """Measure two small services, really launched; return the exit code."""

    monkeypatch.setenv("SMALL_SERVICES", str(tmp_path))
    story = tmp_path / "story.py"

    def measure_small(play: str) -> int:
        story.write_text(play, encoding="utf-8")
        words = ["--plan", str(PLAN), "--story", str(story)]
        return main(["measure", *words, "--repeats", "1", "--settle", "0"])

    return measure_small


def test_two_ends_that_disagree_are_not_compared(
    measure_small: Callable[[str], int], capsys: pytest.CaptureFixture[str]
):
    """Exit code 4, what differs, and no table."""

    code = measure_small(ASKS_IN_SECRET)

    printed = capsys.readouterr()
    assert (code, printed.out) == (4, "")
    assert "page.requests: clients counted 1, services 2 in launch 1" in printed.err


def test_what_only_the_story_counted_is_not_compared(
    measure_small: Callable[[str], int], capsys: pytest.CaptureFixture[str]
):
    """Exit code 4 and both figures, though all else agrees."""

    code = measure_small(COUNTS_ALONE)

    printed = capsys.readouterr()
    assert (code, printed.out) == (4, "")
    assert "page.messages: clients counted 30, services nothing in launch 1" in (
        printed.err
    )


def test_two_launches_that_differ_are_not_compared(
    measure_small: Callable[[str], int], capsys: pytest.CaptureFixture[str]
):
    """Both ends agree each time, and still it is not the same work."""

    code = measure_small(ASKS_MORE)

    printed = capsys.readouterr()
    assert (code, printed.out) == (4, "")
    assert (
        "page.requests: launch 1 (separate) counted 1, launch 2 (together) 2"
        in printed.err
    )


def test_a_service_that_dies_is_no_measurement(
    measure_small: Callable[[str], int],
    launched_pids: Callable[[], list[int]],
    capsys: pytest.CaptureFixture[str],
):
    """Exit code 5, which process it was, no table, and nobody left."""

    code = measure_small(DIES)

    printed = capsys.readouterr()
    assert (code, printed.out) == (5, "")
    assert "process 'page' ended in the middle (exit code 7)" in printed.err
    assert len(launched_pids()) == 2
    assert not any(map(is_alive, launched_pids()))


def test_a_service_that_is_killed_is_no_measurement(
    measure_small: Callable[[str], int],
    launched_pids: Callable[[], list[int]],
    capsys: pytest.CaptureFixture[str],
):
    """Also one that nobody talks to: exit code 5, its signal, and nobody left."""

    code = measure_small(KILLS)

    printed = capsys.readouterr()
    assert (code, printed.out) == (5, "")
    assert "process 'ticker' ended in the middle (killed by SIGKILL)" in printed.err
    assert len(launched_pids()) == 2
    assert not any(map(is_alive, launched_pids()))


def test_own_services_keep_their_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else each process would compile at each start, and more processes more often."""

    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = make_environment(tmp_path / "db", own=True)
    program = "import sys; print(sys.dont_write_bytecode)"
    said = subprocess.check_output([sys.executable, "-c", program], env=environment)

    assert said == b"False\n"
