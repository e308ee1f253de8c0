"""cronJobs: the jobs, when they run, and how their last runs went."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dashboard.jobs import JOBS, load_job_configuration
from dashboard.jobs.control import Action, request
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Router

router = Router()

#: One of the jobs' names, which a type checker cannot know.
JobName: Any = Literal.__getitem__(tuple(job.name for job in JOBS))


class Interval(msgspec.Struct):
    """A job and its cron expression."""

    name: JobName
    cron: str


@router.query("getJobs", guard=permission("admin"))
async def get_jobs(context: Context) -> list[dict[str, Any]]:
    """All jobs with what is stored of them, in the order of the registry."""
    stored = await load_job_configuration(context.resources.database)
    return [
        {
            "name": job.name,
            "cron": stored[job.name][0],
            "preventManualExecution": job.prevent_manual_execution,
            "isEnabled": stored[job.name][1],
        }
        for job in JOBS
    ]


@router.mutation("triggerJob", guard=permission("admin"), input=JobName)
async def trigger_job(context: Context, given: str) -> Any:
    """Run a job now; answers when it has run, also where it failed."""
    return await _ask(context, "trigger", given)


@router.mutation("startJob", guard=permission("admin"), input=JobName)
async def start_job(context: Context, given: str) -> Any:
    """Let ticks run a job, until the tasks service ends."""
    return await _ask(context, "start", given)


@router.mutation("stopJob", guard=permission("admin"), input=JobName)
async def stop_job(context: Context, given: str) -> Any:
    """Let ticks pass a job by, until the tasks service ends."""
    return await _ask(context, "stop", given)


@router.mutation("enableJob", guard=permission("admin"), input=JobName)
async def enable_job(context: Context, given: str) -> Any:
    """Start a job now and with the service."""
    return await _ask(context, "enable", given)


@router.mutation("disableJob", guard=permission("admin"), input=JobName)
async def disable_job(context: Context, given: str) -> Any:
    """Stop a job, and do not start it with the service."""
    return await _ask(context, "disable", given)


@router.mutation("updateJobInterval", guard=permission("admin"), input=Interval)
async def update_job_interval(context: Context, given: Interval) -> Any:
    """Give a job another cron expression; one that never ticks is a BAD_REQUEST."""
    return await _ask(context, "updateInterval", given.name, cron=given.cron)


@router.subscription("subscribeToStatusUpdates", guard=permission("admin"))
async def subscribe_to_status_updates(_context: Context) -> list[str]:
    """Hear when each job begins and ends; first, how each last run went."""
    return [f"cron-job-status:{job.name}" for job in JOBS]


async def _ask(
    context: Context, action: Action, name: str, *, cron: str | None = None
) -> Any:
    await request(context.resources, action, name, cron=cron)
    return UNDEFINED
