from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from dashboard.database.drivers import Connection

INSERT = "INSERT INTO thing (name) VALUES (?)"


async def names(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT name FROM thing ORDER BY name")
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (None, None),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (0.1, 0.1),
        (1e300, 1e300),
        ("", ""),
        ("é 🏠 '\"\n", "é 🏠 '\"\n"),
        (b"", b""),
        (b"\0\xff\n", b"\0\xff\n"),
        (bytearray(b"\0x"), b"\0x"),
        (memoryview(b"\0y"), b"\0y"),
    ],
)
async def test_a_value_comes_back_as_it_was(
    connection: Connection, value: Any, back: Any
):
    """In type as well, by place and by name, and stored in between."""
    await connection.execute("CREATE TABLE anything (value)")
    await connection.execute("INSERT INTO anything VALUES (?)", (value,))
    await connection.execute("INSERT INTO anything VALUES (:one)", {"one": value})
    rows = await connection.fetch("SELECT value FROM anything")

    assert [row["value"] for row in rows] == [back, back]
    assert {type(row["value"]) for row in rows} == {type(back)}


async def test_a_row_answers_by_name_and_by_place(connection: Connection):
    """As sqlite3.Row does, names of every kind and twice the same included."""
    row, other = await connection.fetch(
        'SELECT 1 AS one, \'x\' AS "a ""b""", 3 AS One, NULL'
        " UNION ALL SELECT 2, 'y', 4, NULL"
    )

    assert isinstance(row, sqlite3.Row)
    assert (row["one"], row["ONE"], row[2], row[-1]) == (1, 1, 3, None)
    assert row.keys() == ["one", 'a "b"', "One", "NULL"]
    assert dict(row)['a "b"'] == "x"
    assert tuple(other) == (2, "y", 4, None)
    assert row != other
    with pytest.raises(IndexError):
        row["two"]


@pytest.mark.parametrize(
    ("sql", "parameters", "found"),
    [
        ("SELECT ?, ?", (1, 2), (1, 2)),
        ("SELECT ?, ?", [1, 2], (1, 2)),
        ("SELECT :b, :a, :b", {"a": 1, "b": 2, "more": 3}, (2, 1, 2)),
        ("SELECT @a, $b", {"a": 1, "b": 2}, (1, 2)),
        ("SELECT ?2, ?1, ?2", (1, 2), (2, 1, 2)),
        ("SELECT ':a', \"?\", `:a`, [?], ?", (1,), None),
        ("SELECT '?''?', ? -- ?\n, /* :a ? */ ?", (1, 2), ("?'?", 1, 2)),
        ("  -- first\n SELECT ?;\n -- and last;", (1,), (1,)),
    ],
)
async def test_parameters_find_their_places(
    connection: Connection, sql: str, parameters: Any, found: tuple[Any, ...] | None
):
    """By place or by name; a mark in a string, name or comment is none."""
    if found is None:
        await connection.execute('CREATE TABLE odd ("?", ":a")')
        await connection.execute("INSERT INTO odd VALUES (1, 2)")
        sql, found = f"{sql} FROM odd", (":a", 1, 2, 1, 1)

    rows = await connection.fetch(sql, parameters)

    assert tuple(rows[0]) == found


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT ?", ()),
        ("SELECT ?", (1, 2)),
        ("SELECT :a", {}),
        ("SELECT ?", {"a": 1}),
        ("SELECT ?", (object(),)),
    ],
)
async def test_parameters_that_do_not_fit_are_an_error(
    connection: Connection, sql: str, parameters: Any
):
    """A NULL in the place of one that is missing would be found out too late."""
    with pytest.raises((sqlite3.ProgrammingError, sqlite3.InterfaceError)):
        await connection.fetch(sql, parameters)

    with pytest.raises(OverflowError):
        await connection.fetch("SELECT ?", (2**63,))


