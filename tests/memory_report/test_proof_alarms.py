"""The proof that the report is neither nervous nor blind."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from memory_report.arrangements import open_arrangement
from memory_report.gates import Gate, Outcome, judge
from memory_report.measure import measure, order_launches
from memory_report.own_story import Scene, describe_own
from memory_report.records import Launch, Procedure, Report
from memory_report.sampling import take_reading
from tests.memory_report.examples import make_launch, make_process, make_report
from tests.memory_report.test_proof_reaping import SMALL

TINY = Path(__file__).with_name("tiny_service.py")
COMPARISONS = 20
PROCEDURE = Procedure(repeats=3, settle=0, samples=3, sample_interval=0.001)
#: The same single process on both sides.
ROOF = SMALL.arrangements["together"]
SIDES = (replace(ROOF, name="separate"), ROOF)
#: By so much, in percent, the sides differ at least where the report says so.
BAR = 2


@asynccontextmanager
async def look(scene: Scene) -> AsyncIterator[None]:
    """Play a story of next to nothing."""

    scene.counts["page.looks"] = 1
    yield


async def launch_tiny(name: str, number: int, memory: str, folder: Path) -> Launch:
    """Launch a real process that has such memory, and read it as ever."""

    runner = (sys.executable, "-I", "-S", str(TINY), memory)
    async with open_arrangement(
        ROOF, folder=folder, runner=runner, subject=SMALL
    ) as running:
        reading = await take_reading("settled", running, PROCEDURE)
        await running.stop()

    frame = make_launch(number, name, [make_process("any", 1)])
    return replace(frame, readings=(reading,))


async def compare_sides(
    folder: Path, *, separate: int = 0, together: int = 0
) -> Report:
    """Measure services that have so many KiB of their own on either side."""

    sizes = {"separate": separate, "together": together}
    order = list(order_launches(SIDES, PROCEDURE.repeats))[len(SIDES) :]
    launches = [
        await launch_tiny(side.name, number, str(sizes[side.name]), folder)
        for number, (side, _) in enumerate(order, 1)
    ]
    return replace(make_report((1, 1)), plan=PROCEDURE, launches=tuple(launches))


def says_less(report: Report) -> bool:
    """Say whether the report is sure that the second side takes less."""

    (verdict,) = judge(report, Gate(min_savings={"separate": BAR / 100}))
    return verdict.outcome is Outcome.PASSED


def turn_round(report: Report) -> Report:
    """Return the same launches with the sides' names exchanged."""

    other = {"separate": "together", "together": "separate"}
    launches = (
        replace(each, arrangement=other[each.arrangement]) for each in report.launches
    )
    return replace(report, launches=tuple(launches))


async def test_nothing_injected_twenty_times_is_one_false_alarm_at_most(tmp_path: Path):
    """Real launches of the same service on both sides: neither takes less."""

    alarms = 0
    for _ in range(COMPARISONS):
        report = await compare_sides(tmp_path)
        alarms += says_less(report) or says_less(turn_round(report))

    assert alarms <= 1


async def test_a_mebibyte_injected_is_never_overlooked(tmp_path: Path):
    """The same launches with 1 MiB more on one side: the other one takes less."""

    reports = [
        await compare_sides(tmp_path, separate=1024),
        turn_round(await compare_sides(tmp_path, together=1024)),
    ]

    assert [says_less(report) for report in reports] == [True, True]
    assert not any(says_less(turn_round(report)) for report in reports)


async def test_the_most_neighbours_there_were_are_stated(
    monkeypatch: pytest.MonkeyPatch,
):
    """They move PSS, whenever they came: a look before the launches is not enough."""

    counts = iter([0, 2000, 1000, 0])
    monkeypatch.setattr("memory_report.measure.count_neighbours", lambda: next(counts))
    report = await measure(
        replace(PROCEDURE, repeats=1, own=describe_own(SMALL.plan, TINY)),
        progress=lambda _: None,
        runner=(sys.executable, "-I", "-S", str(TINY), "0"),
        subject=SMALL,
        play=look,
    )

    assert len(report.launches) == 4
    assert report.environment.neighbours == 2000
