from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from dashboard.database import Database
from dashboard.database.many import MOST_VALUES

ROWS = "SELECT id, name, description, icon_url, href FROM app ORDER BY id"


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


def make_app(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"{number:05}", "name": f"app {number}", "icon_url": "", **values}


async def read_rows(database: Database) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await database.all(ROWS)]


async def test_rows_are_inserted_updated_and_deleted(database: Database):
    """Each call says how many it was; what a row does not name keeps its value."""
    async with database.write() as tx:
        inserted = await tx.insert_many(
            "app", [make_app(1, description="kept"), make_app(2, description=None)]
        )
        upserted = await tx.upsert_many(
            "app", [make_app(2, href="/two"), make_app(3, href="/three")], key=["id"]
        )
        deleted = await tx.delete_many("app", "id", ["00002", "none", "00002"])

    assert (inserted, upserted, deleted) == (2, 2, 1)
    assert await read_rows(database) == [
        ("00001", "app 1", "kept", "", None),
        ("00003", "app 3", None, "", "/three"),
    ]


@pytest.mark.parametrize("count", [0, 1, 333, 334, 2500])
async def test_any_number_of_rows_goes_through(database: Database, count: int):
    """However many values that is: they are cut into statements of a lawful size."""
    apps = [make_app(number) for number in range(count)]
    async with database.write() as tx:
        inserted = await tx.insert_many("app", apps)
        renamed = [{**app, "name": "renamed"} for app in apps]
        upserted = await tx.upsert_many("app", renamed, key=["id"])

    rows = await read_rows(database)
    async with database.write() as tx:
        deleted = await tx.delete_many("app", "id", (app["id"] for app in apps))

    assert (inserted, upserted, deleted) == (count, count, count)
    assert [row[0] for row in rows] == [app["id"] for app in apps]
    assert {row[1] for row in rows} <= {"renamed"}
    assert await read_rows(database) == []


async def test_no_statement_takes_more_values_than_any_library_does(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """The least limit that SQLite has ever been built with."""
    sizes = []
    async with database.write() as tx:
        execute = type(tx).execute

        async def counted(self: Any, sql: str, values: Any = ()) -> int:
            sizes.append((len(values), sql.count("?")))
            return await execute(self, sql, values)

        monkeypatch.setattr(type(tx), "execute", counted)
        apps = [make_app(number) for number in range(2000)]
        await tx.insert_many("app", apps)
        await tx.delete_many("app", "id", [app["id"] for app in apps])

    assert max(sizes) == (999, 999)
    assert all(given == marks for given, marks in sizes)
    assert MOST_VALUES <= 999


async def test_one_bad_row_takes_back_all_of_them(database: Database):
    """Those of the statements before it as well."""
    async with database.write() as tx:
        await tx.insert_many("app", [make_app(7)])

    with pytest.raises(sqlite3.IntegrityError):
        async with database.write() as tx:
            await tx.insert_many("app", [make_app(n) for n in [*range(8, 1500), 7]])

    assert [row[0] for row in await read_rows(database)] == ["00007"]


async def test_of_rows_with_one_key_the_last_one_wins(database: Database):
    """As if they came one by one; a row that is only its key changes nothing."""
    key = ["board_id", "permission", "user_id"]
    grant = {"board_id": "b", "permission": "view", "user_id": "u"}
    async with database.write() as tx:
        await tx.upsert_many(
            "app", [make_app(1, name="first"), make_app(1, name="last")], key=["id"]
        )
        await tx.insert_many("board", [{"id": "b", "name": "b"}])
        await tx.insert_many("user", [{"id": "u"}])
        new = await tx.upsert_many("boardUserPermission", [grant], key=key)
        again = await tx.upsert_many("boardUserPermission", [grant], key=key)

    assert [row[1] for row in await read_rows(database)] == ["last"]
    assert (new, again) == (1, 0)


async def test_every_kind_of_value_comes_back(database: Database):
    """NULL, text of any language, bytes, numbers and truth."""
    rows = [
        {
            "id": "m",
            "name": "ünï ☃ 🂡 '\"`;--",
            "content": b"\0\xff",
            "content_type": "",
            "size": 2**62,
            "created_at": True,
            "creator_id": None,
        }
    ]
    async with database.write() as tx:
        await tx.insert_many("media", rows)
        found = await tx.all("SELECT * FROM media")

    assert [dict(row) for row in found] == [{**rows[0], "created_at": 1}]


async def test_names_are_quoted_and_never_taken_for_anything_else(database: Database):
    """A name is a name: of a reserved word, with a quote in it, or of nothing."""
    async with database.write() as tx:
        await tx.execute(
            'CREATE TABLE "or""der" ("sel""ect" text PRIMARY KEY, "a b" x)'
        )
        rows = [{'sel"ect': "1", "a b": 2}]
        await tx.insert_many('or"der', rows)
        await tx.upsert_many('or"der', [{'sel"ect': "1", "a b": 3}], key=['sel"ect'])
        found = await tx.all('SELECT * FROM "or""der"')
        await tx.insert_many("app", [make_app(1)])
        # Alone, SQLite would take the quoted name for the string "nothing".
        with pytest.raises(sqlite3.OperationalError, match="no such column"):
            await tx.delete_many("app", "nothing", ["nothing"])

        for name in ("", "a\0b"):
            with pytest.raises(ValueError, match="no name"):
                await tx.delete_many(name, "id", [1])

        deleted = await tx.delete_many('or"der', 'sel"ect', ["1"])

    assert [tuple(row) for row in found] == [("1", 3)]
    assert deleted == 1
    assert len(await read_rows(database)) == 1


@pytest.mark.parametrize(
    ("rows", "key", "message"),
    [
        ([make_app(1), make_app(2, href="")], ["id"], "row 1 has other columns"),
        ([make_app(1), {"id": "2"}], ["id"], "row 1 has other columns"),
        ([{}], ["id"], "no column 'id'"),
        ([make_app(1)], ["url"], "no column 'url' of the key"),
        ([make_app(1)], [], "needs the columns of its key"),
        ([dict.fromkeys(map(str, range(1000)))], ["1"], "1 to 999 columns, not 1000"),
    ],
)
async def test_rows_that_do_not_fit_are_refused_before_anything_is_written(
    database: Database, rows: list[dict[str, Any]], key: list[str], message: str
):
    """All at once, not in the middle of them."""
    async with database.write() as tx:
        with pytest.raises(ValueError, match=message):
            await tx.upsert_many("app", rows, key=key)

    assert await read_rows(database) == []
