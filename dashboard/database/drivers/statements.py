"""What libsql has to be told about a statement, read from its text.

aiolibsql binds by position alone, runs the first of several statements and says
nothing of the rest, and binds NULL for whatever is missing or strange to it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dashboard.database.drivers.connection import Parameters

#: Strings, quoted names, comments and plain names hold no parameters: they are
#: matched first, and passed over.
_TOKENS = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
    | (?P<parameter> \?[0-9]* | [:@$][\w$]+ )
    | (?P<word> [^\W0-9][\w$]* )
    | (?P<end> ; )
    | (?P<other> [0-9][\w.]* | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CHANGING = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
_PLAIN = (int, float, str, bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: its first word in capitals, and its parameters in order."""

    #: With a number for each name: a server binds names by name alone.
    sql: str
    first: str
    #: With their sign, as in ":board"; None where they have only a place.
    names: tuple[str | None, ...]
    #: Whether another one follows it.
    several: bool

    @property
    def changes(self) -> bool:
        """Whether sqlite3 counts the rows that it changes."""
        return self.first in _CHANGING


@lru_cache(maxsize=512)
def read_statement(sql: str) -> Statement:
    """Read the text of a statement; one of comments alone has no first word."""
    words: list[str] = []
    parts: list[str] = []
    names: list[str | None] = []
    ended = several = False
    for token in _TOKENS.finditer(sql):
        kind = token.lastgroup
        parts.append(token[0])
        if kind == "space":
            continue

        if kind == "end":
            ended = bool(words)
            continue

        several = several or ended
        if kind == "word" and len(words) < 3:
            words.append(token[0].upper())
        elif kind == "parameter":
            parts[-1] = _add_parameter(names, token[0])

    # The ";" in its body ends nothing.
    trigger = words[:1] == ["CREATE"] and "TRIGGER" in words
    return Statement(
        sql="".join(parts),
        first=words[0] if words else "",
        names=tuple(names),
        several=several and not trigger,
    )


def bind(statement: Statement, parameters: Parameters) -> list[Any]:
    """The parameters by position; raises sqlite3's errors where they do not fit."""
    if isinstance(parameters, Mapping):
        values = [
            _find(parameters, number, name)
            for number, name in enumerate(statement.names, 1)
        ]
    else:
        values = list(parameters)
        if len(values) != len(statement.names):
            raise sqlite3.ProgrammingError(
                "Incorrect number of bindings supplied. The current statement uses"
                f" {len(statement.names)}, and there are {len(values)} supplied."
            )

    return [_convert(value, number) for number, value in enumerate(values, 1)]


def _add_parameter(names: list[str | None], text: str) -> str:
    if text == "?":
        names.append(None)
        return text

    if text[0] == "?":
        names.extend([None] * (int(text[1:]) - len(names)))
        return text

    if text not in names:
        names.append(text)

    return f"?{names.index(text) + 1}"


def _find(parameters: Mapping[str, Any], number: int, name: str | None) -> Any:
    if name is None:
        raise sqlite3.ProgrammingError(
            f"Binding {number} has no name, but you supplied a dictionary"
            " (which has only names)."
        )

    try:
        return parameters[name[1:]]
    except KeyError:
        raise sqlite3.ProgrammingError(
            f"You did not supply a value for binding parameter :{name[1:]}."
        ) from None


def _convert(value: Any, number: int) -> Any:
    if value is None or isinstance(value, _PLAIN):
        return value

    if isinstance(value, bytearray | memoryview):
        return bytes(value)

    raise sqlite3.ProgrammingError(
        f"Error binding parameter {number}: type {type(value).__name__!r} is not"
        " supported"
    )
