"""The cron jobs as data, and what the database says about each."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; the tasks service has the function of the same name."""

    name: str
    cron: str
    timeout: float
    run_on_start: bool = False
    prevent_manual_execution: bool = False


#: In the order that the API lists them.
JOBS: tuple[Job, ...] = (
    Job(name="ping", cron="* * * * *", timeout=30.0, run_on_start=True),
    Job(name="sessionCleanup", cron="15 * * * *", timeout=30.0, run_on_start=True),
    Job(name="databaseMaintenance", cron="30 3 * * *", timeout=300.0),
)


async def load_job_configuration(database: Database) -> dict[str, tuple[str, bool]]:
    """The cron expression and whether it is enabled, of each job by its name."""
    configuration = {job.name: (job.cron, True) for job in JOBS}
    rows = await database.all(
        "SELECT name, cron_expression, is_enabled FROM cron_job_configuration"
    )
    for row in rows:
        if row["name"] in configuration:
            configuration[row["name"]] = (
                row["cron_expression"],
                bool(row["is_enabled"]),
            )

    return configuration


async def save_job_configuration(
    database: Database, name: str, *, cron: str, enabled: bool
) -> None:
    """Store a job's cron expression (checked by the caller) and whether it runs."""
    if name not in {job.name for job in JOBS}:
        raise KeyError(name)

    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO cron_job_configuration (name, cron_expression, is_enabled)"
            " VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
            " cron_expression = excluded.cron_expression,"
            " is_enabled = excluded.is_enabled",
            (name, cron, int(enabled)),
        )
