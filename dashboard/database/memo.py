"""Rows that are remembered for as long as nobody commits anything.

Whether somebody has is asked without a trip to a thread: SQLite keeps that number in
shared memory, and reading it takes microseconds.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from dashboard.database.drivers import (
    Parameters,
    Query,
    Server,
    SqliteConnection,
    open_sqlite,
)

#: The version of the data and the rows of each query: plain tuples, as those of
#: `Database.versioned_read`, or named as those of `Database.all`.
Answer = tuple[int, list[list[Any]]]

#: Answers kept, the least used of them dropped first.
MAX_ANSWERS = 512
#: Above, an answer is not kept: those of sessions and access have a few rows.
MAX_ROWS = 64


class Memo:
    """Answers to queries, all of one version of the data."""

    def __init__(self, path: Path | Server, *, driver: str) -> None:
        self._path = path
        #: Where libSQL has the file, this library must not open it as well.
        self._usable = isinstance(path, Path) and driver != "libsql"
        self._watch: SqliteConnection | None = None
        self._version: int | None = None
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    async def open(self) -> None:
        """Watch a file that is open already; without that, nothing is remembered."""
        if self._usable and self._watch is None and isinstance(self._path, Path):
            # Never waits for a lock, since the whole loop would.
            self._watch = await open_sqlite(self._path, mode="rw", busy_timeout=0)
            self._watch.fetch_now("PRAGMA query_only = ON")

    async def close(self) -> None:
        """Let go of the file, and of what was remembered."""
        self._usable = False
        self._answers.clear()
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.close()

    async def answer(
        self,
        queries: tuple[Query, ...],
        load: Callable[[], Awaitable[Answer]],
        *,
        named: bool = False,
    ) -> Answer:
        """What `load` returned for these queries, or returns now.

        Rows that are `named` are no answer for who asks for plain ones.
        """
        version = self.read_version()
        if version is None:
            return await load()

        self._forget_others(version)
        key = _freeze_all(queries, named=named)
        known = self._answers.get(key)
        if known is not None:
            self._answers.move_to_end(key)
            return known

        answer = await load()
        # Only if nothing was committed meanwhile: nobody knows before or after what
        # it was read.
        if self._version == version == self.read_version():
            self._keep(key, answer)

        return answer

    def note(self, queries: tuple[Query, ...], answer: Answer, *, since: int) -> None:
        """Remember an answer that was read after the version was `since`.

        It is found for as long as that is the version.
        """
        self._forget_others(since)
        self._keep(_freeze_all(queries), answer)

    def read_version(self) -> int | None:
        """A number that differs after every commit; None where it takes a wait."""
        if self._watch is None:
            return None

        try:
            version: int = self._watch.fetch_now("PRAGMA data_version")[0][0]
        except sqlite3.Error:
            return None  # locked just now, or broken: then the query will tell

        return version

    def _forget_others(self, version: int) -> None:
        if version != self._version:
            self._answers.clear()
            self._version = version

    def _keep(self, key: Hashable, answer: Answer) -> None:
        if sum(map(len, answer[1])) > MAX_ROWS:
            return

        self._answers[key] = answer
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)


def _freeze_all(queries: tuple[Query, ...], *, named: bool = False) -> Hashable:
    return named, *((sql, _freeze(parameters)) for sql, parameters in queries)


def _freeze(parameters: Parameters) -> Hashable:
    if isinstance(parameters, Mapping):
        return tuple(sorted(parameters.items()))

    return tuple(parameters)
