"""What a transaction can do, whichever driver carries it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Protocol

from dashboard.database.drivers import Connection, Parameters, Query


class Readable(Protocol):
    """What answers queries: a transaction, or the database for a single one."""

    async def one(
        self, sql: str, parameters: Parameters = ()
    ) -> sqlite3.Row | None: ...

    async def all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]: ...


class Transaction:
    """The statements of one transaction; of no use once it has ended."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    async def one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row, or None."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Every row."""
        return await self._open.fetch(sql, parameters)

    async def all_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """The rows of several queries that do not need each other, in one go."""
        return await self._open.fetch_each(*queries)

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        return await self._open.execute(sql, parameters)

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run a statement once for each row of parameters."""
        return await self._open.execute_many(sql, rows)

    def end(self) -> None:
        """Refuse every statement from now on."""
        self._connection = None

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the transaction has ended; open another one")

        return self._connection
