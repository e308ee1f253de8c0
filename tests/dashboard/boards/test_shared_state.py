"""A board in Redis is of the file's present state, whatever the file looks like."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from redis.asyncio import Redis

from dashboard.boards import Board, BoardCache
from dashboard.database import Database
from dashboard.database.fingerprint import MARGIN
from dashboard.identity import Session
from tests.dashboard.bus.redis_server import Server

from .peer import Peer, open_peer

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("patient")]

#: Commits as a program does whose fsync takes long: first all of it is in the log,
#: under the write lock, then the others are told through shared memory.
SLOW_WRITER = """
import mmap, os, shutil, sqlite3, sys
path, board = sys.argv[1:]
copy = path + ".copy"
for suffix in ("", "-wal"):
    shutil.copyfile(path + suffix, copy + suffix)

other = sqlite3.connect(copy, isolation_level=None)
other.execute("PRAGMA wal_autocheckpoint = 0")
other.execute("INSERT INTO item (id, board_id, kind) VALUES ('x', ?, 'vpn')", (board,))
writer = sqlite3.connect(path, isolation_level=None)
writer.execute("BEGIN IMMEDIATE")
with open(copy + "-wal", "rb") as source, open(path + "-wal", "r+b") as log:
    log.write(source.read())

print("written", flush=True)
sys.stdin.readline()
with open(copy + "-shm", "rb") as source:
    index = source.read()

# Never closed: that would drop the locks of this process.
shared = mmap.mmap(os.open(path + "-shm", os.O_RDWR), len(index))
shared[:96] = index[:96]
shared[136:] = index[136:]
print("seen", flush=True)
sys.stdin.readline()
os._exit(0)
"""
#: A plain program that sets a note to what it is told, and starts the log over each
#: time: so the file is of one size again and again.
NOTES = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint = 1")
for line in sys.stdin:
    options = json.dumps({"json": {"content": f"{int(line):08}"}})
    connection.execute("UPDATE item SET options = ? WHERE id = 'note'", (options,))
    print("written", flush=True)
"""


class Program:
    """Another process, which answers each line that it is told with one."""

    def __init__(self, script: str, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> str:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)
        return self.hear()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        self._process.communicate()


