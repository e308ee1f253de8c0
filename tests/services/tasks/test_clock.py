"""Ticks that were missed, clocks that are set, and hours that change."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.jobs import Job
from dashboard.jobs.history import claim_ticks
from tests.services.tasks.conftest import BEGIN, Desk

MINUTE = Job(name="ping", cron="* * * * *", timeout=30.0)
#: BEGIN is half a minute past midnight.
DAILY = Job(name="backup", cron="20 0 * * *", timeout=30.0, catch_up=7200.0)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _long_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days have to pass."""
    monkeypatch.setattr("services.tasks.scheduler.MAX_SLEEP", 1800.0)


def make_chance() -> random.Random:
    """The same in each test."""
    return random.Random(1)  # noqa: S311


async def run_before(desk: Desk, name: str, tick: float) -> None:
    """Leave a run behind, as of an earlier start."""
    async with desk.resources.database.write() as tx:
        await tx.execute(
            "INSERT INTO oneroof_job_run (job, tick, runner, attempt, status, lease,"
            " started) VALUES (?, ?, 'old', 1, 'success', 0, 0)",
            (name, round(tick * 1000)),
        )


async def test_a_tick_that_was_missed_is_made_up_for_at_the_start(desk: Desk) -> None:
    """Once, where it is within the window; the next ticks come as ever."""
    await run_before(desk, "backup", BEGIN - 2 * 86400)
    desk.make(DAILY, cron="45 23 * * *")
    await desk.pass_time(3600)

    assert desk.calls == [("backup", 0)]
    assert (await desk.load_runs("backup"))[-1] == (-930, "success")


@pytest.mark.parametrize(
    ("cron", "last"),
    [
        # Two hours and a half ago, where the window is two hours.
        ("30 21 * * *", BEGIN - 2 * 86400),
        # It was run, or somebody runs it.
        ("45 23 * * *", BEGIN - 930),
        # A run by hand came after it.
        ("45 23 * * *", BEGIN - 60),
    ],
)
async def test_older_ticks_and_those_that_were_run_are_not(
    desk: Desk, cron: str, last: float
) -> None:
    """What is past the window stays missed."""
    await run_before(desk, "backup", last)
    desk.make(DAILY, cron=cron)
    await desk.pass_time(60)

    assert desk.calls == []


async def test_a_job_that_never_ran_has_missed_nothing(desk: Desk) -> None:
    """The first start of all begins with the next tick."""
    desk.make(DAILY, cron="45 23 * * *")
    await desk.pass_time(60)

    assert desk.calls == []


async def test_a_job_that_runs_on_start_makes_up_for_nothing_else(desk: Desk) -> None:
    """One run is enough."""
    await run_before(desk, "ping", BEGIN - 86400)
    desk.make(Job(name="ping", cron="0 * * * *", timeout=9, run_on_start=True))
    desk.scheduler.run_on_start()
    await desk.pass_time(60)

    assert desk.calls == [("ping", 0)]


async def test_an_hour_asleep_is_made_up_for_within_the_window(desk: Desk) -> None:
    """A clock that is set forward is no different: the tick was passed."""
    desk.make(DAILY)
    await desk.set_clock(3600)

    assert desk.calls == [("backup", 3600)]
    assert await desk.load_runs("backup") == [(1170, "success")]


async def test_a_longer_sleep_is_not(desk: Desk) -> None:
    """A backup of the night is not made in the evening."""
    desk.make(DAILY)
    await desk.set_clock(3 * 3600)

    assert desk.calls == []
    assert desk.scheduler.statistics()["skipped"] == 1


async def test_a_clock_that_is_set_forward_skips_what_it_passes(desk: Desk) -> None:
    """Intervals run once for all that was passed, and go on."""
    desk.make(MINUTE)
    await desk.set_clock(3600)
    await desk.pass_time(60)

    assert desk.calls == [("ping", 3600), ("ping", 3630)]


