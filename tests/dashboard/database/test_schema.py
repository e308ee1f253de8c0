from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard import superjson
from dashboard.database import Database
from dashboard.database.schema import SINCE, has_column

from .homarr_file import LEVELS, make_homarr_file, make_schema

#: Homarr's ten secondary indexes.
INDEXES = {
    "board_name_unique": "board",
    "group_name_unique": "group",
    "integration__kind_idx": "integration",
    "integration_secret__kind_idx": "integrationSecret",
    "integration_secret__updated_at_idx": "integrationSecret",
    "invite_token_unique": "invite",
    "search_engine_short_unique": "search_engine",
    "serverSetting_settingKey_unique": "serverSetting",
    "userId_idx": "account",
    "user_id_idx": "session",
}


@pytest.fixture(name="driver")
def _driver() -> str:
    return "sqlite3"


async def test_a_new_file_has_homarrs_tables_and_indexes(database: Database):
    """35 of its own and the one of its migrations; what is ours is named so."""
    rows = await database.all(
        "SELECT type, name, tbl_name FROM sqlite_master"
        " WHERE name NOT LIKE 'oneroof%' AND tbl_name NOT LIKE 'oneroof%'"
    )
    tables = {row["name"] for row in rows if row["type"] == "table"}
    indexes = {
        row["name"]: row["tbl_name"]
        for row in rows
        if row["type"] == "index" and not row["name"].startswith("sqlite_autoindex")
    }

    assert len(tables) == 36
    assert {"user", "groupMember", "item_layout", "widget_secret"} <= tables
    assert indexes == INDEXES


async def test_every_foreign_key_leads_somewhere(database: Database):
    """Each names a table and a column that exist, and all but one say what follows."""
    rows = await database.all(
        "SELECT m.name AS owner, f.* FROM sqlite_master AS m,"
        " pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'"
    )
    columns = await database.all(
        "SELECT m.name AS owner, t.name AS name FROM sqlite_master AS m,"
        " pragma_table_info(m.name) AS t WHERE m.type = 'table'"
    )
    known = {(row["owner"], row["name"]) for row in columns}
    plain = {
        (row["owner"], row["from"]) for row in rows if row["on_delete"] == "NO ACTION"
    }

    assert {(row["table"], row["to"]) for row in rows} <= known
    assert plain == {("integration", "app_id")}


async def test_homarr_would_take_the_file_for_migrated(database: Database):
    """It reads the newest row; ids are NULL in its own files as well."""
    rows = await database.all(
        "SELECT id, hash, created_at FROM __drizzle_migrations ORDER BY created_at"
    )

    assert len(rows) == 42
    assert rows[0]["created_at"] == 1715334238443
    assert rows[-1]["created_at"] == 1783786658943
    assert all(row["id"] is None for row in rows)
    assert all(re.fullmatch("[0-9a-f]{64}", row["hash"]) for row in rows)


async def test_a_new_file_has_its_seeds(database: Database):
    """The group of everyone, the first step, and the server's settings."""
    groups = await database.all('SELECT name, position FROM "group"')
    steps = await database.all("SELECT step, previous_step FROM onboarding")
    settings = await database.all('SELECT setting_key, value FROM "serverSetting"')
    values = {row["setting_key"]: superjson.decode(row["value"]) for row in settings}

    assert [tuple(row) for row in groups] == [("everyone", -1)]
    assert [tuple(row) for row in steps] == [("start", None)]
    assert values["board"]["homeBoardId"] is None
    assert values["analytics"]["enableGeneral"] is False
    assert set(values) == {
        "analytics",
        "appearance",
        "board",
        "crawlingAndIndexing",
        "culture",
        "search",
        "user",
    }


async def test_defaults_are_homarrs(database: Database):
    """A row that says little reads as Homarr's would."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO \"user\" (id) VALUES ('u')")
        await tx.execute("INSERT INTO board (id, name) VALUES ('b', 'b')")
        await tx.execute("INSERT INTO item (id, board_id, kind) VALUES ('i', 'b', 'x')")
        user = await tx.one('SELECT * FROM "user"')
        board = await tx.one("SELECT * FROM board")
        item = await tx.one("SELECT * FROM item")

    assert user is not None
    assert board is not None
    assert item is not None
    assert (user["provider"], user["color_scheme"]) == ("credentials", "dark")
    assert (user["open_search_in_new_tab"], user["ping_icons_enabled"]) == (1, 0)
    assert (board["primary_color"], board["opacity"]) == ("#fa5252", 100)
    assert item["options"] == item["advanced_options"] == '{"json": {}}'


@pytest.mark.parametrize("level", LEVELS)
async def test_columns_that_only_some_files_have_are_found_out(path: Path, level: int):
    """By looking at the file: `salt` was there up to 0034, others came later."""
    make_homarr_file(path, level)
    database = Database(path, driver="sqlite3")
    async with database.read() as tx:
        salted = {await has_column(tx, table, "salt") for table in ("user", "apiKey")}
        ddg = await has_column(tx, "user", "ddg_bangs")
        unknown = await has_column(tx, "no such table", "salt")

    name = await has_column(database, "user", "name")
    await database.close()

    assert (salted, ddg) == ({level < 35}, level >= 36)
    assert (unknown, name) == (False, True)


@pytest.mark.parametrize("level", LEVELS)
def test_what_came_later_is_asked_of_no_earlier_file(level: int):
    """The table of when each came agrees with what Homarr's migrations make."""
    tables, last = make_schema(level), make_schema(LEVELS[-1])
    missing = set(last) - set(tables)
    for table, text in tables.items():
        had = set(re.findall(r"(?m)^  ([a-z]\w*) ", text))
        missing |= {
            f"{table}.{column}"
            for column in re.findall(r"(?m)^  ([a-z]\w*) ", last[table])
            if column not in had
        }

    later = {name for name, since in SINCE.items() if since > level}
    within = {name for name in later if name.partition(".")[0] in missing - {name}}

    assert missing == later - within
