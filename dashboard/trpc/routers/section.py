"""section: what each user has folded."""

from __future__ import annotations

from typing import Any

from dashboard.boards.manage import set_collapsed
from dashboard.inputs import Id, Input
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Router

router = Router()


class Folded(Input, frozen=True, kw_only=True):
    """A category, and whether its items are hidden."""

    section_id: Id
    collapsed: bool


@router.mutation("changeCollapsed", guard=member, input=Folded)
async def change_collapsed(context: Context, given: Folded) -> Any:
    """Fold a category for the caller alone, or unfold it."""
    await set_collapsed(
        context.resources.database,
        given.section_id,
        collapsed=given.collapsed,
        session=context.session,
    )
    return UNDEFINED
