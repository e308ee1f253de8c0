"""libsql's values and errors as sqlite3's, so that nobody else has to know."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

#: What SQLite says (sqlite3ErrStr and its callers), and the code that goes with it:
#: aiolibsql hands over the words alone.
_WORDS = (
    ("database is locked", "SQLITE_BUSY"),
    ("database table is locked", "SQLITE_LOCKED"),
    ("database schema is locked", "SQLITE_LOCKED"),
    ("UNIQUE constraint failed", "SQLITE_CONSTRAINT_UNIQUE"),
    ("NOT NULL constraint failed", "SQLITE_CONSTRAINT_NOTNULL"),
    ("FOREIGN KEY constraint failed", "SQLITE_CONSTRAINT_FOREIGNKEY"),
    ("CHECK constraint failed", "SQLITE_CONSTRAINT_CHECK"),
    ("constraint failed", "SQLITE_CONSTRAINT"),
    ("datatype mismatch", "SQLITE_MISMATCH"),
    ("attempt to write a readonly database", "SQLITE_READONLY"),
    ("database or disk is full", "SQLITE_FULL"),
    ("disk I/O error", "SQLITE_IOERR"),
    ("file is not a database", "SQLITE_NOTADB"),
    ("database disk image is malformed", "SQLITE_CORRUPT"),
    ("malformed database schema", "SQLITE_CORRUPT"),
    ("unable to open database", "SQLITE_CANTOPEN"),
    ("locking protocol", "SQLITE_PROTOCOL"),
    ("database schema has changed", "SQLITE_SCHEMA"),
    ("string or blob too big", "SQLITE_TOOBIG"),
    ("access permission denied", "SQLITE_PERM"),
    ("not authorized", "SQLITE_AUTH"),
    ("interrupted", "SQLITE_INTERRUPT"),
    ("query aborted", "SQLITE_ABORT"),
    ("out of memory", "SQLITE_NOMEM"),
)
_NAMES = {
    getattr(sqlite3, name): name
    for name in ("SQLITE_ERROR", "SQLITE_MISUSE", *(name for _, name in _WORDS))
}
_OPENING = re.compile(
    r"Unable to open connection to local database .*: (\d+)`?$", re.DOTALL
)
_LOCAL = re.compile(r"SQLite failure: `(.*)`$", re.DOTALL)
_REMOTE = re.compile(
    r'Error \{ message: "((?:[^"\\]|\\.)*)", code: "(\w+)" \}', re.DOTALL
)
_SAID_BY = re.compile(r"^(?:SQLite error|SQL input error): ")

#: As CPython's _sqlite/util.c chooses; what is not named is an OperationalError.
_CLASSES: dict[int, type[Exception]] = {
    sqlite3.SQLITE_INTERNAL: sqlite3.InternalError,
    sqlite3.SQLITE_NOTFOUND: sqlite3.InternalError,
    sqlite3.SQLITE_NOMEM: MemoryError,
    sqlite3.SQLITE_CORRUPT: sqlite3.DatabaseError,
    sqlite3.SQLITE_TOOBIG: sqlite3.DataError,
    sqlite3.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    sqlite3.SQLITE_MISMATCH: sqlite3.IntegrityError,
    sqlite3.SQLITE_MISUSE: sqlite3.InterfaceError,
    sqlite3.SQLITE_RANGE: sqlite3.InterfaceError,
    sqlite3.SQLITE_AUTH: sqlite3.DatabaseError,
    sqlite3.SQLITE_NOTADB: sqlite3.DatabaseError,
}


def make_error(code: int, message: str) -> Exception:
    """An error as sqlite3 raises it, with `sqlite_errorcode` and `sqlite_errorname`."""
    kind = _CLASSES.get(code & 0xFF, sqlite3.OperationalError)
    error = kind(message)
    if isinstance(error, sqlite3.Error):
        error.sqlite_errorcode = code
        error.sqlite_errorname = _NAMES.get(code) or _NAMES.get(code & 0xFF, "UNKNOWN")

    return error


def translate(error: BaseException) -> Exception:
    """What sqlite3 would raise for this error of aiolibsql."""
    text = str(error)
    opening = _OPENING.search(text)
    if opening is not None:
        return make_error(int(opening[1]), "unable to open database file")

    if type(error).__name__ == "RustPanic":
        # Its values are text or it gives up.
        return make_error(sqlite3.SQLITE_ERROR, "Could not decode to UTF-8")

    remote = _REMOTE.search(text)
    if remote is not None:
        words = _SAID_BY.sub("", re.sub(r"\\(.)", r"\1", remote[1]))
        return make_error(_find_code(words, remote[2]), words)

    local = _LOCAL.search(text)
    words = local[1] if local is not None else text
    return make_error(_find_code(words), words)


def make_rows(
    names: Sequence[str], values: Iterable[tuple[Any, ...]]
) -> list[sqlite3.Row]:
    """Rows of the standard library's own class, with these names."""
    cursor = _describe(tuple(names))
    return [sqlite3.Row(cursor, row) for row in values]


def _find_code(words: str, name: str = "SQLITE_ERROR") -> int:
    known = next((code for said, code in _WORDS if said in words), name)
    code: int = getattr(sqlite3, known, sqlite3.SQLITE_ERROR)
    return code


@lru_cache(maxsize=256)
def _describe(names: tuple[str, ...]) -> sqlite3.Cursor:
    """A cursor whose description has these names: sqlite3.Row takes no other."""
    columns = ", ".join('NULL AS "' + name.replace('"', '""') + '"' for name in names)
    connection = sqlite3.connect(":memory:")
    try:
        return connection.execute(f"SELECT {columns}")
    finally:
        connection.close()
