"""apiKeys: what programs log in with, in the header `ApiKey`."""

from __future__ import annotations

from typing import Any

from dashboard import superjson
from dashboard.accounts import api_keys
from dashboard.accounts.inputs import ByKey
from dashboard.boards.access import require_session
from dashboard.trpc.accounts import answering
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Router

router = Router()


@router.query("getAll", guard=permission("admin"))
async def get_all(context: Context) -> list[dict[str, Any]]:
    """All keys, without what makes them work, by the name of their owner."""
    found = await api_keys.list_api_keys(context.resources.database)
    return [
        {
            "id": key.id,
            "user": {
                "id": key.user_id,
                "name": key.user_name or None,
                "image": key.user_image,
            },
        }
        for key in found
    ]


@router.mutation("create", guard=permission("admin"), secret=True)
async def create(context: Context) -> dict[str, str]:
    """Make a key with the caller's permissions, which is shown this once."""
    user_id = require_session(context.session).user_id
    with answering():
        _, header = await api_keys.create_api_key(
            context.resources.database, user_id=user_id
        )

    return {"apiKey": header}


@router.mutation("delete", guard=permission("admin"), input=ByKey)
async def delete(context: Context, given: ByKey) -> Any:
    """Make a key worthless; one that is not there is no error."""
    await api_keys.delete_api_key(context.resources.database, given.api_key_id)
    return superjson.UNDEFINED
