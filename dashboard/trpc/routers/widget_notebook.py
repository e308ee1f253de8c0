"""widget.notebook: notes, changed in place."""

from __future__ import annotations

from typing import Any

from dashboard.boards import update_item
from dashboard.errors import ProcedureError
from dashboard.inputs import Id, Input, Text
from dashboard.superjson import UNDEFINED
from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Router

router = Router()


class Note(Input, frozen=True, kw_only=True):
    """A note's item, and its text as HTML."""

    item_id: Id
    content: Text
    board_id: Id


@router.mutation("updateContent", guard=member, input=Note)
async def update_content(context: Context, given: Note) -> Any:
    """Store a note as it was written: who shows it makes it safe.

    Files of Homarr's hold such texts already, so that nothing would be gained here.
    """
    found = await update_item(
        context.resources.database,
        given.board_id,
        given.item_id,
        options={"content": given.content},
        kind="notebook",
        session=context.session,
    )
    if not found:
        raise ProcedureError("NOT_FOUND", "Specified item was not found")

    return UNDEFINED
