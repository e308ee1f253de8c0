"""Loading a board of 60 items, against one hand-written statement for its rows.

Statement and loads take turns, each through an aiosqlite connection of its own to the
same file. The statement returns the rows of board, layouts, sections, items, placements
and apps as SQLite has them; a load has read them, decoded their options and checked who
may see them. "After a write" is what the first load after any commit costs; "from
cache" what the others do. With Redis, one process reads a board and puts it there, and
another takes it from there; both see the file for the first time since the last write.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure, median_ratio
from dashboard.accounts import create_first_admin, open_session
from dashboard.boards import BoardCache, SharedBoards, find_home_board, load_board
from dashboard.bus import Remote, open_bus
from dashboard.database import Database
from dashboard.identity import Session
from memory_report.redis_server import find_free_port, find_redis_server

ROUNDS, QUICK_ROUNDS = 1000, 200
WARM_UP = 50
ITEMS, APPS = 60, 40
PASSWORD = "Correct-Horse-7"
#: Seconds that the clock is ahead: what was written a moment ago is not shared.
AHEAD = 10.0
#: The first to read after it find what SQLite keeps itself out of date. "Not cached" is
#: the first of its connection after the statement's.
AFTER_A_WRITE = {"statement", "after a write", "not cached and put into Redis"}

#: The faster one of several: a join of everything repeats the options for each layout.
STATEMENT = """
SELECT 0, id, name, is_public, creator_id, page_title, primary_color, opacity
  FROM board WHERE id = :board
UNION ALL SELECT 1, id, name, column_count, breakpoint, NULL, NULL, NULL
  FROM layout WHERE board_id = :board
UNION ALL SELECT 2, id, kind, name, options, x_offset, y_offset, NULL
  FROM section WHERE board_id = :board
UNION ALL SELECT 3, id, kind, options, advanced_options, NULL, NULL, NULL
  FROM item WHERE board_id = :board
UNION ALL SELECT 4, p.item_id, p.section_id, p.layout_id, p.x_offset, p.y_offset,
  p.width, p.height
  FROM item AS i CROSS JOIN item_layout AS p
  WHERE i.board_id = :board AND p.item_id = i.id
