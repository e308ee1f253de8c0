"""What is read of a launch between its checkpoints."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from memory_report.arrangements import Arrangement, open_arrangement
from memory_report.checkpoints import Checkpoints, open_checkpoints
from memory_report.records import CHECKPOINTS, REDIS, Procedure
from memory_report.sampling import (
    Watcher,
    open_watcher,
    read_peak_rss,
    read_rollup,
    take_reading,
)
from memory_report.timings import SAMPLE_INTERVAL
from memory_report.units import MIB
from runner.system import Footprint, read_footprint

ONE = Arrangement(name="one", processes={"all": ()}, redis=False)
PROCEDURE = Procedure(repeats=1, settle=0.2, samples=2, sample_interval=0.01)

ROLLUP = """\
55d0-7ffd ---p 00000000 00:00 0    [rollup]
Pss:    {pss} kB
Pss_Anon:    {anonymous} kB
AnonHugePages:    2048 kB
Swap:    {swap} kB
"""


def test_fields_are_summed_over_processes(write: Callable[..., Path]):
    """In bytes; who has ended meanwhile counts nothing."""

    proc = write(
        **{
            "1__smaps_rollup": ROLLUP.format(pss=100, anonymous=60, swap=0),
            "2__smaps_rollup": ROLLUP.format(pss=50, anonymous=30, swap=4),
        }
    )

    sums = read_rollup((1, 2, 3), proc=proc)

    assert sums["Pss"] == 150 * 1024
    assert sums["Pss_Anon"] == 90 * 1024
    assert sums["AnonHugePages"] == 4096 * 1024
    assert sums["Swap"] == 4 * 1024


def test_a_processs_own_peak_is_its_high_water_mark(write: Callable[..., Path]):
    """VmHWM, which no look now and then can miss; nothing for one that has ended."""

    proc = write(**{"1__status": "Name:\tx\nVmHWM:\t  123 kB\nVmRSS:\t  99 kB\n"})

    assert read_peak_rss(1, proc=proc) == 123 * 1024
    assert read_peak_rss(2, proc=proc) == 0


async def test_a_watcher_sees_what_was_there_for_a_moment(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """It looks again and again, and the peak is the most of all looks."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        async with open_watcher(running) as watcher:
            watcher.interval = 0.01
            with trio.fail_after(30):
                while len(watcher.series().pss) < 4:  # noqa: ASYNC110 -- tells nobody
                    await trio.sleep(0.01)

            series, peak = watcher.series(), watcher.peak()

        await running.stop()

    assert len(watcher.pids) == 2  # with its child
    assert list(series.seconds) == sorted(series.seconds)
    assert len(series.anonymous) == len(series.pss) == len(series.seconds)
    assert all(
        0 < own < pss for own, pss in zip(series.anonymous, series.pss, strict=True)
    )
    assert peak.pss == max(series.pss)
    assert peak.rss > peak.pss


