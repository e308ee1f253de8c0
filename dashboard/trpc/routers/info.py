"""info: which program this is."""

from __future__ import annotations

from dashboard.trpc.guards import member
from dashboard.trpc.procedure import Context, Rest, Router
from dashboard.version import VERSION

router = Router()


@router.query("getInfo", guard=member, rest=Rest("GET", "/info"))
async def get_info(_context: Context) -> dict[str, str]:
    """The version of this program, not that of the Homarr whose words it speaks."""
    return {"version": VERSION}