UNION ALL SELECT 5, id, name, description, icon_url, href, ping_url, NULL
  FROM app WHERE id IN (
    SELECT json_extract(options, '$.json.appId') FROM item
      WHERE board_id = :board AND kind = 'app'
    UNION ALL SELECT j.value FROM item AS i, json_each(i.options, '$.json.items') AS j
      WHERE i.board_id = :board AND i.kind = 'bookmarks')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A database with one board, and somebody who may see it."""

    database: Database
    #: The same file, as another process has it open.
    other: Database
    session: Session
    board_id: str


async def run(*, quick: bool) -> list[Figure]:
    """Time all of them in each round."""

    rounds = QUICK_ROUNDS if quick else ROUNDS
    seconds = await trio.to_thread.run_sync(lambda: asyncio.run(_measure(rounds)))
    statement = seconds["statement"]
    figures = [
        Figure(
            what=f"board of {ITEMS} items, {how}: load / one statement",
            before=_milliseconds(statement),
            after=_milliseconds(seconds[how]),
            value=median_ratio(list(zip(statement, seconds[how], strict=True))),
            bar=2.0,
        )
        for how in ("not cached", "after a write")
    ]
    figures.append(
        Figure(
            what="the same board from cache",
            before="",
            after=_milliseconds(seconds["from cache"]),
            value=median(seconds["from cache"]) * 1000,
            form="{:.3f} ms",
            bar=0.3,
        )
    )
    whole = seconds["not cached"]
    figures += [
        Figure(
            what=f"board of {ITEMS} items, {how} / not cached",
            before=_milliseconds(whole),
            after=_milliseconds(seconds[how]),
            value=median_ratio(list(zip(whole, seconds[how], strict=True))),
        )
        for how in ("not cached and put into Redis", "from Redis")
    ]
    return figures


async def _measure(rounds: int) -> dict[str, list[float]]:
    """The seconds that each took, round by round."""
    import aiosqlite

    with TemporaryDirectory(prefix="benchmarks-") as folder, _redis(folder) as url:
        path = Path(folder) / "db.sqlite"
        database, other, bus = Database(path), Database(path), await open_bus(url)
        try:
            if bus.remote is None:
                raise RuntimeError("there is no Redis")

            scene = await _set_up(database, other)
            async with aiosqlite.connect(path, isolation_level=None) as connection:
                return await _take_turns(scene, connection, bus.remote, rounds)

        finally:
            await other.close()
            await database.close()
            await bus.close()


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    port = str(find_free_port())
    words = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", ""]
    command = [str(find_redis_server()), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            for line in server.stdout or ():
                if b"Ready to accept" in line:
                    break

            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


async def _take_turns(
    scene: Scene, connection: Any, redis: Remote, rounds: int
) -> dict[str, list[float]]:
    cache = BoardCache()
    giver, taker = SharedBoards(redis), SharedBoards(redis)

    async def load(kept: BoardCache, *, database: Database = scene.database) -> None:
        board = await load_board(database, scene.board_id, scene.session, cache=kept)
        if board is None or len(board.items) != ITEMS:
            raise RuntimeError("the board was not loaded")

    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "statement": lambda: connection.execute_fetchall(
            STATEMENT, {"board": scene.board_id}
        ),
        "not cached": lambda: load(BoardCache()),
        "after a write": lambda: load(cache),
        "from cache": lambda: load(cache),
        "not cached and put into Redis": lambda: load(BoardCache(shared=giver)),
        "from Redis": lambda: load(BoardCache(shared=taker), database=scene.other),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(WARM_UP + rounds):
        for how, call in calls.items():
            if how in AFTER_A_WRITE:
                await _write(scene.database, f"{number} {how}")

            started = time.perf_counter()
            await call()
            if number >= WARM_UP:
                seconds[how].append(time.perf_counter() - started)

    return seconds


async def _write(database: Database, text: str) -> None:
    # Another value each time: SQLite does not write a row that stays as it is.
    async with database.write() as tx:
        await tx.execute("UPDATE onboarding SET previous_step = ?", (text,))


async def _set_up(database: Database, other: Database) -> Scene:
    """Put apps, bookmarks, notes and clocks on the home board, in two layouts."""
    admin = await create_first_admin(database, name="admin", password=PASSWORD)
    session = await open_session(database, admin)
    board = await find_home_board(database, session)
    if board is None:
        raise RuntimeError("there is no home board")

    section, base = board.sections[0].id, board.layouts[0].id
    apps = [f"app{number:021}" for number in range(APPS)]
    items = [(f"item{number:020}", *_describe(number, apps)) for number in range(ITEMS)]
    async with database.write() as tx:
        await tx.execute("DELETE FROM item")
        await tx.execute_many(
            "INSERT INTO app (id, name, icon_url, href) VALUES (?, ?, ?, ?)",
            [
                (
                    app,
                    f"App {app}",
                    f"https://icons.example/{app}.svg",
                    f"http://{app}/",
                )
                for app in apps
            ],
        )
        await tx.execute(
            "INSERT INTO layout (id, name, board_id, column_count, breakpoint)"
            " VALUES ('phone', 'Phone', ?, 3, 0)",
            (board.id,),
        )
        await tx.execute_many(
            "INSERT INTO item (id, board_id, kind, options) VALUES (?, ?, ?, ?)",
            [(item, board.id, kind, options) for item, kind, options in items],
        )
        await tx.execute_many(
            "INSERT INTO item_layout VALUES (?, ?, ?, ?, ?, 1, 1)",
            [
                (item, section, layout, number % columns, number // columns)
                for number, (item, _, _) in enumerate(items)
                for layout, columns in ((base, 10), ("phone", 3))
            ],
        )

    for one in (database, other):
        await one.open()
        one.fingerprints.clock = lambda: time.time() + AHEAD

    return Scene(database=database, other=other, session=session, board_id=board.id)


def _describe(number: int, apps: list[str]) -> tuple[str, str]:
    """The kind and the stored options of an item."""
    if number < APPS:
        return "app", (
            f'{{"json":{{"appId":"{apps[number]}","openInNewTab":true,"showTitle":true,'
            '"descriptionDisplayMode":"hidden","layout":"column","pingEnabled":false}}'
        )

    if number < APPS + 5:
        some = '","'.join(apps[:5])
        return "bookmarks", f'{{"json":{{"title":"Links","items":["{some}"]}}}}'

    if number < APPS + 10:
        note = "<p>Some words to remember.</p>" * 20
        return "notebook", f'{{"json":{{"showToolbar":true,"content":"{note}"}}}}'

    return "clock", '{"json":{"is24HourFormat":true,"timezone":"Europe/London"}}'


def _milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.3f} ms"


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
