from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard.database import Database, DatabaseOpenError
from dashboard.database.drivers import Connection, Server, connect, remote
from dashboard.database.failures import is_full
from dashboard.database.schema import State, create_schema, read_state

from .conftest import TABLE
from .hrana import HranaServer

INSERT = "INSERT INTO thing (name) VALUES (?)"

pytestmark = pytest.mark.usefixtures("libsql")


@pytest.fixture(name="connection")
async def _connection(server: Server) -> AsyncIterator[Connection]:
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=1)
    await connection.execute(TABLE)
    yield connection
    await connection.close()


async def names(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT name FROM thing ORDER BY name")
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    "value",
    [None, 2**63 - 1, -(2**63), 0.1, "", "é 🏠 '\"\n", "a\0b", b"", b"\0\xff\n"],
)
async def test_a_value_comes_back_from_a_server(connection: Connection, value: Any):
    """In type as well, by place and by name, and stored in between."""
    await connection.execute("CREATE TABLE anything (value)")
    await connection.execute("INSERT INTO anything VALUES (?)", (value,))
    await connection.execute("INSERT INTO anything VALUES (:one)", {"one": value})
    rows = await connection.fetch("SELECT value FROM anything")

    assert [dict(row) for row in rows] == [{"value": value}] * 2
    assert {type(row["value"]) for row in rows} == {type(value)}


async def test_numbers_that_json_has_not_are_not_sent(connection: Connection):
    """NaN is NULL in SQLite anyway; infinity is an error, and not of the server."""
    rows = await connection.fetch("SELECT ? AS a", (float("nan"),))

    assert rows[0]["a"] is None
    with pytest.raises(sqlite3.IntegrityError, match="infinite"):
        await connection.fetch("SELECT ?", (float("inf"),))


async def test_a_transaction_at_a_server_is_kept_whole(connection: Connection):
    """And several rows in one, or none of them."""
    await connection.fetch("BEGIN IMMEDIATE")

    assert connection.in_transaction
    assert await connection.execute(INSERT, ("lost",)) == 1

    await connection.fetch("ROLLBACK")

    assert not connection.in_transaction
    assert await connection.execute_many(INSERT, [("a",), ("b",)]) == 2
    with pytest.raises(sqlite3.IntegrityError):
        await connection.execute_many(INSERT, [("c",), ("a",)])

    assert not connection.in_transaction
    assert await names(connection) == ["a", "b"]


