"""Files as Homarr leaves them: at each migration from 0034 to 0041, with rows."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dashboard.database import guard, schema
from dashboard.errors import DatabaseGuardError

LEVELS = tuple(range(34, 42))
ROOM = Path(schema.__file__).parent
#: By level: columns that are there before it, each with the one that follows it.
_REMOVED = {
    35: [
        ("user", "salt text", "provider"),
        ("apiKey", "salt text NOT NULL", "user_id"),
    ]
}
#: By level: columns and tables that are there from it on.
_ADDED = {
    36: [("user", "ddg_bangs")],
    37: [("user", "completed_manage_tour"), ("user", "completed_board_tour")],
    41: [("user", "enable_right_click_on_widgets")],
}
_NEW_TABLES = {
    38: ["custom_widget_definition", "custom_widget_secret"],
    40: ["widget_secret"],
}

#: What Homarr's first three migrations of these do to a file; see _make_late_steps.
STEPS: dict[int, tuple[str, ...]] = {
    35: (
        'ALTER TABLE "apiKey" DROP COLUMN salt',
        'ALTER TABLE "user" DROP COLUMN salt',
    ),
    36: ('ALTER TABLE "user" ADD ddg_bangs integer DEFAULT true NOT NULL',),
    37: (
        'ALTER TABLE "user" ADD completed_manage_tour integer DEFAULT false NOT NULL',
        'ALTER TABLE "user" ADD completed_board_tour integer DEFAULT false NOT NULL',
    ),
}


def read_tables() -> dict[str, str]:
    """The CREATE statements of our schema.sql by table, with what belongs to each."""
    text = (ROOM / "schema.sql").read_text()
    found = re.split(r'^CREATE TABLE "(\w+)"', text, flags=re.MULTILINE)
    return {
        name: f'CREATE TABLE "{name}"{rest}'
        for name, rest in zip(found[1::2], found[2::2], strict=True)
    }


def make_schema(level: int) -> dict[str, str]:
    """The tables of a file at this level, as Homarr's migrations have left them."""
    tables = read_tables()
    changes = [*_take_out_later_ones(level), *_put_in_earlier_ones(level)]
    for table, change, *arguments in changes:
        tables[table] = change(tables[table], *arguments)

    return {name: text for name, text in tables.items() if text}


def _take_out_later_ones(level: int) -> Iterator[tuple[Any, ...]]:
    """What is not there yet: the changes that take it out."""
    for since, names in _NEW_TABLES.items():
        if level < since:
            yield from ((name, lambda _: "") for name in names)

    for since, columns in _ADDED.items():
        if level < since:
            yield from ((table, _drop_line, column) for table, column in columns)


def _put_in_earlier_ones(level: int) -> Iterator[tuple[Any, ...]]:
    """What is still there: the changes that put it in."""
    for until, removed in _REMOVED.items():
        if level < until:
            yield from ((table, _insert_line, *how) for table, *how in removed)

    if level == 38:
        name = "custom_widget_definition"
        yield name, _drop_line, "url"
        yield name, _insert_line, "base_url text NOT NULL", "auth_type"
        yield name, _drop_line, "enabled"
        yield name, _insert_line, "endpoint text NOT NULL", "method"


def make_homarr_file(path: Path, level: int, *, rows: bool = True) -> None:
    """Make a file at this level, in the journal mode that Homarr's files have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_file(path) as connection:
        connection.execute("BEGIN")
        for statements in make_schema(level).values():
            for statement in schema.split_statements(statements):
                connection.execute(statement)

        for statement in schema.split_statements(
            (ROOM / "homarr_migrations.sql").read_text()
        ):
            connection.execute(statement)

        connection.execute(
            "DELETE FROM __drizzle_migrations WHERE created_at > ?", (when(level),)
        )
        if rows:
            _fill(connection, level)

        connection.execute("COMMIT")


def when(level: int) -> int:
    """The time of one of Homarr's migrations, in milliseconds."""
    return _journal()[level][1]


def migrate_as_homarr(path: Path) -> list[int]:
    """Bring a file to 0041 as Homarr's migrator does; returns the steps it took.

    It reads the newest time only, runs all that are newer in one transaction, and adds
    a row for each, with foreign keys on.
    """
    steps = {**STEPS, **_make_late_steps()}
    taken = []
    with open_file(path) as connection:
        (newest,) = connection.execute(
            "SELECT created_at FROM __drizzle_migrations"
            " ORDER BY created_at DESC LIMIT 1"
        ).fetchone()
        connection.execute("BEGIN")
        for level, (digest, made) in _journal().items():
            if made <= newest:
                continue

            for statement in steps[level]:
                connection.execute(statement)

            connection.execute(
                "INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)",
                (digest, made),
            )
            taken.append(level)

        connection.execute("COMMIT")

    return taken


