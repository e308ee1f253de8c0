from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from dashboard.boards import (
    Board,
    BoardCache,
    add_item,
    find_board,
    find_home_board,
    load_board,
    remove_item,
    update_item,
)
from dashboard.boards.assemble import PARTS
from dashboard.boards.load import LOOKS
from dashboard.boards.manage import set_collapsed
from dashboard.database import Database
from dashboard.identity import Session

WRITER = """
import sqlite3, sys
path, board = sys.argv[1:]
with sqlite3.connect(path, timeout=5) as connection:
    connection.execute(
        "INSERT INTO item (id, board_id, kind) VALUES ('x', ?, 'vpn')", (board,)
    )
connection.close()
"""


class Reads:
    """Counts the reads of a database, and of whole boards among them."""

    def __init__(self) -> None:
        self.all = 0
        self.whole = 0


@pytest.fixture(name="reads")
def _reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    reads = Reads()
    read = Database._versioned_read

    async def counted(self: Database, *queries: tuple[str, Any]) -> Any:
        reads.all += 1
        reads.whole += any(sql == PARTS[0] for sql, _ in queries)
        return await read(self, *queries)

    monkeypatch.setattr(Database, "_versioned_read", counted)
    return reads


@pytest.fixture(name="cache")
def _cache() -> BoardCache:
    return BoardCache()


async def test_a_board_is_read_once_while_nobody_writes(
    database: Database, session: Session, board: Board, cache: BoardCache, reads: Reads
):
    """By whichever of its addresses; each new question for access is asked once."""
    first = await load_board(database, board.id, session, cache=cache)
    before = reads.all
    others = [
        await question()
        for question in (
            lambda: load_board(database, board.id, session, cache=cache),
            lambda: find_home_board(database, session, cache=cache),
            lambda: find_home_board(database, session, mobile=True, cache=cache),
            lambda: find_board(database, board.name.upper(), session, cache=cache),
        )
        for _ in range(2)
    ]

    assert first == board
    assert others == [first] * 8
    assert reads.whole == 1
    # Which one is the home board was asked when the test began, and who may see it
    # when it was read.
    assert reads.all == before + 2


async def test_a_board_that_was_written_since_is_read_in_one_go(
    database: Database, session: Session, board: Board, cache: BoardCache, reads: Reads
):
    """There is no look before at what is out of date anyhow, and none afterwards."""
    trips = []
    for _ in range(3):
        async with database.write() as tx:
            await tx.execute("UPDATE board SET opacity = opacity - 1")

        for _ in range(3):
            before = reads.all
            await load_board(database, board.id, session, cache=cache)
            trips.append(reads.all - before)

    assert trips == [1, 0, 0] * 3
    assert reads.whole == 3


async def test_changes_of_ours_are_seen_at_once(
    database: Database, session: Session, board: Board, cache: BoardCache
):
    """What was added, updated or removed, by the next load."""
    await load_board(database, board.id, session, cache=cache)
    item_id = await add_item(
        database, board.id, kind="notebook", options={}, session=session
    )
    added = await load_board(database, board.id, session, cache=cache)
    await update_item(
        database, board.id, item_id, options={"content": "new"}, session=session
    )
    updated = await load_board(database, board.id, session, cache=cache)
    await remove_item(database, board.id, item_id, session=session)
    removed = await load_board(database, board.id, session, cache=cache)

    assert added is not None
    assert updated is not None
    assert removed is not None
    assert item_id in {item.id for item in added.items}
    assert next(i for i in updated.items if i.id == item_id).options["content"] == "new"
    assert removed == board


async def test_a_write_of_another_process_is_seen_at_once(
    database: Database,
    session: Session,
    board: Board,
    cache: BoardCache,
    path: Path,
):
    """The command line and Homarr write to the same file."""
    await load_board(database, board.id, session, cache=cache)
    command = [sys.executable, "-c", WRITER, str(path), board.id]
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=True))
    loaded = await load_board(database, board.id, session, cache=cache)

    assert loaded is not None
    assert "x" in {item.id for item in loaded.items}


async def test_two_processes_see_each_other_s_boards(
    database: Database,
    session: Session,
    board: Board,
    cache: BoardCache,
    path: Path,
    driver: str,
):
    """Each with a database and a cache of its own."""
    other, others = Database(path, driver=driver), BoardCache()
    try:
        for source, kept, writer in (
            (database, cache, other),
            (other, others, database),
        ):
            await load_board(source, board.id, session, cache=kept)
            item_id = await add_item(
                writer, board.id, kind="clock", options={}, session=session
            )
            loaded = await load_board(source, board.id, session, cache=kept)

            assert loaded is not None
            assert item_id in {item.id for item in loaded.items}
    finally:
        await other.close()


async def test_access_is_never_cached(
    database: Database,
    session: Session,
    visitor: Session,
    board: Board,
    cache: BoardCache,
    reads: Reads,
):
    """What one viewer may do says nothing about the next one."""
    seen = [
        await load_board(database, board.id, viewer, cache=cache)
        for viewer in (session, visitor, None, session)
    ]

    assert [b and (b.may_modify, b.may_own) for b in seen] == [
        (True, True),
        (False, False),
        None,
        (True, True),
    ]
    assert reads.whole == 1


