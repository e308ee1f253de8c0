"""The scheduler: when jobs run, how often at once, and what the bus is told."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from dashboard.jobs import Job, load_job_configuration
from services.tasks.errors import (
    InvalidCronError,
    JobRunningError,
    ManualExecutionError,
    SchedulerStoppedError,
)
from services.tasks.scheduler import MAX_SLEEP
from services.tasks.timetable import AHEAD
from tests.services.tasks.conftest import BEGIN, PATIENCE

PING = Job(name="ping", cron="* * * * *", timeout=30.0)
CLEANUP = Job(name="sessionCleanup", cron="*/20 * * * * *", timeout=30.0)


async def test_jobs_run_at_their_ticks(desk: Any) -> None:
    """Five fields count minutes, six count seconds; each job has its own ticks."""
    desk.make(PING, CLEANUP)
    await desk.pass_time(95)

    assert desk.calls == [
        ("sessionCleanup", 10),
        ("ping", 30),
        ("sessionCleanup", 30),
        ("sessionCleanup", 50),
        ("sessionCleanup", 70),
        ("ping", 90),
        ("sessionCleanup", 90),
    ]
    statistics = desk.scheduler.statistics()
    assert (statistics["runs"], statistics["triggered"]) == (7, 0)


async def test_the_loop_sleeps_until_the_next_tick(desk: Any) -> None:
    """Idle costs one timer, looked at every ten seconds at most."""
    desk.make(Job(name="ping", cron="0 12 * * *", timeout=1.0))
    await anyio.wait_all_tasks_blocked()

    assert desk.waiting[1] == MAX_SLEEP


async def test_the_loop_wakes_for_the_next_tick(desk: Any) -> None:
    """And a moment before it, to claim it."""
    desk.make(PING, cron="35 * * * * *")
    await desk.settle()

    assert desk.waiting[1] == 5 - AHEAD

    await desk.pass_time(5 - AHEAD)
    await desk.settle()

    assert desk.waiting[1] == AHEAD


async def test_the_status_goes_from_running_to_idle(desk: Any) -> None:
    """The bus hears when a run begins and how it ended."""
    desk.make(PING)
    heard = desk.listen("ping")
    await desk.pass_time(30)
    await anyio.wait_all_tasks_blocked()

    async def fail() -> None:
        raise OSError

    desk.work = fail
    await desk.pass_time(60)
    await anyio.wait_all_tasks_blocked()
    first, second = "2026-01-01T00:01:00.000Z", "2026-01-01T00:02:00.000Z"

    assert [tuple(message.values()) for message in heard] == [
        ("ping", "running", first, None),
        ("ping", "idle", first, "success"),
        ("ping", "running", second, "success"),
        ("ping", "idle", second, "error"),
    ]
    assert list(heard[0]) == [
        "name",
        "status",
        "lastExecutionTimestamp",
        "lastExecutionStatus",
    ]
    assert desk.scheduler.statistics()["failures"] == 1


async def test_a_job_never_overlaps_itself(desk: Any) -> None:
    """A tick that finds its job running is skipped, and the other jobs are not."""
    never = anyio.Event()
    desk.work = never.wait
    desk.make(Job(name="ping", cron="* * * * *", timeout=1e6), CLEANUP)
    await desk.pass_time(95)

    assert desk.calls == [("sessionCleanup", 10), ("ping", 30)]
    assert desk.scheduler.statistics()["skipped"] == 5

    never.set()
    await anyio.wait_all_tasks_blocked()
    await desk.pass_time(60)

    assert ("ping", 150) in desk.calls


async def test_a_job_that_takes_too_long_is_cancelled(desk: Any) -> None:
    """Its time-out is an error like any other."""
    heard = desk.listen("ping")
    desk.work = anyio.sleep_forever
    desk.make(Job(name="ping", cron="* * * * *", timeout=0.0))
    with anyio.fail_after(PATIENCE):
        await desk.scheduler.trigger("ping")

    assert heard[-1]["lastExecutionStatus"] == "error"
    assert desk.scheduler.statistics() == {
        "runs": 1,
        "triggered": 1,
        "failures": 1,
        "timeouts": 1,
        "skipped": 0,
    }


async def test_a_failing_job_runs_again_at_its_next_tick(
    desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its exception is in the log and stays with its run."""

    async def fail() -> None:
        raise OSError("out of paper")

    desk.work = fail
    desk.make(PING, CLEANUP)
    await desk.pass_time(95)

    assert desk.scheduler.statistics()["failures"] == 7
    assert "out of paper" in caplog.text


async def test_ticks_missed_in_sleep_are_made_up_for_once(desk: Any) -> None:
    """A machine that slept an hour runs the job once, not sixty times."""
    desk.make(PING)
    await anyio.wait_all_tasks_blocked()
    desk.time += 3600
    desk.woken.set()
    await anyio.wait_all_tasks_blocked()

    assert desk.calls == [("ping", 3600)]
    assert desk.scheduler.jobs["ping"].plan.tick == BEGIN + 3630


