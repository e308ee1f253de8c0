from __future__ import annotations

import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from dashboard.database import Database, checkpointer

INSERT = (
    "INSERT INTO media (id, name, content, content_type, size)"
    " VALUES (?, '', randomblob(40000), '', 0)"
)


@pytest.fixture(name="driver")
def _driver(any_driver: str) -> str:
    return any_driver


def log_bytes(database: Database) -> int:
    return Path(f"{database.path}-wal").stat().st_size


async def write(database: Database, count: int) -> None:
    for number in range(count):
        async with database.write() as tx:
            await tx.execute("DELETE FROM media")
            await tx.execute(INSERT, (str(number),))


@pytest.fixture(name="small")
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test reaches in a moment."""
    monkeypatch.setattr(checkpointer, "AUTOMATIC_PAGES", 50)
    monkeypatch.setattr(checkpointer, "BOUND_BYTES", 400_000)
    monkeypatch.setattr(checkpointer, "KEPT_BYTES", 100_000)
    monkeypatch.setattr(checkpointer, "PATIENCE", 30)


@pytest.mark.usefixtures("small")
async def test_the_log_starts_over_by_itself(database: Database):
    """However much is written, in the same few pages."""
    await write(database, 100)

    assert log_bytes(database) <= 400_000


@pytest.mark.usefixtures("small")
async def test_readers_that_overlap_do_not_let_the_log_grow_for_ever(
    database: Database,
):
    """There is always one under way, and the writer waits for the right moment."""
    written = anyio.Event()

    async def begin() -> AsyncExitStack:
        stack = AsyncExitStack()
        tx = await stack.enter_async_context(database.read())
        await tx.all("SELECT id FROM media")
        return stack

    async def read() -> None:
        reading = await begin()
        while not written.is_set():
            following = await begin()
            await reading.aclose()
            reading = following
            await checkpoint()

        await reading.aclose()

    most = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for _ in range(40):
            await write(database, 4)
            most = max(most, log_bytes(database))

        written.set()

    assert most <= 800_000


@pytest.mark.usefixtures("small")
async def test_a_reader_that_stays_holds_writes_back_only_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """The log grows then, and each wait is for twice as much as the one before."""
    waits = []
    empty = checkpointer.Checkpointer.empty

    async def counted(self: checkpointer.Checkpointer, *args: object) -> bool:
        done = await empty(self, *args)  # type: ignore[arg-type]
        waits.append(done)
        return done

    async with database.read() as tx:
        before = await tx.all("SELECT id FROM media")
        monkeypatch.setattr(checkpointer.Checkpointer, "empty", counted)
        monkeypatch.setattr(checkpointer, "PATIENCE", 0)
        await write(database, 70)
        after = await tx.all("SELECT id FROM media")

    grown = log_bytes(database)
    tries = len(waits)
    await write(database, 80)

    assert (before, after) == ([], [])
    assert grown > 2_000_000
    assert 1 <= tries <= 4
    assert log_bytes(database) < grown


async def test_every_connection_is_set_up(database: Database):
    """Foreign keys and a busy timeout on each; only the writer moves the log."""
    names = ("foreign_keys", "busy_timeout", "wal_autocheckpoint", "query_only")
    found = []
    async with database.write() as tx:
        found.append([(await tx.all(f"PRAGMA {name}"))[0][0] for name in names])

    for transaction in (database.read(), database.snapshot()):
        async with transaction as tx:
            found.append([(await tx.all(f"PRAGMA {name}"))[0][0] for name in names])

    writer, *readers = found
    if database.driver == "libsql":
        # Its waits are the event loop's alone: the library would keep the thread.
        assert {one.pop(1) for one in found} == {0}
    else:
        assert {one.pop(1) for one in found} == {5}

    assert writer == [1, checkpointer.AUTOMATIC_PAGES, 0]
    assert readers == [[1, 0, 1], [1, 0, 1]]


async def test_a_short_lived_process_leaves_the_log_to_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """Neither while it writes nor at its end; the last one to close moves it."""
    await write(database, 1)
    monkeypatch.setattr(checkpointer, "BOUND_BYTES", 0)
    command = Database(database.path, driver=database.driver, checkpoint_at_end=False)
    async with command.write() as tx:
        rows = await tx.all("PRAGMA wal_autocheckpoint")
        await tx.execute(INSERT, ("kept",))

    before = log_bytes(database)
    await write(command, 2)
    await command.close()
    after = log_bytes(database)
    found = await database.all("SELECT id FROM media")
    await database.close()
    last = Database(database.path, driver=database.driver, checkpoint_at_end=False)
    await write(last, 3)
    await last.close()

    assert rows[0][0] == 0
    assert after > before > 40_000
    assert [row["id"] for row in found] == ["1"]
    assert [one.name for one in last.path.parent.iterdir()] == ["db.sqlite"]


READ = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT * FROM media").fetchall()
print("reading", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print(connection.execute("SELECT id FROM media").fetchall())
"""


async def test_another_program_s_reader_does_not_keep_us_from_closing(
    database: Database, path: Path
):
    """The log is left for the next one then; nothing of it is lost."""
    await write(database, 3)
    other = subprocess.Popen(
        [sys.executable, "-c", READ, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    await write(database, 5)
    await database.close()
    found, _ = other.communicate("\n")

    assert found == "[('4',)]\n"
