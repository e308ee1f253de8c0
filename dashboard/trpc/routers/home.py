"""home: how much there is of everything."""

from __future__ import annotations

from typing import Any

from dashboard.statistics import count_all
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.query("getStats", guard=anyone)
async def get_stats(context: Context) -> list[dict[str, Any]]:
    """Count what the caller may look after; strangers are told of public boards."""
    settings = context.resources.settings
    counted = await count_all(
        context.resources.database,
        context.session,
        passwords="credentials" in settings.auth_providers,
    )
    return [
        {
            "titleKey": one.title_key,
            "subtitleKey": one.subtitle_key,
            "count": number,
            "path": one.path,
        }
        for one, number in counted
    ]