async def test_a_clock_that_is_set_back_does_not_stop_the_jobs(desk: Any) -> None:
    """The next tick is worked out anew from the clock on the wall."""
    desk.make(PING)
    await anyio.wait_all_tasks_blocked()
    desk.time -= 86400
    desk.woken.set()
    await desk.pass_time(60)

    assert desk.calls == [("ping", 30 - 86400)]


async def test_jobs_that_want_to_run_on_start(desk: Any) -> None:
    """They begin at once, unless they are disabled."""
    eager = Job(name="ping", cron="0 0 * * *", timeout=1.0, run_on_start=True)
    desk.make(eager, CLEANUP)
    desk.scheduler.run_on_start()
    await anyio.wait_all_tasks_blocked()

    assert desk.calls == [("ping", 0)]

    desk.make(eager, enabled=False)
    desk.scheduler.run_on_start()
    await anyio.wait_all_tasks_blocked()

    assert len(desk.calls) == 1


async def test_a_trigger_waits_for_the_end_of_its_run(desk: Any) -> None:
    """When it returns, the job has run; meanwhile there is no second run."""
    go = anyio.Event()
    desk.work = go.wait
    desk.make(PING)
    ended: list[str] = []

    async def trigger() -> None:
        await desk.scheduler.trigger("ping")
        ended.append("ping")

    desk.tasks.start_soon(trigger)
    await anyio.wait_all_tasks_blocked()

    assert (desk.calls, ended) == ([("ping", 0)], [])

    with pytest.raises(JobRunningError, match="already running"):
        await desk.scheduler.trigger("ping")

    go.set()
    await desk.settle()

    assert ended == ["ping"]


async def test_some_jobs_cannot_be_triggered(desk: Any) -> None:
    """Those that say so."""
    desk.make(
        Job(name="ping", cron="* * * * *", timeout=1.0, prevent_manual_execution=True)
    )
    with pytest.raises(ManualExecutionError):
        await desk.scheduler.trigger("ping")

    assert desk.calls == []


async def test_a_stopped_job_is_started_again(desk: Any) -> None:
    """Neither is stored."""
    desk.make(PING)
    desk.scheduler.stop_job("ping")
    await desk.pass_time(120)

    assert desk.calls == []

    desk.scheduler.start_job("ping")
    await desk.pass_time(60)

    assert len(desk.calls) == 1
    stored = await desk.resources.database.all("SELECT * FROM cron_job_configuration")
    assert stored == []


async def test_disabling_and_enabling_are_stored(desk: Any) -> None:
    """A job that was disabled at the start can be enabled without a restart."""
    desk.make(PING, enabled=False)
    await desk.pass_time(120)

    assert desk.calls == []

    await desk.scheduler.enable_job("ping")
    await desk.pass_time(60)

    assert len(desk.calls) == 1
    stored = await load_job_configuration(desk.resources.database)
    assert stored["ping"] == ("* * * * *", True)

    await desk.scheduler.disable_job("ping")
    await desk.pass_time(120)

    assert len(desk.calls) == 1
    stored = await load_job_configuration(desk.resources.database)
    assert stored["ping"] == ("* * * * *", False)


async def test_a_new_interval_is_stored_and_used_at_once(desk: Any) -> None:
    """The loop wakes up for it, if it comes sooner than the old one."""
    desk.make(Job(name="ping", cron="0 0 * * *", timeout=1.0))
    await anyio.wait_all_tasks_blocked()
    await desk.scheduler.update_interval("ping", "*/5 * * * * *")
    await desk.pass_time(10)

    assert desk.calls == [("ping", 5), ("ping", 10)]
    stored = await load_job_configuration(desk.resources.database)
    assert stored["ping"] == ("*/5 * * * * *", True)


@pytest.mark.parametrize(
    "cron", ["", "* * *", "61 * * * *", "x", "0 0 31 2 *", "0," * 60 + "0 * * * *"]
)
async def test_a_wrong_interval_changes_nothing(desk: Any, cron: str) -> None:
    """It is refused before anything is stored."""
    desk.make(PING)
    with pytest.raises(InvalidCronError, match="Invalid cron expression: "):
        await desk.scheduler.update_interval("ping", cron)

    stored = await desk.resources.database.all("SELECT * FROM cron_job_configuration")
    assert stored == []
    assert desk.scheduler.jobs["ping"].cron == "* * * * *"


async def test_a_change_that_cannot_be_stored_is_not_made(desk: Any) -> None:
    """What runs and what is stored stay the same."""
    desk.make(PING)
    await desk.resources.database.close()
    with pytest.raises(RuntimeError):
        await desk.scheduler.disable_job("ping")

    assert desk.scheduler.jobs["ping"].enabled
    assert desk.scheduler.jobs["ping"].started


async def test_nothing_begins_after_the_stop(desk: Any) -> None:
    """The loop ends, and a trigger is told why it is refused."""
    desk.make(PING)
    await anyio.wait_all_tasks_blocked()
    desk.scheduler.stop()
    desk.time += 120
    await anyio.wait_all_tasks_blocked()
    with pytest.raises(SchedulerStoppedError):
        await desk.scheduler.trigger("ping")

    desk.scheduler.start_job("ping")
    await anyio.wait_all_tasks_blocked()

    assert desk.calls == []