@pytest.mark.parametrize(
    ("sql", "kind", "code"),
    [
        (
            "INSERT INTO thing (name) VALUES ('a')",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        ),
        (
            "UPDATE thing SET owner = 7",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
        ),
        ("SELECT * FROM nothing", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        ("SELEC 1", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
    ],
)
async def test_a_server_s_error_is_as_sqlite3s(
    connection: Connection, sql: str, kind: type[sqlite3.Error], code: int
):
    """And inside a transaction it does not end it."""
    await connection.fetch("BEGIN")
    await connection.execute(INSERT, ("a",))
    with pytest.raises(sqlite3.Error) as caught:
        await connection.execute(sql)

    assert (type(caught.value), caught.value.sqlite_errorcode) == (kind, code)
    assert connection.in_transaction

    await connection.fetch("COMMIT")

    assert await names(connection) == ["a"]


async def test_a_lock_at_the_server_is_busy(connection: Connection, server: Server):
    """Who waits for it is told as with a file."""
    other = await connect(server, driver="libsql", mode="rw", busy_timeout=0)
    await other.fetch("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(connection.fetch("BEGIN IMMEDIATE"))
    if isinstance(server, Server) and server.auth_token:
        with pytest.raises(sqlite3.OperationalError) as caught:
            await waiting

        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
        assert not connection.in_transaction
    else:
        # sqld lets it wait, and ends the other one after five seconds.
        await other.fetch("COMMIT")
        await waiting
        await connection.fetch("ROLLBACK")

    await other.close()


async def test_what_is_the_servers_own_is_answered_here(connection: Connection):
    """How it keeps its file is not for us to say; and no two versions are the same."""
    for sql in (
        "PRAGMA synchronous = FULL",
        "PRAGMA cache_size = -2000",
        "PRAGMA journal_size_limit = 1",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA optimize",
    ):
        assert await connection.fetch(sql) == []

    first, second = [
        (await connection.fetch("PRAGMA data_version"))[0][0] for _ in range(2)
    ]

    assert first != second
    assert (await connection.fetch("PRAGMA wal_checkpoint(TRUNCATE)"))[0][0] == 0
    assert (await connection.fetch("PRAGMA foreign_keys"))[0][0] == 1
    assert (await connection.fetch("PRAGMA quick_check(1)"))[0][0] == "ok"


async def test_a_reader_does_not_write_to_a_server(server: Server):
    """Neither with mode ro nor after PRAGMA query_only."""
    writer = await connect(server, driver="libsql", mode="rwc", busy_timeout=0)
    await writer.execute(TABLE)
    reader = await connect(server, driver="libsql", mode="ro", busy_timeout=0)
    await writer.fetch("PRAGMA query_only = ON")
    for connection in (reader, writer):
        with pytest.raises(sqlite3.OperationalError) as caught:
            await connection.execute(INSERT, ("a",))

        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_READONLY
        assert await names(connection) == []

    await reader.close()
    await writer.close()


async def test_homarrs_schema_is_made_at_a_server(server: Server):
    """Statement for statement; aiolibsql reads and writes each of them anew."""
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=1)

    assert await read_state(connection) is State.EMPTY

    await connection.fetch("BEGIN IMMEDIATE")
    await create_schema(connection)
    await connection.fetch("COMMIT")

    assert await read_state(connection) is State.CURRENT

    await connection.close()


async def test_a_database_works_at_a_server(server: Server):
    """Made, written, read, maintained and opened again, as a file is."""
    for number in range(2):
        database = Database(server, driver="libsql", journal_mode="wal")
        async with database.write() as tx:
            await tx.insert_many(
                "app",
                [{"id": f"{number}{n}", "name": "é", "icon_url": ""} for n in "ab"],
            )

        async with database.read() as tx:
            rows = await tx.all("SELECT id FROM app ORDER BY id")

        before = await database.data_version()
        await database.maintain()
        after = await database.data_version()
        await database.close()

        assert [row["id"] for row in rows] == ["0a", "0b", "1a", "1b"][: 2 * number + 2]
        # Nothing that is kept until the version changes is ever taken for new.
        assert after != before


async def test_an_idle_connection_that_was_dropped_is_made_anew(
    stand_in: HranaServer,
):
    """But not within a transaction, which is lost then and says so."""
    server = Server(url=stand_in.url, auth_token="token")
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=0)
    await connection.execute(TABLE)
    await names(connection)
    stand_in.expire()

    assert await names(connection) == []

    await connection.fetch("BEGIN IMMEDIATE")
    await connection.execute(INSERT, ("a",))
    stand_in.expire()
    with pytest.raises(sqlite3.OperationalError, match="too long") as caught:
        await connection.fetch("COMMIT")

    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_ABORT
    assert not connection.in_transaction
    assert await names(connection) == []

    await connection.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await connection.fetch("SELECT 1")


async def test_a_wrong_token_is_told_as_such(stand_in: HranaServer):
    """And the token is in nothing that is printed."""
    server = Server(url=stand_in.url, auth_token="secret")
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=0)
    with pytest.raises(sqlite3.DatabaseError, match="LIBSQL_AUTH_TOKEN") as caught:
        await connection.fetch("SELECT 1")

    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_AUTH
    assert "secret" not in repr(server) + str(server) + str(caught.value)

    await connection.close()


async def test_a_server_that_is_not_there_is_an_error(stand_in: HranaServer):
    """Until it is back."""
    server = Server(url=stand_in.url, auth_token="token")
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=0)
    await connection.execute(TABLE)
    stand_in.token = "another"
    with pytest.raises(sqlite3.DatabaseError):
        await names(connection)

    stand_in.token = "token"

    assert await names(connection) == []

    await connection.close()
    nowhere = Server(url="http://127.0.0.1:1")
    connection = await connect(nowhere, driver="libsql", mode="rwc", busy_timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="refused") as caught:
        await connection.fetch("SELECT 1")

    assert str(nowhere) in str(caught.value)
    assert not is_full(caught.value)

    await connection.close()


async def test_a_database_whose_server_is_not_there_is_not_told_as_full():
    """The server is named, and where to look; nothing of disks and room."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = Server(url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        database = Database(server, driver="libsql")
        with pytest.raises(DatabaseOpenError) as caught:
            await database.open()

        await database.close()

    cause = caught.value.cause
    assert cause.startswith(f"the database server {server} cannot be reached or fails")
    assert "DB_URL" in cause
    assert "room" not in cause


async def test_a_server_that_says_nothing_is_given_up(
    stand_in: HranaServer, monkeypatch: pytest.MonkeyPatch
):
    """After a bound, since nobody can cancel what is under way."""
    monkeypatch.setattr(remote, "ANSWER_TIMEOUT", 0.05)
    stand_in.silent.set()
    server = Server(url=stand_in.url, auth_token="token")
    connection = await connect(server, driver="libsql", mode="rwc", busy_timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="did not answer"):
        await connection.fetch("SELECT 1")

    assert not connection.in_transaction

    await connection.close()


@pytest.mark.parametrize("driver", ["aiosqlite", "sqlite3"])
async def test_only_libsql_goes_to_a_server(driver: str):
    """The others would make a file of its name."""
    with pytest.raises(ValueError, match="libsql"):
        await connect(
            Server(url="http://127.0.0.1:1"), driver=driver, mode="rw", busy_timeout=0
        )
