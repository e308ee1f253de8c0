"""Keep the database file small and its query planner informed."""

from __future__ import annotations

from dashboard.resources import Resources


async def run(resources: Resources) -> None:
    """Refresh the planner's statistics and fold the write-ahead log into the file."""
    await resources.database.maintain()
