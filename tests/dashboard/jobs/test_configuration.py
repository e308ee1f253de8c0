from __future__ import annotations

import pytest

from dashboard.database import Database
from dashboard.jobs import JOBS, load_job_configuration, save_job_configuration


def test_each_job_has_its_own_name():
    """The three that the tasks service has to have are there."""
    names = [job.name for job in JOBS]

    assert len(set(names)) == len(names)
    assert {"ping", "sessionCleanup", "databaseMaintenance"} <= set(names)


async def test_a_job_without_a_row_has_its_default(database: Database):
    """Rows are made only when somebody changes something."""
    configuration = await load_job_configuration(database)

    assert configuration == {job.name: (job.cron, True) for job in JOBS}


async def test_what_was_saved_is_loaded(database: Database):
    """Again and again, each job for itself; unknown jobs are passed over."""
    await save_job_configuration(database, "ping", cron="*/5 * * * *", enabled=True)
    await save_job_configuration(database, "ping", cron="*/7 * * * *", enabled=False)
    async with database.write() as tx:
        await tx.execute("INSERT INTO cron_job_configuration VALUES ('x', 'y', 1)")

    configuration = await load_job_configuration(database)

    assert configuration["ping"] == ("*/7 * * * *", False)
    assert configuration["sessionCleanup"][1] is True
    assert set(configuration) == {job.name for job in JOBS}


async def test_an_unknown_job_is_not_saved(database: Database):
    """It would stay in the file for ever."""
    with pytest.raises(KeyError):
        await save_job_configuration(database, "x", cron="* * * * *", enabled=True)
