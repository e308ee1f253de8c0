"""The embedded engine: what a job may do, and what other runners may."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from dashboard.database import DatabaseBusyError
from dashboard.errors import DashboardError, OutgoingError
from dashboard.jobs import Job, history
from services.tasks import claims, execution, runs
from services.tasks.errors import JobRunningError, TickTakenError
from services.tasks.state import Due
from services.tasks.timetable import AHEAD
from tests.services.tasks.conftest import PATIENCE, Desk
from tests.services.tasks.others import claim, end_other, ms

PING = Job(name="ping", cron="* * * * *", timeout=30.0, catch_up=120.0)
OTHER = Job(name="backup", cron="* * * * *", timeout=30.0)
FIRST, SECOND = 30.0, 90.0


def raising(error: BaseException) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "level", "line", "traced"),
    [
        (
            OutgoingError("x.org", "is away"),
            "WARNING",
            "job 'ping' failed and is tried again next time: x.org: is away",
            False,
        ),
        (
            DashboardError("no room left"),
            "ERROR",
            "job 'ping' failed: no room left",
            False,
        ),
        (OSError("out of paper"), "ERROR", "job 'ping' failed", True),
    ],
)
async def test_what_is_raised_on_purpose_is_one_line_of_the_log(
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    level: str,
    line: str,
    traced: bool,
) -> None:
    """Its words are enough; a fault of ours is told with where it was.

    What another server is to blame for is a warning, and an error of the run.
    """
    caplog.set_level("INFO")
    heard = desk.listen("ping")
    desk.make(PING)
    desk.work = raising(error)
    await desk.pass_time(60)

    (failed,) = [one for one in caplog.records if one.levelno > logging.INFO]
    assert (failed.levelname, failed.getMessage()) == (level, line)
    assert bool(failed.exc_info) is traced
    assert await desk.load_runs("ping") == [(FIRST, "error")]
    assert heard[-1]["lastExecutionStatus"] == "error"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (OSError("out of paper"), "OSError: out of paper"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (GeneratorExit(), "GeneratorExit"),
        (BaseExceptionGroup("g", [SystemExit()]), "BaseExceptionGroup: g (1 sub-"),
    ],
)
async def test_whatever_a_job_raises_stays_in_its_run(
    desk: Desk, error: BaseException, shown: str
) -> None:
    """It is filed as an error; the scheduler and the other jobs go on."""
    heard = desk.listen("ping")
    desk.make(PING, OTHER)
    desk.work = raising(error)
    await desk.pass_time(60)
    desk.work = anyio.lowlevel.checkpoint
    await desk.pass_time(60)

    assert await desk.load_runs("ping") == [(FIRST, "error"), (SECOND, "success")]
    assert await desk.load_runs("backup") == [(FIRST, "error"), (SECOND, "success")]
    (_, failed) = await history.load_runs(desk.resources.database, "ping")
    assert (failed.error or "").startswith(shown)
    assert [one["lastExecutionStatus"] for one in heard] == [
        None,
        "error",
        "error",
        "success",
    ]


async def test_a_job_that_does_not_obey_is_left_to_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is over, the others' go on, and it is not begun beside itself."""
    monkeypatch.setattr(execution, "CANCEL_TIMEOUT", 0.01)
    go = asyncio.Event()

    async def ignore() -> None:
        while not go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go.wait()

    desk.work = ignore
    desk.make(Job(name="ping", cron="* * * * *", timeout=0.01))
    desk.tasks.start_soon(desk.scheduler.trigger, "ping")
    with anyio.fail_after(PATIENCE):
        while await desk.load_runs("ping") != [(0, "error")]:
            await anyio.lowlevel.checkpoint()

    with pytest.raises(JobRunningError):
        await desk.scheduler.trigger("ping")

    (run,) = await history.load_runs(desk.resources.database, "ping")

    assert run.error == "not done within 0.01 s, and does not obey its cancellation"

    go.set()
    await desk.settle()
    await desk.scheduler.trigger("ping", tick=ms(1))

    assert len(desk.calls) == 2


async def test_a_run_has_its_duration_and_its_runner(desk: Desk) -> None:
    """And began at its tick, though it was claimed before."""
    desk.make(PING)
    await desk.pass_time(60)
    (run,) = await history.load_runs(desk.resources.database, "ping")

    assert run.runner == desk.house.runner
    assert (run.tick, run.started, run.ended) == (ms(30), ms(30), ms(30))
    assert run.duration is not None
    assert 0 <= run.duration < PATIENCE * 1000


async def test_a_tick_is_claimed_ahead(desk: Desk) -> None:
    """A moment before it is due, so that it begins in time."""
    desk.make(PING)
    await desk.pass_time(30 - AHEAD)
    await desk.settle()

    assert (desk.calls, await desk.load_runs("ping")) == ([], [(FIRST, "running")])

    # Nobody has to be asked when it is due.
    async def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError

    desk.engine._claims._claim = refuse  # type: ignore[method-assign]
    await desk.pass_time(AHEAD)
    await desk.settle()

    assert desk.calls == [("ping", 30)]


@pytest.mark.parametrize("how", ["stop", "disable", "interval", "end"])
async def test_what_was_claimed_ahead_is_given_back(desk: Desk, how: str) -> None:
    """When it will not begin here: another runner may be there for it."""
    desk.make(PING)
    await desk.pass_time(30 - AHEAD)
    await desk.settle()

    assert await desk.load_runs("ping") == [(FIRST, "running")]

    match how:
        case "stop":
            desk.scheduler.stop_job("ping")
        case "disable":
            await desk.scheduler.disable_job("ping")
        case "interval":
            await desk.scheduler.update_interval("ping", "0 12 * * *")
        case "end":
            desk.scheduler.stop()

    await desk.settle()

    assert await desk.load_runs("ping") == []


