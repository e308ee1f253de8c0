"""What a transaction can do, whichever driver carries it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from anyio.lowlevel import checkpoint_if_cancelled

from dashboard.database.drivers import Connection, Parameters, Query
from dashboard.database.many import (
    Row,
    Statement,
    make_deletes,
    make_inserts,
    make_upserts,
)


class Readable(Protocol):
    """What answers queries: a transaction, or the database for a single one."""

    async def one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""

    async def all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Every row of a query."""


class Transaction:
    """The statements of one transaction; of no use once it has ended.

    Text may hold a NUL; text that is no Unicode (half a surrogate pair) raises
    ValueError. The library's own errors come through as sqlite3's.
    """

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

    async def insert_many(self, table: str, rows: Iterable[Row]) -> int:
        """Insert rows, each a mapping of columns to values; returns how many.

        Raises ValueError, with nothing written, unless all have the same columns.
        """
        return await self._run(make_inserts(table, rows))

    async def upsert_many(
        self, table: str, rows: Iterable[Row], *, key: Sequence[str]
    ) -> int:
        """Insert rows, or update those whose key is there; returns how many it was.

        `key` names the columns of a primary key or a unique index. Columns that the
        rows do not have keep their values; of rows with one key the last one wins.
        Raises ValueError as `insert_many` does.
        """
        return await self._run(make_upserts(table, rows, key))

    async def delete_many(self, table: str, column: str, values: Iterable[Any]) -> int:
        """Delete the rows with one of these values in a column; returns how many."""
        return await self._run(make_deletes(table, column, values))

    def end(self) -> None:
        """Refuse every statement from now on."""
        self._connection = None

    async def _run(self, statements: Iterable[Statement]) -> int:
        count = 0
        for sql, values in statements:
            count += await self.execute(sql, values)
            # A statement runs to its end; a hundred of them need not.
            await checkpoint_if_cancelled()

        return count

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the transaction has ended; open another one")

        if not self._connection.in_transaction:
            # SQLite does so by itself when the disk is full, for one: what came after
            # it would be kept alone.
            raise RuntimeError("the transaction was rolled back by an error in it")

        return self._connection


class Snapshot(Transaction):
    """A transaction that only reads, and knows of which version of the data.

    The version is a number that differs after every commit, by whomever; it means
    something to this process's database object only.
    """

    __slots__ = ("version",)

    version: int
