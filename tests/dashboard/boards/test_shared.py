from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import anyio
import msgspec
import pytest
from redis.asyncio import Redis

from dashboard import superjson
from dashboard.boards import Board, add_item
from dashboard.boards import shared as shared_boards
from dashboard.boards.shared import MAX_BYTES, TTL
from dashboard.bus import remote
from dashboard.database import Database
from dashboard.identity import Session
from tests.dashboard.bus.fault_proxy import FAULTS, FaultProxy
from tests.dashboard.bus.redis_server import Server

from .peer import Peer, open_peer

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("patient")]

#: A program that knows SQLite and nothing of us.
WRITER = """
import sqlite3, sys
path, board, item = sys.argv[1:]
connection = sqlite3.connect(path, timeout=5)
connection.execute(
    "INSERT INTO item (id, board_id, kind) VALUES (?, ?, 'vpn')", (item, board)
)
connection.commit()
connection.close()
"""
#: Another process of ours: it loads the board at each line that it is told.
LOADER = """
import anyio, json, msgspec, sys
from pathlib import Path
from dashboard.bus import remote
from dashboard.identity import Session
from tests.dashboard.boards.peer import open_peer

async def main(path, url, board, user):
    remote.CALL_TIMEOUT = 20
    session = msgspec.json.decode(user, type=Session)
    async with open_peer(Path(path), url) as peer:
        print("here", flush=True)
        while sys.stdin.readline().strip():
            items, whole = await peer.see(board, session)
            print(json.dumps([sorted(items), whole]), flush=True)

anyio.run(main, *sys.argv[1:])
"""


BOTH = pytest.mark.parametrize("journal_mode", ["wal", "delete"])


@pytest.fixture(name="driver")
def _driver() -> str:
    return "aiosqlite"


@pytest.fixture(name="journal_mode")
def _journal_mode() -> str:
    return "wal"


@pytest.fixture(name="database")
async def _database(
    path: Path, driver: str, journal_mode: str
) -> AsyncIterator[Database]:
    database = Database(path, driver=driver, journal_mode=journal_mode)
    yield database
    await database.close()


@pytest.fixture(name="peers")
async def _peers(
    path: Path, driver: str, server: Server, board: Board
) -> AsyncIterator[tuple[Peer, Peer]]:
    """Two processes, for which what was written before them is long ago."""
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(open_peer(path, server.url, driver=driver)),
            await stack.enter_async_context(open_peer(path, server.url, driver=driver)),
        )


@pytest.fixture(name="client")
async def _client(server: Server) -> AsyncIterator[Redis]:
    client = Redis.from_url(server.url)
    yield client
    await client.aclose()


async def list_names(client: Redis) -> list[bytes]:
    names: list[bytes] = await client.keys("*")
    return names


async def write_elsewhere(path: Path, board: Board, item: str) -> None:
    command = [sys.executable, "-c", WRITER, str(path), board.id, item]
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=True))


@BOTH
@pytest.mark.parametrize("driver", ["aiosqlite", "sqlite3"])
async def test_what_one_process_has_read_the_other_does_not_read(
    peers: tuple[Peer, Peer], board: Board, session: Session
):
    """It is the same board, to the last option."""
    first, second = peers
    boards = [await peer.load(board.id, session) for peer in (first, second, second)]

    assert boards == [board] * 3
    assert (first.database.whole, second.database.whole) == (1, 0)


async def test_each_board_is_shared_for_itself(
    peers: tuple[Peer, Peer], database: Database, board: Board, session: Session
):
    """However many there are."""
    async with database.write() as tx:
        await tx.execute("INSERT INTO board (id, name) VALUES ('two', 'two')")

    found = [
        [await peer.load(board_id, session) for board_id in (board.id, "two")]
        for peer in peers
    ]

    assert [b and b.id for b in found[0]] == [board.id, "two"]
    assert found[0] == found[1]
    assert [peer.database.whole for peer in peers] == [2, 0]


@BOTH
async def test_a_write_of_a_third_program_is_seen_by_both(
    peers: tuple[Peer, Peer], path: Path, board: Board, session: Session
):
    """One of them reads it anew, and the other is given that."""
    first, second = peers
    for item in ("x", "y"):
        for peer in peers:
            await peer.load(board.id, session)

        await write_elsewhere(path, board, item)
        seen = [await peer.see(board.id, session) for peer in (second, first)]

        assert [item in items for items, _ in seen] == [True, True]
        assert [whole for _, whole in seen] == [1, 0]


