"""Leases: renewed while a run goes on, and what becomes of those that are not."""

from __future__ import annotations

import anyio
import pytest

from dashboard.jobs import Job, history
from services.tasks import runs
from services.tasks.claims import LEASE
from services.tasks.lost import MAX_ATTEMPTS, WATCH_INTERVAL
from tests.services.tasks.conftest import Desk
from tests.services.tasks.others import claim, end_other, ms

PING = Job(name="ping", cron="* * * * *", timeout=30.0, catch_up=120.0)
FIRST = 30.0


async def test_the_lease_of_a_long_run_is_renewed(desk: Desk) -> None:
    """As long as it goes on."""
    never = anyio.Event()
    desk.work = never.wait
    desk.make(Job(name="ping", cron="* * * * *", timeout=1e6))
    await desk.pass_time(200)
    (run,) = await history.load_running(desk.resources.database)

    assert run.lease >= ms(200 - runs.RENEW_INTERVAL + LEASE)


async def test_a_run_that_another_runner_has_is_given_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """We slept too long, and were taken for dead."""
    never = anyio.Event()
    desk.work = never.wait
    desk.make(Job(name="ping", cron="* * * * *", timeout=1e6))
    await desk.pass_time(35)
    (run,) = await history.load_running(desk.resources.database)
    assert await history.take_over(
        desk.resources.database, run, runner="other", now=ms(35), lease=ms(65)
    )
    await desk.pass_time(runs.RENEW_INTERVAL)
    await desk.settle()

    assert "another process took its run over" in caplog.text
    assert desk.scheduler.jobs["ping"].ended is None
    assert await desk.load_runs("ping") == [(FIRST, "running")]


async def test_a_dead_runner_s_run_is_taken_over_after_its_lease(desk: Desk) -> None:
    """Not while it is renewed; then it is run here, as another attempt."""
    database = desk.resources.database
    await claim(database, -10)
    desk.make(PING, cron="0 12 * * *")
    for number in range(3):
        await desk.pass_time(WATCH_INTERVAL - 1)
        await history.renew_leases(
            database, [("ping", ms(-10))], runner="other", lease=ms(1000 + number)
        )

    assert desk.calls == []

    await desk.pass_time(2 * WATCH_INTERVAL)
    await desk.settle()
    (run,) = await history.load_runs(database, "ping")

    assert len(desk.calls) == 1
    assert (run.runner, run.attempt, run.status) == (desk.house.runner, 2, "success")


@pytest.mark.parametrize("why", ["attempts", "stopped", "late"])
async def test_a_dead_runner_s_run_may_stay_lost(desk: Desk, why: str) -> None:
    """It is noted, with the reason, and blocks the job no more."""
    database = desk.resources.database
    await claim(database, -10)
    if why == "attempts":
        async with database.write() as tx:
            await tx.execute("UPDATE oneroof_job_run SET attempt = ?", (MAX_ATTEMPTS,))

    if why == "late":
        desk.time += 86400

    desk.make(PING, cron="0 12 * * *", enabled=why != "stopped")
    await desk.pass_time(WATCH_INTERVAL + 1)
    await desk.settle()
    (run,) = await history.load_runs(database, "ping")

    assert (run.status, run.attempt > 1) == ("lost", why == "attempts")
    assert (run.error or "").startswith("its runner died; ")
    assert desk.calls == []

    await desk.scheduler.trigger("ping")

    assert len(desk.calls) == 1


async def test_a_run_that_ends_is_watched_no_more(desk: Desk) -> None:
    """Another runner's run that went well is nothing to look after."""
    await claim(desk.resources.database, -10)
    desk.make(PING, cron="0 12 * * *")
    await desk.settle()
    await end_other(desk, -10)
    await desk.pass_time(3 * WATCH_INTERVAL)

    assert desk.calls == []
    assert await desk.load_runs("ping") == [(-10, "success")]
