"""invite: links that let one person each make themselves an account."""

from __future__ import annotations

from typing import Any

from dashboard import superjson
from dashboard.accounts import invites
from dashboard.accounts.inputs import NewInvite
from dashboard.accounts.profiles import read_time
from dashboard.boards.access import require_session
from dashboard.errors import ProcedureError
from dashboard.inputs import ById
from dashboard.trpc.accounts import answering, require_credentials
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Rest, Router

router = Router()


@router.query("getAll", guard=permission("admin"), rest=Rest("GET", "/invites"))
async def get_all(context: Context) -> list[dict[str, Any]]:
    """All invites that nobody has used; the next to end first."""
    require_credentials(context)
    return [
        {
            "id": invite.id,
            "expirationDate": read_time(invite.expires),
            "creator": {"id": invite.creator_id, "name": invite.creator or None},
        }
        for invite in await invites.list_invites(context.resources.database)
    ]


@router.mutation(
    "createInvite",
    guard=permission("admin"),
    input=NewInvite,
    rest=Rest("POST", "/invites"),
    secret=True,
)
async def create_invite(context: Context, given: NewInvite) -> dict[str, Any]:
    """Make an invite; its token is shown this once."""
    require_credentials(context)
    with answering():
        made = await invites.create_invite(
            context.resources.database,
            creator_id=require_session(context.session).user_id,
            expires=given.expiration_date.timestamp(),
        )

    return {"id": made.id, "token": made.token}


@router.mutation(
    "deleteInvite",
    guard=permission("admin"),
    input=ById,
    rest=Rest("DELETE", "/invites/{id}"),
)
async def delete_invite(context: Context, given: ById) -> Any:
    """Withdraw an invite."""
    require_credentials(context)
    if not await invites.delete_invite(context.resources.database, given.id):
        raise ProcedureError("NOT_FOUND", "Invite not found")

    return superjson.UNDEFINED
