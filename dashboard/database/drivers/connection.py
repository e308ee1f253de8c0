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
    def in_transaction(self) -> bool: ...

    async def fetch(
        self, sql: str, parameters: Parameters = ()
    ) -> list[sqlite3.Row]: ...

    async def fetch_each(self, *queries: Query) -> list[list[sqlite3.Row]]: ...

    async def execute(self, sql: str, parameters: Parameters = ()) -> int: ...

    async def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int: ...

    async def close(self) -> None: ...


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
