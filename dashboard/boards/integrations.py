"""Which integrations somebody may put on a board."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.database import Transaction
from dashboard.errors import ProcedureError
from dashboard.identity import Session

#: The integrations that the user :user may use.
USABLE = (
    'SELECT integration_id FROM "integrationUserPermission" WHERE user_id = :user'
    ' UNION SELECT p.integration_id FROM "groupMember" AS m'
    ' JOIN "integrationGroupPermissions" AS p ON p.group_id = m.group_id'
    " WHERE m.user_id = :user"
)


async def require_usable(tx: Transaction, ids: Iterable[str], session: Session) -> None:
    """Raise ProcedureError (BAD_REQUEST) unless the user may use all of these.

    Who puts an integration on a board shows its data to all who see the board.
    """
    wanted = set(ids)
    if not wanted:
        return

    query = "SELECT id FROM integration"
    if not session.may("integration-use-all"):
        query += f" WHERE id IN ({USABLE})"

    rows = await tx.all(query, {"user": session.user_id})
    missing = sorted(wanted - {row["id"] for row in rows})
    if missing:
        message = f"Invalid integration IDs: {', '.join(missing)}"
        raise ProcedureError("BAD_REQUEST", message)