async def test_a_claim_that_is_cancelled_is_known_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written whatever happens, so somebody has to give it back."""
    written, go = anyio.Event(), anyio.Event()

    async def claim_slowly(*args: Any, **options: Any) -> Any:
        claimed = await history.claim_ticks(*args, **options)
        written.set()
        await go.wait()
        return claimed

    monkeypatch.setattr(claims, "claim_ticks", claim_slowly)
    scheduler = desk.make(PING)
    due = Due(one=scheduler.jobs["ping"], tick=ms(FIRST))
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.engine.prepare, [due])
            await written.wait()
            tasks.cancel_scope.cancel()
            go.set()

    assert await desk.load_runs("ping") == [(FIRST, "running")]

    await desk.engine.end()

    assert await desk.load_runs("ping") == []


async def test_a_trigger_just_before_the_tick_runs_at_once(desk: Desk) -> None:
    """And the tick is run for as well."""
    desk.make(PING)
    await desk.pass_time(30 - AHEAD / 2)
    await desk.scheduler.trigger("ping")
    await desk.pass_time(AHEAD)

    assert [at for _, at in desk.calls] == [30 - AHEAD / 2, 30]


async def test_another_runner_s_tick_is_left_to_it(desk: Desk) -> None:
    """Whether it runs the job for that tick or for another."""
    desk.make(PING)
    await desk.pass_time(20)
    await claim(desk.resources.database, FIRST)
    await desk.pass_time(20)

    assert desk.calls == []

    await end_other(desk, FIRST)
    # Somebody has it run there by hand: the next tick finds it running.
    await desk.pass_time(45)
    await claim(desk.resources.database, SECOND - 5)
    await desk.pass_time(10)

    assert desk.calls == []


async def test_a_job_that_another_runner_runs_is_not_triggered(desk: Desk) -> None:
    """The words are those of a job that runs here."""
    desk.make(PING)
    await claim(desk.resources.database, 0)

    with pytest.raises(JobRunningError):
        await desk.scheduler.trigger("ping", tick=ms(1))

    with pytest.raises(TickTakenError):
        await desk.scheduler.trigger("ping", tick=ms(0))

    assert desk.calls == []
    # Neither has left the job occupied.
    assert desk.scheduler.jobs["ping"].ended is None


async def test_ticks_wait_for_a_database_that_cannot_be_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And are run for then, once; the log tells it once as well."""
    monkeypatch.setattr(runs, "RETRY_INTERVAL", 0.001)
    real, attempts = history.claim_ticks, 0

    async def fail(*given: Any, **more: Any) -> Any:
        nonlocal attempts
        attempts += 1
        if attempts < 5:
            raise DatabaseBusyError(5.0)

        return await real(*given, **more)

    monkeypatch.setattr("services.tasks.claims.claim_ticks", fail)
    caplog.set_level("INFO")
    desk.make(PING)
    await desk.pass_time(30)
    with anyio.fail_after(PATIENCE):
        while not desk.calls:
            await anyio.lowlevel.checkpoint()

    await desk.settle()

    assert desk.calls == [("ping", 30)]
    assert caplog.text.count("ticks cannot be claimed") == 1
    assert caplog.text.count("ticks can be claimed again") == 1


async def test_a_tick_that_waits_too_long_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not run for when nobody expects it any more."""
    monkeypatch.setattr(runs, "RETRY_INTERVAL", 0.0)

    async def fail(*_: Any, **__: Any) -> Any:
        raise DatabaseBusyError(5.0)

    monkeypatch.setattr("services.tasks.claims.claim_ticks", fail)
    desk.make(PING)
    await desk.pass_time(30)
    desk.time += PING.catch_up + 1
    await desk.settle()

    assert desk.scheduler.jobs["ping"].ended is None
    assert desk.scheduler.statistics()["skipped"] == 1


async def test_an_end_that_cannot_be_filed_is_filed_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the job would count as running for ever."""
    real = history.file_endings

    async def fail(*_: Any, **__: Any) -> None:
        raise DatabaseBusyError(5.0)

    monkeypatch.setattr("services.tasks.filing.file_endings", fail)
    desk.make(PING)
    await desk.pass_time(35)

    assert await desk.load_runs("ping") == [(FIRST, "running")]

    monkeypatch.setattr("services.tasks.filing.file_endings", real)
    await desk.pass_time(runs.RENEW_INTERVAL)
    await desk.settle()

    assert await desk.load_runs("ping") == [(FIRST, "success")]


async def test_a_thousand_jobs_are_claimed_and_filed_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few transactions, not two thousand."""
    writes = 0
    database = desk.resources.database
    real = database.write

    def count() -> Any:
        nonlocal writes
        writes += 1
        return real()

    monkeypatch.setattr(database, "write", count)
    desk.make(
        *(
            Job(name=f"job{number}", cron="* * * * *", timeout=30.0)
            for number in range(1000)
        )
    )
    await desk.pass_time(31)
    with anyio.fail_after(PATIENCE):
        while desk.engine._filing.waiting or len(desk.calls) < 1000:
            await anyio.lowlevel.checkpoint()

    assert len(set(desk.calls)) == 1000
    assert writes < 20
