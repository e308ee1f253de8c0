"""The runs of the jobs, and the claim on a tick that only one runner gets.

All times are Unix milliseconds. A lease is renewed while its run goes on; whether a
runner is dead is told from a lease that nobody renews, never from two clocks compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.database import Database

#: Runs of each job that are kept.
KEPT_RUNS = 50
MAX_ERROR_LENGTH = 1000

#: A job's name and its tick.
Key = tuple[str, int]

_COLUMNS = "job, tick, runner, attempt, status, lease, started, ended, duration, error"
_CLAIM = """
INSERT INTO oneroof_job_run (job, tick, runner, attempt, status, lease, started)
SELECT ?, ?, ?, 1, 'running', ?, ? WHERE NOT EXISTS
  (SELECT 1 FROM oneroof_job_run WHERE job = ? AND status = 'running')
ON CONFLICT DO NOTHING RETURNING tick"""
_OTHERS = (
    f"SELECT {_COLUMNS} FROM oneroof_job_run"  # noqa: S608
    " WHERE job = ? AND (tick = ? OR status = 'running')"
)
_RENEW = """
UPDATE oneroof_job_run SET lease = ?
WHERE job = ? AND tick = ? AND runner = ? AND status = 'running' RETURNING tick"""
_FILE = """
UPDATE oneroof_job_run
SET status = ?, started = ?, ended = ?, duration = ?, error = ?
WHERE job = ? AND tick = ? AND runner = ? AND status = 'running'"""
_PRUNE = """
DELETE FROM oneroof_job_run WHERE job = ? AND status <> 'running' AND tick <=
  (SELECT tick FROM oneroof_job_run WHERE job = ? ORDER BY tick DESC LIMIT 1 OFFSET ?)
"""
_SAME = """
job = ? AND tick = ? AND runner = ? AND lease = ? AND status = ? AND NOT EXISTS
  (SELECT 1 FROM oneroof_job_run WHERE job = ? AND tick <> ? AND status = 'running')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, as it is stored."""

    job: str
    #: What it was run for: a tick of its cron expression, or the moment of a request.
    tick: int
    runner: str
    #: Above 1 where a runner died in it and another one took over.
    attempt: int
    #: "running", "success", "error", or "lost" where its runner died and nobody has
    #: run it again.
    status: str
    lease: int
    started: int
    ended: int | None
    #: Measured by a clock that nobody sets.
    duration: int | None
    error: str | None

    @property
    def key(self) -> Key:
        """What there is one of."""
        return self.job, self.tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of ours ended."""

    job: str
    tick: int
    started: int
    ended: int
    duration: int
    #: None where it went well.
    error: str | None


async def claim_ticks(
    database: Database, keys: Sequence[Key], *, runner: str, now: int, lease: int
) -> tuple[set[Key], list[Run]]:
    """Begin runs, in one transaction: those that are ours now, and who has the rest.

    A tick that ever was claimed is nobody's again, and a job that runs is not begun.
    """
    claims = [
        (_CLAIM, (job, tick, runner, lease, max(now, tick), job)) for job, tick in keys
    ]
    # Also of those that will be ours: asking for the others' alone is another trip.
    holders = [(_OTHERS, key) for key in keys]
    found = await database.write_whole(*claims, *holders)
    won = {key for key, rows in zip(keys, found[: len(keys)], strict=True) if rows}
    others = [
        Run(**dict(row))
        for key, rows in zip(keys, found[len(keys) :], strict=True)
        if key not in won
        for row in rows
    ]
    return won, others


async def renew_leases(
    database: Database, keys: Collection[Key], *, runner: str, lease: int
) -> set[Key]:
    """Promise to go on with runs; returns those that still are this runner's."""
    renewals = [(_RENEW, (lease, *key, runner)) for key in keys]
    found = await database.write_whole(*renewals)
    return {key for key, rows in zip(keys, found, strict=True) if rows}


async def file_endings(
    database: Database, endings: Sequence[Ending], *, runner: str
) -> None:
    """Note how runs ended, and forget the oldest ones of their jobs.

    A run that another runner has taken over meanwhile is that one's to file.
    """
    filed = [
        (
            _FILE,
            (
                "success" if one.error is None else "error",
                one.started,
                one.ended,
                one.duration,
                None if one.error is None else one.error[:MAX_ERROR_LENGTH],
                one.job,
                one.tick,
                runner,
            ),
        )
        for one in endings
    ]
    pruned = [(_PRUNE, (job, job, KEPT_RUNS)) for job in {one.job for one in endings}]
    await database.write_whole(*filed, *pruned)


async def give_back(database: Database, keys: Collection[Key], *, runner: str) -> None:
    """Make ticks that were claimed, and not run to the end, claimable again."""
    async with database.write() as tx:
        await tx.execute_many(
            "DELETE FROM oneroof_job_run WHERE job = ? AND tick = ?"
            " AND runner = ? AND status = 'running'",
            [(*key, runner) for key in keys],
        )


async def take_over(
    database: Database, run: Run, *, runner: str, now: int, lease: int
) -> bool:
    """Make a dead runner's run this one's, if it still is as we saw it.

    And if the job is not run for another tick meanwhile.
    """
    return await _change(
        database,
        "status = 'running', runner = ?, attempt = attempt + 1,"
        " started = ?, ended = NULL, error = NULL, lease = ?",
        (runner, now, lease),
        run,
    )


async def file_lost(database: Database, run: Run, error: str) -> bool:
    """Note that a run's runner died, if it still is as we saw it."""
    return await _change(
        database, "status = 'lost', ended = lease, error = ?", (error,), run
    )


async def load_runs(
    database: Database, job: str, *, limit: int = KEPT_RUNS
) -> list[Run]:
    """The last runs of a job, the newest first."""
    return await _load(database, "job = ? ORDER BY tick DESC LIMIT ?", (job, limit))


async def find_run(database: Database, key: Key) -> Run | None:
    """The run of a tick."""
    runs = await _load(database, "job = ? AND tick = ?", key)
    return runs[0] if runs else None


async def load_running(database: Database) -> list[Run]:
    """The runs that go on, or whose runner died."""
    return await _load(database, "status = 'running'")


async def load_last_ticks(database: Database) -> dict[str, int]:
    """The newest tick of each job that ever ran."""
    rows = await database.all(
        "SELECT job, max(tick) AS tick FROM oneroof_job_run GROUP BY job"
    )
    return {row["job"]: row["tick"] for row in rows}


async def forget_ticks(
    database: Database, jobs: Collection[str], *, after: int
) -> None:
    """Let the ticks after a moment come again: the clock was set back to it."""
    async with database.write() as tx:
        await tx.execute_many(
            "DELETE FROM oneroof_job_run"
            " WHERE job = ? AND tick > ? AND status <> 'running'",
            [(job, after) for job in jobs],
        )


async def _change(
    database: Database, what: str, values: Iterable[Any], run: Run
) -> bool:
    async with database.write() as tx:
        count = await tx.execute(
            f"UPDATE oneroof_job_run SET {what} WHERE {_SAME}",  # noqa: S608
            (*values, *run.key, run.runner, run.lease, run.status, *run.key),
        )

    return count == 1


async def _load(
    database: Database, where: str, values: Sequence[Any] = ()
) -> list[Run]:
    rows = await database.all(
        f"SELECT {_COLUMNS} FROM oneroof_job_run WHERE {where}",  # noqa: S608
        values,
    )
    return [Run(**dict(row)) for row in rows]
