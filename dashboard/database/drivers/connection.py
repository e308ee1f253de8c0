"""What every driver offers, and the wait that no cancellation cuts short."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from anyio import CancelScope

Parameters = Sequence[Any] | Mapping[str, Any]
Query = tuple[str, Parameters]
T = TypeVar("T")


class Connection(Protocol):
    """A connection in autocommit mode; one caller at a time.

    A call that is cancelled has run to its end by the time it raises, so that the
    state of the connection is known. Whatever the library, errors are sqlite3's with
    their `sqlite_errorcode`, and parameters are `?` and a sequence, or `:name` and a
    mapping.
    """

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: an error may have ended it."""

    async def fetch(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement; every row that it gives."""

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]:
        """Run statements in their order; the rows of each.

        The first that fails raises: those before it have been run, those behind it not.
        """

    async def fetch_plain(self, *queries: Query) -> list[list[tuple[Any, ...]]]:
        """As `fetch_each`, each row a plain tuple: of many rows, that is cheaper."""

    async def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; how many rows it changed, -1 if it is none that does."""

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one statement for each row of parameters; how many rows all changed.

        Raises sqlite3.ProgrammingError for a statement that changes nothing.
        """

    async def close(self) -> None:
        """Let go of the file; a transaction that is open is rolled back."""


async def run_to_end(work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
    """Wait until `work` is done even if cancelled meanwhile, then raise that.

    anyio's shield alone is not enough, since web frameworks call Task.cancel()
    themselves; and without it anyio would cancel again at every turn of the loop.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error

    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen: the cancellation is told instead

        raise cancelled

    return task.result()
