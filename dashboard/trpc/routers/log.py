"""The log as it is written, of every process that shares the bus."""

from __future__ import annotations

from typing import Literal

import msgspec

from dashboard.inputs import Input
from dashboard.logs import topic_of
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Router

router = Router()

Level = Literal["error", "warn", "info", "debug"]


class Levels(Input, frozen=True, kw_only=True):
    """Which lines are wanted: each level by name, none includes another."""

    levels: list[Level] = msgspec.field(default_factory=lambda: ["info"])


@router.subscription("subscribe", guard=permission("other-view-logs"), input=Levels)
async def subscribe(_context: Context, given: Levels) -> list[str]:
    """{message, level} for each line that is logged from now on."""
    return [topic_of(level) for level in dict.fromkeys(given.levels)]
