"""What a launch wrote: as many rows, and the same in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from memory_report.rows import count_rows, digest_rows

IDS = ("epvbac72bryo87gamyla5xbz", "tfpjyw2ewnsvgtodqvjctih8")
TABLES = """
    CREATE TABLE "app" (id, name, ping_url);
    CREATE TABLE "item" (id, board_id, options, created_at);
    CREATE TABLE "session" (session_token, user_id, expires);
    CREATE TABLE "oneroof_job_run" (job, tick);
    CREATE TABLE empty (id);
"""


def write(
    file: Path,
    *,
    ids: tuple[str, str] = IDS,
    now: int = 7,
    note: str = "x" * 400,
    reverse: bool = False,
) -> Path:
    """Write what a launch with these identifiers, at this time, leaves behind."""

    items = [
        (ids[0], ids[1], f'{{"appId":"{ids[1]}"}}', now),
        (ids[1], ids[0], f'{{"content":"Note 9: {note}"}}', now),
    ]
    url = f"http://127.0.0.1:{40000 + now}/"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(TABLES)
        connection.execute("INSERT INTO app VALUES (?, 'Pinged', ?)", (ids[0], url))
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?, ?)", items[:: -1 if reverse else 1]
        )
        connection.execute("INSERT INTO session VALUES (?, ?, ?)", (*ids, now))
        connection.executemany(
            "INSERT INTO oneroof_job_run VALUES ('ping', ?)", [(n,) for n in range(now)]
        )

    return file


def test_rows_are_counted_by_table(tmp_path: Path):
    """Empty tables say nothing, and the clock's runs are not the story's."""

    counts = count_rows(write(tmp_path / "db.sqlite"))

    assert counts == {"app": 1, "item": 2, "session": 1}


def test_identifiers_times_and_order_make_no_difference(tmp_path: Path):
    """Two launches of one story wrote the same."""

    first = digest_rows(write(tmp_path / "one.sqlite"))
    other = write(tmp_path / "two.sqlite", ids=IDS[::-1], now=9, reverse=True)

    assert first.keys() == {"app", "item", "session"}
    assert digest_rows(other) == first


@pytest.mark.parametrize("note", ["x" * 399, "y" + "x" * 399])
def test_other_contents_make_a_difference(tmp_path: Path, note: str):
    """A letter less, or another one; and only in the table that has it."""

    first = digest_rows(write(tmp_path / "one.sqlite"))
    other = digest_rows(write(tmp_path / "two.sqlite", note=note))

    assert {table for table in first if first[table] != other[table]} == {"item"}