async def test_collapsed_sections_are_each_viewer_s_own(
    database: Database,
    session: Session,
    visitor: Session,
    board: Board,
    cache: BoardCache,
):
    """One viewer's are not shown to another from the cache."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset, name)"
            " VALUES ('c', ?, 'category', 0, 1, 'C')",
            (board.id,),
        )

    await set_collapsed(database, "c", collapsed=True, session=visitor)
    for viewer, expected in ((session, False), (visitor, True), (session, False)):
        loaded = await load_board(database, board.id, viewer, cache=cache)

        assert loaded is not None
        assert [s.id for s in loaded.sections if s.collapsed] == ["c"] * expected


@pytest.mark.parametrize("stale", [False, True])
async def test_many_that_want_a_board_at_once_load_it_once(
    database: Database,
    session: Session,
    visitor: Session,
    board: Board,
    cache: BoardCache,
    reads: Reads,
    stale: bool,
):
    """The others wait for the first, and see it with their own rights."""
    if stale:
        await load_board(database, board.id, session, cache=cache)
        await add_item(database, board.id, kind="clock", options={}, session=session)
        reads.whole = 0

    found: list[Board | None] = []

    async def load(viewer: Session) -> None:
        found.append(await load_board(database, board.id, viewer, cache=cache))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(load, visitor if number % 2 else session)

    assert reads.whole == 1
    assert sum(board is not None and board.may_own for board in found) == 10


async def test_who_is_cancelled_while_loading_takes_nobody_along(
    database: Database,
    session: Session,
    board: Board,
    cache: BoardCache,
    monkeypatch: pytest.MonkeyPatch,
):
    """The next in line loads instead."""
    found: list[Board | None] = []
    waiting = anyio.Event()
    read = Database._versioned_read

    async def hang(self: Database, *queries: tuple[str, Any]) -> Any:
        if any(sql == PARTS[0] for sql, _ in queries) and not waiting.is_set():
            waiting.set()
            await anyio.sleep_forever()

        return await read(self, *queries)

    async def load() -> None:
        found.append(await load_board(database, board.id, session, cache=cache))

    async def lead(scope: anyio.CancelScope) -> None:
        with scope:
            await load()

    monkeypatch.setattr(Database, "_versioned_read", hang)
    scope = anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lead, scope)
        await waiting.wait()
        for _ in range(3):
            tasks.start_soon(load)

        await anyio.wait_all_tasks_blocked()
        scope.cancel()

    assert found == [board] * 3


async def test_a_load_that_never_finds_it_cached_ends(
    database: Database, session: Session, board: Board, reads: Reads
):
    """However often others are ahead of it, it reads for itself in the end."""
    cache = BoardCache(max_bytes=0)
    found: list[Board | None] = []

    async def load() -> None:
        found.append(await load_board(database, board.id, session, cache=cache))

    async with anyio.create_task_group() as tasks:
        for _ in range(LOOKS * 3):
            tasks.start_soon(load)

    assert found == [board] * LOOKS * 3
    assert len(cache) == 0


async def test_the_least_used_boards_are_dropped(
    database: Database, session: Session, board: Board
):
    """The cache stays within its bytes, and a board above them is not kept."""
    one = BoardCache()
    await load_board(database, board.id, session, cache=one)
    cache = BoardCache(max_bytes=one.size * 2)
    for name in ("a", "b", "a", "c"):
        # Their ids are all that counts here.
        cache.keep(_named(name), 1, size=one.size)
        cache.find("a", 1)

    assert cache.find("a", 1) is not None
    assert cache.find("b", 1) is None
    assert cache.find("c", 1) is not None
    assert cache.size == one.size * 2

    cache.keep(_named("c"), 1, size=one.size * 2 + 1)

    assert cache.find("c", 1) is None
    assert cache.size == one.size


def test_boards_of_another_version_are_gone():
    """Also when the version comes back, and one without a version is never kept."""
    cache = BoardCache()
    cache.keep(_named("a"), 1, size=10)
    cache.keep(_named("b"), 2, size=20)
    cache.keep(_named("c"), None, size=40)

    assert cache.find("a", 1) is None
    assert cache.find("a", 2) is None
    assert cache.find("b", 2) is not None
    assert cache.find("c", None) is None
    assert cache.size == 20


@pytest.mark.parametrize(
    ("items", "options"),
    [
        (200, {}),
        (60, {"appId": "a" * 24, "openInNewTab": True, "layout": "column"}),
        (20, {"content": "<p>A note of some length, as notes are.</p>" * 200}),
        (20, {"items": [{"id": str(n), "name": f"n{n}"} for n in range(50)]}),
        (20, {"values": [[n, n + 0.5, None] for n in range(300, 400)]}),
    ],
)
async def test_a_board_takes_no_more_memory_than_was_estimated(
    database: Database, session: Session, board: Board, items: int, options: Any
):
    """And not less than a fifth of it, whatever its items hold."""
    layout, section = board.layouts[0].id, board.sections[0].id
    text = json.dumps({"json": options})
    async with database.write() as tx:
        await tx.execute_many(
            "INSERT INTO item (id, board_id, kind, options) VALUES (?, ?, 'x', ?)",
            [(f"item{number:020}", board.id, text) for number in range(items)],
        )
        await tx.execute_many(
            "INSERT INTO item_layout VALUES (?, ?, ?, 1, 2, 3, 4)",
            [(f"item{number:020}", section, layout) for number in range(items)],
        )

    await load_board(database, board.id, session)
    cache = BoardCache()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        loaded = await load_board(database, board.id, session, cache=cache)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert loaded is not None
    assert taken <= cache.size <= 5 * taken


def _named(board_id: str) -> Any:
    """What the cache sees of a board."""
    return SimpleNamespace(id=board_id)
