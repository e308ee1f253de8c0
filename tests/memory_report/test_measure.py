"""The order of launches, and what is read of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report.arrangements import ARRANGEMENTS, Arrangement, open_arrangement
from memory_report.environment import count_neighbours
from memory_report.errors import MeasurementError
from memory_report.measure import order_launches
from memory_report.records import Procedure
from memory_report.sampling import take_reading

ONE = Arrangement(name="one", processes={"all": ()}, redis=False)
PROCEDURE = Procedure(repeats=1, settle=0, samples=3, sample_interval=0.01)


def order(*names: str, repeats: int = 4) -> list[tuple[str, bool]]:
    """Return the names in the order of their launches, and which warm up."""

    launches = order_launches([ARRANGEMENTS[name] for name in names], repeats)
    return [(each.name, warm_up) for each, warm_up in launches]


def test_launches_follow_the_abba_order():
    """One warm-up of each, then rounds that begin in turn with either end."""

    pairs = order("separate", "together")

    assert pairs[:2] == [("separate", True), ("together", True)]
    assert "".join(name[0] for name, _ in pairs[2:]) == "sttsstts"
    assert not any(warm_up for _, warm_up in pairs[2:])


def test_the_order_of_many_arrangements_favours_none():
    """In an even number of rounds each of them is as late as any other, on average."""

    names = ("separate", "shipped", "forked", "together")
    launched = [name for name, warm_up in order(*names) if not warm_up]
    places = {
        name: sum(place for place, each in enumerate(launched) if each == name)
        for name in names
    }

    assert launched[:8] == [*names, *reversed(names)]
    assert len(set(places.values())) == 1


async def test_a_row_adds_up_a_process_and_its_children(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """A service that starts helpers does not get away with it."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        alone = _read_rss(running.services[0].pid)
        reading = await take_reading("settled", running, PROCEDURE)
        await running.stop()

    (row,), share = reading.processes, reading.held_elsewhere

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
            "memory_report.arrangements.list_descendants", lambda _pid: [gone]
        )
        with pytest.raises(MeasurementError, match="'all' or a child of it ended"):
            await take_reading("settled", running, PROCEDURE)

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