def dump(path: Path) -> dict[str, Any]:
    """Every table with its columns and rows, and every index; but what is ours."""
    with open_file(path) as connection:
        masters = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"
            " WHERE name NOT LIKE 'oneroof\\_%' ESCAPE '\\'"
            " AND tbl_name NOT LIKE 'oneroof\\_%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        tables = [name for kind, name, _, _ in masters if kind == "table"]
        return {
            "schema": masters,
            "columns": {
                name: connection.execute(f'PRAGMA table_xinfo("{name}")').fetchall()
                for name in tables
            },
            "rows": {
                name: connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608
                for name in tables
            },
        }


@contextmanager
def open_file(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as Homarr's library makes it: foreign keys on, no mode changed."""
    wait_closed(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that this process has closed."""
    wait_closed(path)
    return path.read_bytes()


def wait_closed(path: Path) -> None:
    """Wait for libSQL's threads, which let go of a file a moment after its end."""
    deadline = time.monotonic() + 30
    while True:
        try:
            guard.claim(path, library="sqlite3").release()
        except DatabaseGuardError:
            if time.monotonic() > deadline:
                raise

            time.sleep(0.01)
        else:
            return


def _journal() -> dict[int, tuple[str, int]]:
    text = (ROOM / "homarr_migrations.sql").read_text()
    found = re.findall(r"/\* (\d{4})_\S+ \*/ \('(\w{64})', (\d+)\)", text)
    return {int(number): (digest, int(made)) for number, digest, made in found}


def _make_late_steps() -> dict[int, tuple[str, ...]]:
    """The steps that make tables, in the words of schema.sql."""
    before, after = make_schema(38), make_schema(41)
    added = "enable_right_click_on_widgets"
    name = "custom_widget_definition"
    rebuilt = make_schema(39)[name].replace(f'"{name}"', '"__new_widget"', 1)
    kept = (
        "id, name, description, icon_url, {url}, auth_type, header_name, method,"
        " request_body, display_type, display_config, {enabled}, created_at,"
        " updated_at, creator_id"
    )
    into = kept.format(url="url", enabled="enabled")
    values = kept.format(url="base_url || endpoint", enabled="1")
    return {
        38: (before[name], before["custom_widget_secret"]),
        39: (
            "PRAGMA foreign_keys = OFF",
            rebuilt,
            f'INSERT INTO "__new_widget" ({into}) SELECT {values} FROM "{name}"',  # noqa: S608
            f'DROP TABLE "{name}"',
            f'ALTER TABLE "__new_widget" RENAME TO "{name}"',
            "PRAGMA foreign_keys = ON",
        ),
        40: (after["widget_secret"],),
        41: (f'ALTER TABLE "user" ADD {added} integer DEFAULT true NOT NULL',),
    }


def _drop_line(table: str, column: str) -> str:
    changed, count = re.subn(rf",\n  {column} [^\n]*?(?=,?\n)", "", table)
    assert count == 1, (column, table)
    return changed


def _insert_line(table: str, line: str, before: str) -> str:
    changed, count = re.subn(rf"\n(  {before} )", rf"\n  {line},\n\1", table)
    assert count == 1, (line, table)
    return changed


def _fill(connection: sqlite3.Connection, level: int) -> None:
    """Put two rows into every table, and things that nobody has heard of."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    tables = [name for name in make_schema(level) if name != "__drizzle_migrations"]
    for name in tables:
        for number in (1, 2):
            _insert_row(connection, name, number)

    connection.execute('ALTER TABLE "item" ADD mystery text')
    connection.execute(
        "INSERT INTO item (id, board_id, kind, options, mystery)"
        " VALUES ('odd', 'board1', 'widgetOfTomorrow', ?, 'kept')",
        ('{"json": {"when": "x"}, "meta": {"values": {"when": ["Date"]}}}',),
    )
    connection.execute("CREATE TABLE future (id integer PRIMARY KEY, thing blob)")
    connection.execute("INSERT INTO future (thing) VALUES (x'00ff')")
    connection.execute("CREATE INDEX future_thing ON future (thing)")


def _insert_row(connection: sqlite3.Connection, table: str, number: int) -> None:
    values: dict[str, Any] = {}
    keys = {
        row[3]: row[2]
        for row in connection.execute(f'PRAGMA foreign_key_list("{table}")')
    }
    for row in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
        _, column, kind, _, _, _ = row
        if column in keys:
            values[column] = f"{keys[column]}{number}"
        elif column == "id":
            values[column] = f"{table}{number}"
        elif kind.lower() == "integer":
            values[column] = number
        elif kind.lower() == "blob":
            values[column] = bytes([number, 0, 255])
        elif column in ("options", "advanced_options", "value", "display_config"):
            values[column] = f'{{"json": {{"unheardOf": {number}}}}}'
        else:
            values[column] = f"{column} {number} é\0"

    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(
        f'INSERT INTO "{table}" ({names}) VALUES ({marks})',  # noqa: S608
        list(values.values()),
    )
