"""widget.app: whether the apps of the boards answer."""

from __future__ import annotations

from dashboard.boards import sees_app
from dashboard.errors import ProcedureError
from dashboard.inputs import ById
from dashboard.trpc.guards import anyone
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.subscription("updatedPing", guard=anyone, input=ById)
async def updated_ping(context: Context, given: ById) -> list[str]:
    """Hear each ping of an app that some board shows to the caller."""
    if not await sees_app(context.resources.database, given.id, context.session):
        raise ProcedureError("NOT_FOUND", "App not found")

    return [f"ping:{given.id}"]