async def test_the_peak_is_the_most_of_all_looks(
    fake_runner: Callable[[str], tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Neither the first nor the last of them."""

    sizes = iter([1, 3, 2])
    monkeypatch.setattr(
        "memory_report.sampling.read_rollup", lambda _: Counter(Pss=next(sizes) << 40)
    )
    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        watcher = Watcher(running)
        for _ in range(3):
            await watcher.look()

        await running.stop()

    assert watcher.peak().pss == watcher.series().pss[1]


async def test_the_end_of_the_story_is_looked_at(
    fake_runner: Callable[[str], tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """What was there last may be the peak, and no look may have been due."""

    monkeypatch.setattr("memory_report.sampling.STORY_INTERVAL", 1000)
    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        async with open_checkpoints(running, PROCEDURE, tell=str) as checkpoints:
            await checkpoints.start()
            await checkpoints.settle()

        await running.stop()

    settling = checkpoints.settling
    first, second = checkpoints.series().seconds
    assert settling is not None
    assert first < settling.begin <= second


async def test_redis_is_no_part_of_what_is_watched(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """As in the totals of the table, it is apart."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        (process,) = running.services
        process.command = dataclasses.replace(process.command, name=REDIS)
        watcher = Watcher(running)
        await running.stop()

    assert watcher.pids == ()


async def test_a_neighbour_that_goes_while_a_sample_is_taken_moves_no_total(
    fake_runner: Callable[[str], tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """What the processes' PSS lacked when it was read was held elsewhere by then."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        alone = await take_reading("settled", running, PROCEDURE, samples=1)
        monkeypatch.setattr("memory_report.sampling.read_footprint", read_as_if_shared)
        shared = await take_reading("settled", running, PROCEDURE, samples=1)
        await running.stop()

    before, after = (
        each.processes[0].samples[0].pss + each.held_elsewhere[0]
        for each in (alone, shared)
    )
    assert after == pytest.approx(before, abs=MIB / 4)


def read_as_if_shared(pid: int | None = None) -> Footprint:
    """Return the footprint that a process would have if a neighbour shared 2 MiB."""

    footprint = read_footprint(pid)
    return dataclasses.replace(footprint, pss=footprint.pss - MIB)


async def pass_all(checkpoints: Checkpoints) -> None:
    """Live through a launch that is asked nothing."""

    await checkpoints.start()
    await checkpoints.settle()
    await checkpoints.give_back()
    await checkpoints.drain()


async def test_a_launch_is_read_at_every_checkpoint(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """In order, with the time of each, and told of as it goes on."""

    told: list[str] = []
    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        async with open_checkpoints(
            running, PROCEDURE, tell=told.append
        ) as checkpoints:
            await pass_all(checkpoints)

        await running.stop()

    readings = checkpoints.readings
    times = [reading.seconds or -1 for reading in readings]
    settling, peak = checkpoints.settling, checkpoints.peak
    assert tuple(reading.checkpoint for reading in readings) == CHECKPOINTS
    assert times == sorted(times)
    assert [len(each.held_elsewhere) for each in readings] == [1, 1, 2, 1, 1, 1]
    assert settling is not None
    assert settling.end - settling.begin >= PROCEDURE.settle
    assert (settling.swap, settling.huge_pages) == (0, 0)
    assert peak is not None
    series = checkpoints.series()
    # The first look from there on is the one at the end of the story.
    before = sum(second < settling.begin for second in series.seconds)
    assert peak.pss == max(series.pss[: before + 1])
    assert told == ["story", "settling 0.2 s", "collecting and trimming"]


async def test_who_is_no_runner_is_not_asked_to_collect(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """Two readings are left out, and nothing is put in their place."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("is-no-runner")
    ) as running:
        async with open_checkpoints(running, PROCEDURE, tell=str) as checkpoints:
            await pass_all(checkpoints)

        await running.stop()

    taken = [reading.checkpoint for reading in checkpoints.readings]
    assert taken == ["start", "loaded", "settled", "drained"]


@pytest.mark.parametrize(
    ("settle", "waits"), [(SAMPLE_INTERVAL, True), (SAMPLE_INTERVAL - 0.1, False)]
)
async def test_a_story_waits_for_the_monitors_only_where_they_will_tell(
    settle: float,
    waits: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fake_runner: Callable[[str], tuple[str, ...]],
):
    """Else the lateness of the start would be told as that of the story."""

    # The second is more than any test takes.
    first = 0.2 if waits else 1000
    monkeypatch.setattr("memory_report.checkpoints.FIRST_SAMPLES", first)
    plan = dataclasses.replace(PROCEDURE, settle=settle)
    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        async with open_checkpoints(running, plan, tell=str) as checkpoints:
            await checkpoints.start()

        await running.stop()

    (reading,) = checkpoints.readings
    assert ((reading.seconds or 0) >= first) is waits
