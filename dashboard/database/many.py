"""Writing many rows: the statements, cut into pieces that every library takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

Row = Mapping[str, Any]
Statement = tuple[str, list[Any]]

#: Values in one statement. The least limit of any SQLite library is 999, newer ones
#: take 32766; more would save nothing, and each connection keeps what it prepared.
MOST_VALUES = 999


def make_inserts(table: str, rows: Iterable[Row]) -> Iterator[Statement]:
    """Statements that insert the rows; see Transaction.insert_many."""
    yield from _make_inserts(table, list(rows), "")


def make_upserts(
    table: str, rows: Iterable[Row], key: Sequence[str]
) -> Iterator[Statement]:
    """Statements that insert or update the rows; see Transaction.upsert_many."""
    listed = list(rows)
    if not key:
        raise ValueError("an upsert needs the columns of its key")

    missing = [column for column in key if listed and column not in listed[0]]
    if missing:
        raise ValueError(f"the rows have no column {missing[0]!r} of the key")

    changed = [column for column in listed[0] if column not in key] if listed else []
    action = "NOTHING"
    if changed:
        pairs = (f"{quote(one)} = excluded.{quote(one)}" for one in changed)
        action = f"UPDATE SET {', '.join(pairs)}"

    target = ", ".join(quote(column) for column in key)
    yield from _make_inserts(table, listed, f" ON CONFLICT ({target}) DO {action}")


def make_deletes(table: str, column: str, values: Iterable[Any]) -> Iterator[Statement]:
    """Statements that delete rows by one column; see Transaction.delete_many."""
    # With the table in front: SQLite takes a lone quoted name that it does not know
    # for a string.
    where = f"{quote(table)}.{quote(column)}"
    for chunk in _cut(values, MOST_VALUES):
        marks = ", ".join("?" * len(chunk))
        yield f"DELETE FROM {quote(table)} WHERE {where} IN ({marks})", chunk  # noqa: S608


def quote(name: str) -> str:
    """A table's or column's name as SQL; raises ValueError for one that cannot be."""
    if not name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a table or column")

    return '"' + name.replace('"', '""') + '"'


def _make_inserts(table: str, rows: Sequence[Row], ending: str) -> Iterator[Statement]:
    if not rows:
        return

    columns = list(rows[0])
    names = set(columns)
    if not 1 <= len(columns) <= MOST_VALUES:
        raise ValueError(f"a row has 1 to {MOST_VALUES} columns, not {len(columns)}")

    # Before anything is written.
    for number, row in enumerate(rows):
        if row.keys() != names:
            raise ValueError(f"row {number} has other columns than the first")

    listed = ", ".join(quote(column) for column in columns)
    marks = f"({', '.join('?' * len(columns))})"
    for chunk in _cut(rows, MOST_VALUES // len(columns)):
        values = ", ".join([marks] * len(chunk))
        yield (
            f"INSERT INTO {quote(table)} ({listed}) VALUES {values}{ending}",  # noqa: S608
            [row[column] for row in chunk for column in columns],
        )


def _cut(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
