"""icon: the icons that apps can choose."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from dashboard.icons import find_icons
from dashboard.inputs import Input, ShortText
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


class IconSearch(Input, frozen=True, kw_only=True):
    """Words of the icons' names, and how many of each repository are shown."""

    search_text: ShortText = ""
    limit_per_group: Annotated[int, Meta(ge=1, le=500)] = 12


@router.query("findIcons", guard=anyone, input=IconSearch)
async def find(context: Context, given: IconSearch) -> Any:
    """Icons by repository, and how many there are."""
    return await find_icons(
        context.resources.database,
        text=given.search_text,
        per_repository=given.limit_per_group,
    )