@pytest.mark.parametrize(
    ("sql", "kind", "code"),
    [
        (
            "INSERT INTO thing (name) VALUES ('a')",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        ),
        (
            "UPDATE thing SET size = 100",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_CHECK,
        ),
        (
            "UPDATE thing SET size = NULL",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_NOTNULL,
        ),
        (
            "UPDATE thing SET owner = 7",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
        ),
        (
            "UPDATE thing SET id = 'x'",
            sqlite3.IntegrityError,
            sqlite3.SQLITE_MISMATCH,
        ),
        ("SELEC 1", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        ("SELECT * FROM nothing", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        ("SELECT abs(-1 << 63)", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        ("COMMIT", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
    ],
)
async def test_an_error_is_the_same_whatever_the_library(
    connection: Connection, sql: str, kind: type[sqlite3.Error], code: int
):
    """In class, code and the code's name, and the connection is of use after it."""
    await connection.execute(INSERT, ("a",))
    with pytest.raises(sqlite3.Error) as caught:
        await connection.fetch(sql)

    assert type(caught.value) is kind
    assert caught.value.sqlite_errorcode == code
    assert getattr(sqlite3, caught.value.sqlite_errorname) == code
    assert await names(connection) == ["a"]


async def test_counts_are_sqlite3s(connection: Connection):
    """Of rows that were changed; -1 for what changes none by its nature."""
    assert await connection.execute(INSERT, ("a",)) == 1
    assert await connection.execute_many(INSERT, [("b",), ("c",)]) == 2
    assert await connection.execute_many(INSERT, []) == 0
    assert await connection.execute("UPDATE thing SET size = 1 WHERE name > 'a'") == 2
    assert await connection.execute("UPDATE thing SET size = 1 WHERE FALSE") == 0
    assert await connection.execute("SELECT * FROM thing") == -1
    assert await connection.execute("CREATE TABLE other (a)") == -1
    assert await connection.execute("PRAGMA optimize") == -1

    many = ({"name": name} for name in "de")
    sql = "INSERT INTO thing (name) VALUES (:name)"

    assert await connection.execute_many(sql, many) == 2

    rows = await connection.fetch("DELETE FROM thing RETURNING name")

    assert sorted(row["name"] for row in rows) == ["a", "b", "c", "d", "e"]
    assert await names(connection) == []


async def test_a_transaction_is_seen_by_its_connection(connection: Connection):
    """And ended by ROLLBACK or COMMIT, with what was in it."""
    await connection.fetch("BEGIN IMMEDIATE")

    assert connection.in_transaction

    await connection.execute(INSERT, ("a",))
    await connection.fetch("ROLLBACK")

    assert not connection.in_transaction

    await connection.fetch("BEGIN")
    await connection.execute_many(INSERT, [("b",), ("c",)])

    assert connection.in_transaction

    with pytest.raises(sqlite3.IntegrityError):
        await connection.execute(INSERT, ("b",))

    await connection.fetch("COMMIT")

    assert not connection.in_transaction
    assert await names(connection) == ["b", "c"]


async def test_several_queries_are_answered_in_order(connection: Connection):
    """In one go where the driver can."""
    found = await connection.fetch_each(
        ("BEGIN", ()), ("SELECT ? AS a", (1,)), ("SELECT :b AS b", {"b": 2})
    )

    assert [[tuple(row) for row in rows] for rows in found] == [[], [(1,)], [(2,)]]


async def test_plain_rows_are_tuples(connection: Connection):
    """And only they: the next rows have names again."""
    found = await connection.fetch_plain(
        ("SELECT ? AS a, NULL AS b", (1,)), ("SELECT :b AS b", {"b": "x"})
    )
    named = await connection.fetch("SELECT 1 AS a")

    assert found == [[(1, None)], [("x",)]]
    assert {type(row) for rows in found for row in rows} == {tuple}
    assert named[0]["a"] == 1


async def test_one_call_is_one_statement(connection: Connection):
    """What follows would be left out without a word."""
    two = "INSERT INTO thing (name) VALUES ('a'); DELETE FROM thing"
    with pytest.raises((sqlite3.Warning, sqlite3.ProgrammingError), match="one stat"):
        await connection.execute(two)

    assert await names(connection) == []
    assert await connection.fetch("-- nothing to do") == []
