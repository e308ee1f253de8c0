"""updateChecker: newer versions of this program."""

from __future__ import annotations

import logging
from typing import Any

from dashboard import superjson
from dashboard.errors import OutgoingError
from dashboard.trpc.guards import permission
from dashboard.trpc.procedure import Context, Router
from dashboard.updates import load_updates

router = Router()
logger = logging.getLogger(__name__)


@router.query("getAvailableUpdates", guard=permission("admin"))
async def get_available_updates(context: Context) -> Any:
    """The releases after this version; undefined where they cannot be known."""
    try:
        return await load_updates(context.resources)
    except OutgoingError as error:
        # Every page of an administrator's asks: that is no error of the page's.
        logger.warning("no news of versions: %s", error)
        return superjson.UNDEFINED