class Disk:
    """Tells when files were changed in whole seconds, by a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1e9
        self.changed = 1e9

    def attach(self, peer: Peer) -> None:
        """Have a process see the database on this disk."""
        fingerprints = peer.database.fingerprints
        fingerprints.clock = lambda: self.now
        stat = fingerprints._stat

        def coarse(suffix: str) -> Any:
            found = stat(suffix)
            nanoseconds = math.floor(self.changed) * 10**9
            return found and SimpleNamespace(
                st_dev=found.st_dev,
                st_ino=found.st_ino,
                st_size=found.st_size,
                st_mtime_ns=nanoseconds,
                st_ctime_ns=nanoseconds,
            )

        fingerprints._stat = coarse  # type: ignore[method-assign,assignment]


@pytest.fixture(name="driver")
def _driver() -> str:
    return "aiosqlite"


@pytest.fixture(name="slow_writer")
def _slow_writer(path: Path, board: Board) -> Iterator[Program]:
    program = Program(SLOW_WRITER, str(path), board.id)
    assert program.hear() == "written"
    yield program
    program.end()


@pytest.fixture(name="peers")
async def _peers(
    path: Path, server: Server, board: Board
) -> AsyncIterator[tuple[Peer, Peer]]:
    async with two_peers(path, server) as peers:
        yield peers


@asynccontextmanager
async def two_peers(path: Path, server: Server) -> AsyncIterator[tuple[Peer, Peer]]:
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(open_peer(path, server.url)),
            await stack.enter_async_context(open_peer(path, server.url)),
        )


async def test_a_commit_that_nobody_sees_yet_is_waited_for(
    peers: tuple[Peer, Peer], board: Board, session: Session, slow_writer: Program
):
    """The log says already what no reader is told: nothing is shared until it is."""
    seen = [await peers[0].see(board.id, session)]
    kept = set(peers[0].shared._names)
    assert slow_writer.tell("go on") == "seen"
    seen += [await peer.see(board.id, session) for peer in reversed(peers)]

    assert kept == set()
    assert ["x" in items for items, _ in seen] == [False, True, True]


async def test_a_commit_between_reading_and_sharing_is_noticed(
    peers: tuple[Peer, Peer],
    board: Board,
    session: Session,
    slow_writer: Program,
    monkeypatch: pytest.MonkeyPatch,
):
    """The board is of before it, and the fingerprint the same as after it."""
    first, second = peers
    standstill = first.database.standstill

    def late() -> Any:
        assert slow_writer.tell("go on") == "seen"
        slow_writer.end()
        return standstill()

    monkeypatch.setattr(first.database, "standstill", late)
    before = await first.see(board.id, session)
    after = await second.see(board.id, session)

    assert "x" not in before[0]
    assert "x" in after[0]
    assert after[1] == 1


@pytest.mark.parametrize("margin", [MARGIN, -math.inf])
@pytest.mark.parametrize("seed", range(3))
async def test_no_board_is_older_than_the_last_write(
    path: Path,
    server: Server,
    database: Database,
    board: Board,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    margin: float,
    seed: int,
):
    """Whenever it was written, on a disk that tells no two writes of a second apart.

    Without the margin there are such boards, so this would notice them.
    """

    async def believe(*_: object) -> bool:
        return True

    chance = random.Random(seed)  # noqa: S311
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO item (id, board_id, kind) VALUES ('note', ?, 'x')", (board.id,)
        )

    disk, written, stale, taken = Disk(), -1, 0, 0
    async with two_peers(path, server) as peers:
        for peer in peers:
            disk.attach(peer)
            peer.database.fingerprints.margin = margin
            monkeypatch.setattr(peer.shared, "trust", believe)

        program = Program(NOTES, str(path))
        try:
            for number in range(250):
                disk.now += chance.choice([0, 0, 0.2, 0.7, 2.5])
                if chance.random() < 0.3 or written < 0:
                    disk.changed, written = disk.now, number
                    assert program.tell(str(number)) == "written"

                peer = chance.choice(peers)
                missed = chance.random() < 0.5
                if missed:
                    peer.cache._boards.clear()

                before = peer.database.whole
                found = await peer.load(board.id, session)
                assert found is not None
                (note,) = [item for item in found.items if item.id == "note"]
                stale += note.options["content"] != f"{written:08}"
                taken += missed and peer.database.whole == before
        finally:
            program.end()

    assert taken > 0
    assert (stale == 0) == (margin == MARGIN)


async def test_a_fingerprint_that_misses_a_write_is_never_used_again(
    peers: tuple[Peer, Peer],
    server: Server,
    database: Database,
    board: Board,
    session: Session,
):
    """On a file system that tells of no change; who notices deletes the board."""
    client = Redis.from_url(server.url)
    for peer in peers:
        peer.database.fingerprints.read = lambda: "always"  # type: ignore[method-assign]

    first, second = peers
    await first.see(board.id, session)
    await second.see(board.id, session)
    left = [len(await client.keys("*"))]
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO item (id, board_id, kind) VALUES ('x', ?, 'vpn')", (board.id,)
        )

    seen = [await first.see(board.id, session)]
    left.append(len(await client.keys("*")))
    await client.aclose()
    seen += [await peer.see(board.id, session) for peer in (second, first)]
    first.cache._boards.clear()
    seen.append(await first.see(board.id, session))

    assert left == [1, 0]
    assert ["x" in items for items, _ in seen] == [True] * 4
    assert [whole for _, whole in seen] == [1, 1, 0, 1]


async def test_a_process_that_is_told_the_board_of_a_later_state_reads_again(
    peers: tuple[Peer, Peer],
    path: Path,
    board: Board,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
):
    """Somebody wrote after it was asked for, and before it was known who may see it."""
    first, second = peers
    await first.load(board.id, session)
    find = second.shared.find

    async def overtaken(board_id: str, fingerprint: str) -> Any:
        kept = await find(board_id, fingerprint)
        assert kept is not None
        async with first.database.write() as tx:
            await tx.execute("UPDATE board SET name = 'other'")

        return kept

    monkeypatch.setattr(second.shared, "find", overtaken)
    loaded = await second.load(board.id, session)

    assert loaded is not None
    assert loaded.name == "other"
    assert second.database.whole == 1


async def test_sharing_holds_nobody_up(
    peers: tuple[Peer, Peer], path: Path, board: Board, session: Session
):
    """Whoever writes keeps writing, and is not waited for."""
    first, second = peers
    async with second.database.write():
        with anyio.fail_after(30):
            await first.load(board.id, session)

    assert first.shared._names == set()

    first.cache = BoardCache(shared=first.shared)
    await first.load(board.id, session)
    async with first.database.write(), first.database.read():
        pass

    assert len(first.shared._names) == 1