async def test_a_real_process_is_served_from_redis(
    peers: tuple[Peer, Peer],
    path: Path,
    server: Server,
    board: Board,
    session: Session,
):
    """Without the queries of a board; and with them after anybody's write."""
    user = msgspec.json.encode(session).decode()
    words = [str(path), server.url, board.id, user]
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    async def ask() -> tuple[set[str], int]:
        print("load", file=process.stdin, flush=True)
        items, whole = json.loads(await anyio.to_thread.run_sync(read_line))
        return set(items), whole

    read_line = process.stdout.readline
    try:
        assert await anyio.to_thread.run_sync(read_line) == "here\n"
        before = {item.id for item in board.items}
        seen = [await peers[0].see(board.id, session), await ask()]
        await write_elsewhere(path, board, "x")
        seen += [await ask(), await peers[0].see(board.id, session)]
    finally:
        process.communicate("\n")

    after = before | {"x"}
    assert seen == [(before, 1), (before, 0), (after, 1), (after, 0)]


async def test_access_is_never_in_redis(
    peers: tuple[Peer, Peer],
    database: Database,
    board: Board,
    session: Session,
    visitor: Session,
):
    """Each viewer's rights and collapsed sections are read from the file."""
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO section (id, board_id, kind, x_offset, y_offset, name)"
            " VALUES ('c', ?, 'category', 0, 1, 'C')",
            (board.id,),
        )
        await tx.execute(
            "INSERT INTO section_collapse_state VALUES (?, 'c', 1)", (session.user_id,)
        )

    await peers[0].load(board.id, session)
    found = []
    for viewer in (visitor, None, session):
        peer = peers[1]
        peer.cache._boards.clear()
        found.append(await peer.load(board.id, viewer))

    assert [b and (b.may_modify, b.may_own) for b in found] == [
        (False, False),
        None,
        (True, True),
    ]
    assert [b and [s.id for s in b.sections if s.collapsed] for b in found] == [
        [],
        None,
        ["c"],
    ]
    assert peers[1].database.whole == 0

    async with database.write() as tx:
        await tx.execute('DELETE FROM "boardGroupPermission"')

    await peers[0].load(board.id, session)
    peers[1].cache._boards.clear()

    assert await peers[1].load(board.id, visitor) is None


async def test_what_was_just_written_is_not_shared(
    peers: tuple[Peer, Peer],
    path: Path,
    board: Board,
    session: Session,
    client: Redis,
):
    """The next write might look the same from outside."""
    written = max(Path(f"{path}{end}").stat().st_mtime for end in ("", "-wal"))
    for peer in peers:
        peer.database.fingerprints.clock = lambda: written + 1
        await peer.load(board.id, session)

    assert [peer.database.whole for peer in peers] == [1, 1]
    assert await list_names(client) == []


async def test_a_board_stays_in_redis_for_a_minute(
    peers: tuple[Peer, Peer], board: Board, session: Session, client: Redis
):
    """And as long in the memory of who took it from there."""
    first, second = peers
    now = 0.0
    second.cache._clock = lambda: now
    await first.load(board.id, session)
    (name,) = await list_names(client)
    left = await client.pttl(name)
    await second.load(board.id, session)
    await client.delete(name)
    wholes = []
    for later in (TTL, TTL + 1, 9 * TTL):
        now = later
        await second.load(board.id, session)
        wholes.append(second.database.whole)

    assert name.startswith(b"cache:board:")
    assert 0 < left <= TTL * 1000 <= 60_000
    assert wholes == [0, 1, 1]


async def test_boards_of_another_program_are_not_read(
    peers: tuple[Peer, Peer],
    board: Board,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
):
    """Another version of ours may know other options, or another shape."""
    await peers[0].load(board.id, session)
    monkeypatch.setattr(shared_boards, "FORM", "another")
    await peers[1].load(board.id, session)

    assert peers[1].database.whole == 1


async def test_two_databases_of_one_redis_are_kept_apart(
    peers: tuple[Peer, Peer],
    path: Path,
    server: Server,
    board: Board,
    session: Session,
    driver: str,
):
    """A copy has the same boards, of the same size, and goes its own way."""
    copy = path.with_name("copy.sqlite")
    for suffix in ("", "-wal"):
        if Path(f"{path}{suffix}").exists():
            # The file is open here: another process has to copy it.
            subprocess.run(
                ["cp", "-p", f"{path}{suffix}", f"{copy}{suffix}"], check=True
            )

    await peers[0].load(board.id, session)
    async with open_peer(copy, server.url, driver=driver) as other:
        assert (await other.see(board.id, session))[1] == 1


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff\xfe",
        b'{"board":{},"size":1}',
        b"[" * 100_000,
        b'"' + b"x" * MAX_BYTES + b'"',
        "another board",
        "depth",
        "no size",
        "a list",
    ],
)
async def test_junk_in_redis_is_a_miss_and_a_line(
    peers: tuple[Peer, Peer],
    board: Board,
    session: Session,
    client: Redis,
    junk: bytes | str,
    caplog: pytest.LogCaptureFixture,
):
    """It is replaced by what the file says."""
    await peers[0].load(board.id, session)
    (name,) = await list_names(client)
    kept = await client.get(name)
    assert kept is not None
    if junk == "another board":
        junk = kept.replace(board.id.encode(), b"other")
    elif junk == "depth":
        junk = kept.replace(b'"options":{', b'"options":{"x":' + b"[" * 100_000)
    elif junk == "no size":
        junk = msgspec.json.encode({**msgspec.json.decode(kept), "size": -1})

    if isinstance(junk, bytes):
        await client.set(name, junk)
    else:
        await client.delete(name)
        await client.rpush(name, junk)

    loaded = await peers[1].load(board.id, session)

    assert loaded == board
    assert peers[1].database.whole == 1
    if isinstance(junk, bytes):
        assert [record.message for record in caplog.records] == [
            f"board {board.id!r} in redis cannot be read, and is deleted"
        ]
        assert await client.get(name) == kept


