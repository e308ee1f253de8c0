"""What people changed of the jobs: Homarr's table cron_job_configuration."""

from __future__ import annotations

from dashboard.database import Database
from dashboard.jobs.registry import JOBS


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
    database: Database,
    name: str,
    *,
    cron: str | None = None,
    enabled: bool | None = None,
) -> None:
    """Store a job's cron expression (checked by the caller), whether it runs, or both.

    What is None stays as it is stored. Raises KeyError for a job that does not exist.
    """
    default = {job.name: job.cron for job in JOBS}[name]
    shown = None if enabled is None else int(enabled)
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO cron_job_configuration (name, cron_expression, is_enabled)"
            " VALUES (?, coalesce(?, ?), coalesce(?, 1)) ON CONFLICT (name) DO UPDATE"
            " SET cron_expression = coalesce(?, cron_expression),"
            " is_enabled = coalesce(?, is_enabled)",
            (name, cron, default, shown, cron, shown),
        )
