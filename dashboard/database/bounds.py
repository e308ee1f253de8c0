"""The two ends of a transaction, on a bare connection."""

from __future__ import annotations

import sqlite3

from dashboard.database.drivers import Connection, Query


async def fetch_each(reader: Connection, *queries: Query) -> list[list[sqlite3.Row]]:
    """The rows of queries of which the first begins a transaction."""
    try:
        return await reader.fetch_each(*queries)
    except BaseException:
        # The first of them was BEGIN: another attempt starts with it again.
        await roll_back(reader)
        raise


async def try_begin(writer: Connection) -> bool:
    """Take the write lock if it can be had at once."""
    try:
        await writer.fetch("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False  # another process has the lock, or nobody can have it

    return True


async def roll_back(connection: Connection) -> None:
    """End a transaction, if there is one."""
    if connection.in_transaction:
        await connection.fetch("ROLLBACK")