async def test_a_clock_that_is_set_back_shows_intervals_again(desk: Desk) -> None:
    """They run: nobody wants an hour without pings."""
    desk.make(MINUTE)
    await desk.pass_time(3600)
    before = len(desk.calls)
    await desk.set_clock(-3600)
    await desk.pass_time(3600)

    assert before == 60
    assert len(desk.calls) == 120
    assert [at for _, at in desk.calls[60:62]] == [30, 90]


async def test_a_time_of_day_is_not_run_for_twice(desk: Desk) -> None:
    """The clock was wrong by an hour, and the backup of the day is made."""
    desk.make(DAILY)
    await desk.pass_time(3600)

    assert desk.calls == [("backup", 1170)]

    await desk.set_clock(-3600)
    await desk.pass_time(86400 + 3600)

    assert desk.calls == [("backup", 1170), ("backup", 86400 + 1170)]


async def test_after_a_larger_correction_all_runs_again(desk: Desk) -> None:
    """The clock was wrong by days: what it shows now is another day."""
    desk.make(DAILY)
    await desk.pass_time(3600)
    await desk.set_clock(-86400)
    await desk.pass_time(2 * 86400)

    assert [at for _, at in desk.calls] == [1170, 1170, 1170 + 86400]


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        ("2026-03-29T00:00:00+01:00", ["29 03:00", "30 02:30"]),
        ("2026-10-25T00:00:00+02:00", ["25 02:30", "26 02:30"]),
    ],
)
async def test_a_daily_job_runs_daily_when_the_hour_changes(
    desk: Desk, begin: str, expected: list[str]
) -> None:
    """Lived through with the scheduler, in both directions."""
    desk.time = start = datetime.fromisoformat(begin).timestamp()
    desk.make(DAILY, cron="30 2 * * *", zone=BERLIN)
    await desk.pass_time(2 * 86400)
    ran = [
        datetime.fromtimestamp(BEGIN + at, BERLIN).strftime("%d %H:%M")
        for _, at in desk.calls
    ]

    assert start + 2 * 86400 == desk.time
    assert ran == expected


@pytest.mark.parametrize(
    "begin", ["2026-03-29T00:30:00+01:00", "2026-10-25T00:30:00+02:00"]
)
async def test_an_hourly_job_runs_each_hour_when_the_hour_changes(
    desk: Desk, begin: str
) -> None:
    """By the time that passes, five runs in five hours."""
    desk.time = start = datetime.fromisoformat(begin).timestamp()
    desk.make(DAILY, cron="0 * * * *", zone=BERLIN)
    await desk.pass_time(5 * 3600)

    assert [BEGIN + at - start for _, at in desk.calls] == [
        1800 + 3600 * number for number in range(5)
    ]


async def test_jitter_is_bounded_and_does_not_move_the_ticks(desk: Desk) -> None:
    """Each run is late by its own share; the history has the tick itself."""
    job = Job(name="ping", cron="0 * * * *", timeout=9, jitter=600.0)
    desk.make(job, chance=make_chance())
    await desk.pass_time(9.5 * 3600)
    chance = make_chance()
    late = [at - (3600 * number + 3570) for number, (_, at) in enumerate(desk.calls)]

    assert late == pytest.approx([chance.uniform(0, 600) for _ in range(9)], abs=1e-3)
    assert [tick for tick, _ in await desk.load_runs("ping")] == [
        3570 + 3600 * number for number in range(9)
    ]


async def test_jitter_leaves_half_of_the_time_to_the_next_tick(desk: Desk) -> None:
    """However quick somebody makes the job."""
    job = Job(name="ping", cron="*/10 * * * * *", timeout=9, jitter=600.0)
    desk.make(job, chance=make_chance())
    await desk.pass_time(600)
    late = [at % 10 for _, at in desk.calls]

    assert len(desk.calls) == 59
    assert max(late) <= 5
    assert max(late) - min(late) > 3


async def test_another_runner_s_tick_is_not_made_up_for(desk: Desk) -> None:
    """It has been claimed while we were away."""
    await claim_ticks(
        desk.resources.database,
        [("backup", round((BEGIN - 930) * 1000))],
        runner="other",
        now=0,
        lease=0,
    )
    desk.make(DAILY, cron="45 23 * * *")
    await desk.pass_time(20)

    assert desk.calls == []
