"""The cron jobs: what there is, when it runs, and how it went.

registry       the jobs as data
configuration  what people changed of them, in Homarr's table
history        their runs, in our own table: also what keeps a tick from running twice
control        how any process asks the one that runs the jobs
"""

from __future__ import annotations

from dashboard.jobs.configuration import (
    load_job_configuration,
    save_job_configuration,
)
from dashboard.jobs.registry import JOBS, Job

__all__ = ["JOBS", "Job", "load_job_configuration", "save_job_configuration"]
