"""The order of launches, and what is read of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report.arrangements import Arrangement, open_arrangement
from memory_report.environment import count_neighbours
from memory_report.errors import MeasurementError
from memory_report.measure import order_launches, sample_processes
from memory_report.records import Plan, Story

ONE = Arrangement(name="one", processes={"all": ()}, redis=False)
PLAN = Plan(repeats=1, settle=0, samples=3, sample_interval=0.01, story=Story())


def test_launches_follow_the_abba_order():
    """One warm-up of each, then pairs that begin in turn with either side."""

    order = [(each.name[0], warm_up) for each, warm_up in order_launches(4)]

    assert order[:2] == [("s", True), ("t", True)]
    assert "".join(name for name, _ in order[2:]) == "sttsstts"
    assert not any(warm_up for _, warm_up in order[2:])


async def test_a_row_adds_up_a_process_and_its_children(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """A service that starts helpers does not get away with it."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        alone = _read_rss(running.services[0].pid)
        (row,), share = await sample_processes(running, PLAN)
        await running.stop()

    assert (row.name, row.processes, len(row.samples)) == ("all", 2, 3)
    assert all(sample.rss > 1.5 * alone for sample in row.samples)
    assert all(each.uss <= each.pss <= each.rss for each in row.samples)
    assert len(share) == 3
    assert min(share) > 0


async def test_a_process_that_ends_while_sampled_is_named(
    fake_runner: Callable[[str], tuple[str, ...]],
    launched_pids: Callable[[], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """A vanished child makes no smaller row, it makes no row."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        gone = 2**22 + 1  # above the kernel's highest process id
        monkeypatch.setattr(
            "memory_report.measure.list_descendants", lambda _pid: [gone]
        )
        with pytest.raises(MeasurementError, match="'all' or a child of it ended"):
            await sample_processes(running, PLAN)

        await running.stop()

    assert launched_pids()


def test_neighbours_are_other_processes_of_one_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """They share its pages, so a report says how many there were beside itself."""

    program = shutil.copy(shutil.which("sleep") or "sleep", tmp_path / "program")

    counts = [count_neighbours(str(program))]
    with subprocess.Popen([program, "60"]) as process:
        counts.append(count_neighbours(str(program)))
        monkeypatch.setattr("os.getpid", lambda: process.pid)
        counts.append(count_neighbours(str(program)))
        process.kill()

    assert counts == [0, 1, 0]


def _read_rss(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
