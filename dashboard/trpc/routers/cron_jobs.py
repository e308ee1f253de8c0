"""cronJobs: the jobs, when they run, and how their last runs went."""

from __future__ import annotations

from dashboard.jobs import JOBS
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.subscription("subscribeToStatusUpdates", guard=permission("admin"))
async def subscribe_to_status_updates(_context: Context) -> list[str]:
    """Hear when each job begins and ends; first, how each last run went."""
    return [f"cron-job-status:{job.name}" for job in JOBS]