async def test_junk_that_is_not_replaced_is_told_once(
    peers: tuple[Peer, Peer],
    database: Database,
    board: Board,
    session: Session,
    client: Redis,
    caplog: pytest.LogCaptureFixture,
):
    """It is deleted, since nothing may be put there while somebody writes."""
    await peers[0].load(board.id, session)
    (name,) = await list_names(client)
    await client.set(name, b"junk")
    async with database.write():
        for _ in range(3):
            peers[1].cache._boards.clear()
            await peers[1].load(board.id, session)

    assert len(caplog.records) == 1
    assert await list_names(client) == []


@pytest.mark.parametrize("fault", [*FAULTS, "dead"])
async def test_no_viewer_notices_a_fault_of_redis(
    path: Path,
    server: Server,
    proxy: FaultProxy,
    board: Board,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
):
    """Each process reads for itself, and always sees what was written last."""
    async with open_peer(path, proxy.url) as peer:
        await peer.load(board.id, session)
        monkeypatch.setattr(remote, "CALL_TIMEOUT", 0.5)
        if fault == "dead":
            server.kill()
        else:
            proxy.spoil(fault, 1)

        for number in range(5):
            await write_elsewhere(path, board, f"x{number}")
            items, _ = await peer.see(board.id, session)

            assert f"x{number}" in items


async def test_what_json_would_change_is_not_shared(
    peers: tuple[Peer, Peer],
    database: Database,
    board: Board,
    session: Session,
    client: Redis,
):
    """A date is one in memory, and would be a text to the other process."""
    date = datetime(2024, 1, 1, tzinfo=UTC)
    async with database.write() as tx:
        await tx.execute(
            "INSERT INTO item (id, board_id, kind, options) VALUES ('d', ?, 'x', ?)",
            (board.id, superjson.encode({"on": date}).decode()),
        )

    boards = [await peer.load(board.id, session) for peer in peers]

    assert boards[0] == boards[1]
    assert [peer.database.whole for peer in peers] == [1, 1]
    assert await list_names(client) == []


async def test_a_very_large_board_is_not_shared(
    peers: tuple[Peer, Peer], database: Database, board: Board, session: Session
):
    """Redis would be slower than the file."""
    note = "x" * (MAX_BYTES // 2)
    await add_item(
        database, board.id, kind="notebook", options={"content": note}, session=session
    )
    for peer in peers:
        await peer.load(board.id, session)

    assert [peer.database.whole for peer in peers] == [1, 1]


async def test_a_board_from_redis_takes_no_more_memory_than_was_estimated(
    peers: tuple[Peer, Peer], database: Database, board: Board, session: Session
):
    """Its options are there twice, with defaults and without."""
    note = "<p>A note of some length as notes are.</p>" * 200
    for number in range(20):
        await add_item(
            database,
            board.id,
            kind="notebook",
            options={"content": f"{note}{number}"},
            session=session,
        )

    first, second = peers
    await first.load(board.id, session)
    await second.load(board.id, session)
    second.cache._boards.clear()
    second.cache.size = 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        loaded = await second.load(board.id, session)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert loaded is not None
    assert second.database.whole == 0
    assert taken <= second.cache.size <= 5 * taken


async def test_a_replaced_file_is_not_taken_for_the_one_that_is_open(
    peers: tuple[Peer, Peer],
    path: Path,
    server: Server,
    board: Board,
    session: Session,
    client: Redis,
):
    """Who has the old one open shares nothing; who opens the new one reads it."""
    await peers[0].load(board.id, session)
    peers[0].cache._boards.clear()
    await client.flushall()
    backup = path.with_name("backup.sqlite")
    await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            [sys.executable, "-m", "dashboard", "backup", str(backup)],
            env={"DB_URL": str(path), "PATH": ""},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    )
    await write_elsewhere(backup, board, "restored")
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)

    backup.replace(path)
    old = await peers[0].see(board.id, session)

    assert "restored" not in old[0]
    assert await list_names(client) == []

    async with open_peer(path, server.url) as new:
        items, whole = await new.see(board.id, session)

    assert "restored" in items
    assert whole == 1
