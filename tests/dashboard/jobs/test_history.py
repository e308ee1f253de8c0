"""Claims on ticks and the runs that come of them, with each driver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dashboard.database import Database
from dashboard.jobs import history
from dashboard.jobs.history import Ending, Run

DRIVERS = [
    "aiosqlite",
    "sqlite3",
    pytest.param(
        "libsql",
        marks=pytest.mark.skipif(
            find_spec("aiolibsql") is None, reason="the extra libsql is not installed"
        ),
    ),
]


@pytest.fixture(name="database", params=DRIVERS)
async def _database(
    request: pytest.FixtureRequest, path: Path
) -> AsyncIterator[Database]:
    database = Database(path, driver=request.param)
    yield database
    await database.close()


async def claim(
    database: Database, *keys: tuple[str, int], runner: str = "us"
) -> set[tuple[str, int]]:
    won, _ = await history.claim_ticks(database, keys, runner=runner, now=5, lease=30)
    return won


async def end(
    database: Database,
    *keys: tuple[str, int],
    error: str | None = None,
    runner: str = "us",
) -> None:
    endings = [
        Ending(job=job, tick=tick, started=6, ended=9, duration=3, error=error)
        for job, tick in keys
    ]
    await history.file_endings(database, endings, runner=runner)


async def find(database: Database, job: str, tick: int) -> Run:
    run = await history.find_run(database, (job, tick))
    assert run is not None
    return run


async def test_a_tick_is_claimed_once(database: Database):
    """Of several at a time each for itself, and never again, however it ended."""
    assert await claim(database, ("a", 1), ("b", 1)) == {("a", 1), ("b", 1)}
    await end(database, ("a", 1))

    assert await claim(database, ("a", 1), ("c", 1), runner="them") == {("c", 1)}
    assert await claim(database, ("a", 2)) == {("a", 2)}


async def test_a_job_that_runs_is_not_claimed_for_another_tick(database: Database):
    """Whoever runs it; the loser is told who stands in the way."""
    await claim(database, ("a", 1))
    won, others = await history.claim_ticks(
        database, [("a", 2), ("b", 2)], runner="them", now=5, lease=30
    )

    assert won == {("b", 2)}
    assert [(run.key, run.runner, run.status) for run in others] == [
        (("a", 1), "us", "running")
    ]


async def test_a_run_is_stored_with_its_times_and_its_error(database: Database):
    """In milliseconds; a long error is cut."""
    await claim(database, ("a", 1), ("b", 1))
    await end(database, ("a", 1))
    await end(database, ("b", 1), error="x" * 5000)
    good, bad = await find(database, "a", 1), await find(database, "b", 1)

    assert good == Run(
        job="a",
        tick=1,
        runner="us",
        attempt=1,
        status="success",
        lease=30,
        started=6,
        ended=9,
        duration=3,
        error=None,
    )
    assert (bad.status, bad.error) == ("error", "x" * history.MAX_ERROR_LENGTH)


async def test_the_last_runs_of_each_job_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """The table does not grow for ever; one that goes on is never forgotten."""
    monkeypatch.setattr(history, "KEPT_RUNS", 3)
    await claim(database, ("b", 1))
    await end(database, ("b", 1))
    for tick in range(1, 10):
        await claim(database, ("a", tick))
        await end(database, ("a", tick))

    ticks = [run.tick for run in await history.load_runs(database, "a", limit=99)]

    assert ticks == [9, 8, 7]
    assert len(await history.load_runs(database, "b")) == 1
    assert len(await history.load_runs(database, "a", limit=2)) == 2
    assert await history.load_last_ticks(database) == {"a": 9, "b": 1}


async def test_a_lease_is_renewed_while_the_run_is_ours(database: Database):
    """Who has lost a run learns it here."""
    await claim(database, ("a", 1), ("b", 1))
    await end(database, ("b", 1))
    held = [("a", 1), ("b", 1), ("c", 1)]
    kept = await history.renew_leases(database, held, runner="us", lease=60)

    assert kept == {("a", 1)}
    assert (await find(database, "a", 1)).lease == 60
    assert not await history.renew_leases(database, held, runner="them", lease=90)


async def test_a_run_is_taken_over_by_one(database: Database):
    """And is its own from then on: the old runner files nothing any more."""
    await claim(database, ("a", 1))
    seen = await find(database, "a", 1)

    assert await history.take_over(database, seen, runner="them", now=50, lease=80)
    assert not await history.take_over(database, seen, runner="others", now=50, lease=9)

    await end(database, ("a", 1), error="late", runner="us")
    run = await find(database, "a", 1)

    assert (run.runner, run.attempt, run.status, run.started) == (
        "them",
        2,
        "running",
        50,
    )


async def test_a_run_that_was_renewed_is_not_taken_over(database: Database):
    """It is not as we saw it: its runner lives."""
    await claim(database, ("a", 1))
    seen = await find(database, "a", 1)
    await history.renew_leases(database, [("a", 1)], runner="us", lease=31)

    assert not await history.take_over(database, seen, runner="them", now=50, lease=80)
    assert not await history.file_lost(database, seen, "gone")


async def test_a_lost_run_is_noted_and_may_be_taken_up_again(database: Database):
    """But not beside a run of the same job for a later tick."""
    await claim(database, ("a", 1))

    assert await history.file_lost(database, await find(database, "a", 1), "gone")

    lost = await find(database, "a", 1)

    assert (lost.status, lost.ended, lost.error) == ("lost", lost.lease, "gone")
    assert await history.load_running(database) == []

    await claim(database, ("a", 2))

    assert not await history.take_over(database, lost, runner="us", now=50, lease=80)

    await end(database, ("a", 2))

    assert await history.take_over(database, lost, runner="us", now=50, lease=80)
    assert (await find(database, "a", 1)).error is None


async def test_what_is_given_back_can_be_claimed_again(database: Database):
    """Only what is ours and goes on."""
    await claim(database, ("a", 1), ("b", 1))
    await end(database, ("b", 1))
    keys = [("a", 1), ("b", 1)]
    await history.give_back(database, keys, runner="them")

    assert await claim(database, ("a", 1), runner="them") == set()

    await history.give_back(database, keys, runner="us")

    assert await claim(database, *keys, runner="them") == {("a", 1)}


async def test_ticks_that_come_again_are_forgotten(database: Database):
    """Those after the moment, of the jobs that are named, unless they run."""
    keys = [("a", 1), ("a", 9), ("b", 9)]
    for key in keys:
        await claim(database, key)
        await end(database, key)

    await claim(database, ("a", 10))
    await history.forget_ticks(database, ["a"], after=5)

    assert {run.key for run in await history.load_runs(database, "a")} == {
        ("a", 1),
        ("a", 10),
    }
    assert len(await history.load_runs(database, "b")) == 1
