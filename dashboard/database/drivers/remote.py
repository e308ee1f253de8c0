"""A database behind a libSQL server (sqld, Turso), through aiolibsql.

The server keeps the file: its journal, cache and checkpoints are its own business,
and what SQLite is told about them elsewhere is answered here. A transaction that
lasts longer than the server allows (5 s in sqld) is ended by it.
"""

from __future__ import annotations

import asyncio
import math
import re
import sqlite3
from itertools import count
from typing import Any

from dashboard.database.drivers.connection import Parameters
from dashboard.database.drivers.libsql import LibsqlConnection, connect_raw
from dashboard.database.drivers.location import Server
from dashboard.database.drivers.statements import Statement, bind, read_statement
from dashboard.database.drivers.translation import make_error, make_rows

#: Seconds for one answer; whoever calls is not kept longer, cancelled or not.
ANSWER_TIMEOUT = 30.0
#: Not SQLITE_IOERR alone, which is how libSQL says that a disk is full.
UNREACHABLE = sqlite3.SQLITE_IOERR_READ

_PRAGMA = re.compile(r"\s*PRAGMA\s+(\w+)\s*(=|\()?\s*(\w*)", re.IGNORECASE)
#: The server's own business; telling it is an error there.
_ITS_OWN = {
    "busy_timeout",
    "cache_size",
    "journal_size_limit",
    "optimize",
    "synchronous",
    "wal_autocheckpoint",
}
_READING = {"", "BEGIN", "COMMIT", "END", "EXPLAIN", "PRAGMA", "ROLLBACK", "SELECT"}
_READING |= {"VALUES", "WITH"}


async def open_remote(
    server: Server, *, mode: str, busy_timeout: float
) -> RemoteConnection:
    """A connection to the server, which is first asked by the first statement.

    `mode` "ro" refuses writes; the server makes its database by itself.
    """
    connection = RemoteConnection(server, busy_timeout=busy_timeout)
    if mode == "ro":
        await connection.fetch("PRAGMA query_only = ON")

    return connection


class RemoteConnection(LibsqlConnection):
    """A connection over HTTP; a broken one is replaced at the next statement."""

    def __init__(self, server: Server, *, busy_timeout: float) -> None:
        super().__init__(None, busy_timeout=busy_timeout, hold=None)
        self._server = server
        self._closed = False
        self._query_only = False
        self._versions = count(1)

    async def _run(
        self, statement: Statement, values: list[Any]
    ) -> tuple[list[sqlite3.Row], int]:
        if self._query_only and statement.first not in _READING:
            raise make_error(
                sqlite3.SQLITE_READONLY, "attempt to write a readonly database"
            )

        if statement.first == "PRAGMA":
            answer = self._answer(statement.sql)
            if answer is not None:
                return answer, -1

            if "journal_mode" in statement.sql.lower():
                statement = read_statement("PRAGMA journal_mode")

        began = self.in_transaction
        try:
            return await self._ask(statement, values)
        except sqlite3.OperationalError as error:
            # The server drops an idle connection; nothing was under way in it.
            if began or error.sqlite_errorcode != sqlite3.SQLITE_ABORT:
                raise

        return await self._ask(statement, values)

    async def _ask(
        self, statement: Statement, values: list[Any]
    ) -> tuple[list[sqlite3.Row], int]:
        await self._connect()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await super()._run(statement, values)
        except TimeoutError:
            self._raw = None
            raise make_error(
                UNREACHABLE,
                f"the database server {self._server} did not answer within"
                f" {ANSWER_TIMEOUT:g} s",
            ) from None
        except sqlite3.Error as error:
            raise self._explain(error) from error

    async def _run_many(self, statement: Statement, values: list[list[Any]]) -> int:
        alone = not self.in_transaction
        if alone:
            await self._run(read_statement("BEGIN IMMEDIATE"), [])

        changed = 0
        try:
            for row in values:
                changed += (await self._run(statement, row))[1]

            if alone:
                await self._run(read_statement("COMMIT"), [])
        except BaseException:
            if alone and self.in_transaction:
                await self._run(read_statement("ROLLBACK"), [])

            raise

        return changed

    async def _connect(self) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

        if self._raw is None:
            self._raw = await connect_raw(
                self._server.url,
                shown=self._server.url,
                auth_token=self._server.auth_token,
            )

    async def _close(self) -> None:
        self._closed = True
        await super()._close()

    def _answer(self, sql: str) -> list[sqlite3.Row] | None:
        """What is not for the server; None where it is to be asked."""
        match = _PRAGMA.match(sql)
        if match is None:
            return None

        name, told = match[1].lower(), match[2] is not None
        if name == "query_only" and told:
            self._query_only = match[3].upper() in {"ON", "1", "TRUE", "YES"}
            return []

        if name == "data_version":
            # Each statement may meet another connection there, and each counts for
            # itself: whoever keeps what it read must not take two for the same.
            return make_rows(["data_version"], [(next(self._versions),)])

        if name == "wal_checkpoint":
            return make_rows(["busy", "log", "checkpointed"], [(0, -1, -1)])

        return [] if name in _ITS_OWN and (told or name == "optimize") else None

    def _explain(self, error: sqlite3.Error) -> Exception:
        text = str(error)
        if not text.startswith("Hrana: ") and "STREAM_EXPIRED" not in text:
            return error

        # Whatever was under way there is lost, and this connection of no more use.
        self._raw = None
        if "STREAM_EXPIRED" in text:
            return make_error(
                sqlite3.SQLITE_ABORT,
                "the database server ended the transaction, which took too long",
            )

        if "status=401" in text or "status=403" in text:
            return make_error(
                sqlite3.SQLITE_AUTH,
                "the database server refuses the token; set LIBSQL_AUTH_TOKEN",
            )

        return make_error(
            UNREACHABLE,
            f"the database server {self._server} cannot be reached or fails ({text});"
            " look whether it runs, and at DB_URL",
        )

    def _bind(self, statement: Statement, parameters: Parameters) -> list[Any]:
        values = bind(statement, parameters)
        for index, value in enumerate(values):
            if isinstance(value, float) and not math.isfinite(value):
                # JSON has neither. SQLite stores NULL for the one.
                if not math.isnan(value):
                    raise make_error(
                        sqlite3.SQLITE_MISMATCH, "the server takes no infinite number"
                    )

                values[index] = None

        return values
