"""The jobs as data, and the table of them in docs/tasks.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.jobs import JOBS, Job

PAGE = Path(__file__).parents[3] / "docs" / "tasks.md"


def _seconds(text: str) -> float:
    number, _, unit = text.partition(" ")
    return float(number) * {"s": 1, "h": 3600}[unit] if text else 0.0


@pytest.mark.parametrize("job", JOBS, ids=lambda one: one.name)
def test_each_job_has_its_row(job: Job):
    """With its expression and its times."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith(f"| `{job.name}`")
    ]
    ((_, cron, timeout, on_start, jitter, window),) = rows

    assert cron == f"`{job.cron}`"
    assert _seconds(timeout) == job.timeout
    assert (on_start == "yes") == job.run_on_start
    assert _seconds(jitter) == job.jitter
    # A job that runs on start makes up for everything by that.
    assert _seconds(window) == (0 if job.run_on_start else job.catch_up)


def test_jitter_leaves_room():
    """A job's own expression leaves as much as it asks for."""
    assert all(2 * job.jitter <= 600 for job in JOBS)
