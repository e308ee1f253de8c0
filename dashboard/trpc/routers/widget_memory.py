"""widget.memory: the memory of this house's processes; Homarr has none."""

from __future__ import annotations

from dashboard.resources import MEMORY_TOPIC
from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.subscription("updatedSample", guard=member)
async def updated_sample(_context: Context) -> list[str]:
    """Hear each sample of every process's memory."""
    return [MEMORY_TOPIC]
