"""Integrations: the connections to other programs that an existing file holds."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.database import Database, Readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """A connection to another program; its secrets stay in the database."""

    id: str
    #: Not unique.
    name: str
    #: Homarr's word for the program.
    kind: str
    url: str


async def list_integrations(source: Readable) -> list[Integration]:
    """All of them, by name."""
    rows = await source.all(
        "SELECT id, name, kind, url FROM integration ORDER BY lower(name), id"
    )
    return [Integration(**dict(row)) for row in rows]


async def delete_integration(database: Database, integration_id: str) -> bool:
    """Delete it with its secrets, permissions and places in items, all or nothing.

    Returns False where there is none with this id.
    """
    async with database.write() as tx:
        deleted = await tx.execute(
            "DELETE FROM integration WHERE id = ?", (integration_id,)
        )

    return deleted > 0
