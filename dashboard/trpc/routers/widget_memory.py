"""widget.memory: the memory of this house's processes; Homarr has none."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from dashboard.inputs import Input
from dashboard.resources import MEMORY_TOPIC
from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Router

router = Router()


class Latest(Input, frozen=True, kw_only=True):
    """How many samples, at most."""

    count: Annotated[int, Meta(ge=1, le=10_000)] = 60


@router.query("samples", guard=member, input=Latest | None)
async def list_samples(context: Context, given: Latest | None) -> dict[str, Any]:
    """The latest samples of the process that answers, the oldest of them first."""
    monitor = context.resources.monitor
    count = (given or Latest()).count
    return {
        "process": monitor.label,
        "samples": [dict(sample.as_dict()) for sample in monitor.samples(count)],
    }


@router.subscription("updatedSample", guard=member)
async def updated_sample(_context: Context) -> list[str]:
    """Hear each sample of every process's memory."""
    return [MEMORY_TOPIC]
