"""What dies when the process of a service is killed, and whether somebody mends it.

A process that is killed is the crash that no service can prevent: a fault in a C
library, or the kernel out of memory. Everything that lives in it dies with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpcore
import trio

from memory_report.arrangements import (
    RUNNER,
    Arrangement,
    RunningArrangement,
    decode_event,
    open_arrangement,
    read_urls,
)
from memory_report.errors import MeasurementError, StoryError
from memory_report.launch_limit import limit_launch
from memory_report.player import Board, Player
from memory_report.processes import LaunchedProcess
from memory_report.progress import Progress
from memory_report.records import PUSHES, REDIS, TOGETHER, Crash, Story
from memory_report.visitor import Visitor

#: One person, one board, and one job whose status is pushed to it.
STORY = Story(logins=1, board_reads=0, board_writes=0, sockets=1, triggers=1)
#: Nothing listens there: a ping fails at once, as a real one may.
NOWHERE = "http://127.0.0.1:9/"
SERVICES = ("web", "ws", "tasks")

#: For one look at everything, in seconds; and for somebody to bring back what died.
LOOK_TIMEOUT = 2.0
BACK_TIMEOUT = 5.0
LOOK_INTERVAL = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """A board, and the cookies of the one who owns it: they outlive every process."""

    board: Board
    cookies: dict[str, str]

    def make_visitor(
        self, running: RunningArrangement, pool: httpcore.AsyncConnectionPool
    ) -> Visitor:
        """Return the owner, as somebody whom a launch already knows."""

        visitor = Visitor(pool, running.urls["web"], service="web", counts=Counter())
        visitor.cookies.update(self.cookies)
        return visitor


async def furnish(running: RunningArrangement) -> Furnished:
    """Make a board, and somebody who is logged in."""

    async with httpcore.AsyncConnectionPool() as pool:
        player = Player(running, STORY, pool, Counter())
        await player.stop_schedules()
        (visitor,) = await player.settle_in()
        board = await player.furnish_board(visitor, ping_url=NOWHERE)
        return Furnished(board=board, cookies=visitor.cookies)


def list_doomed(arrangements: Sequence[Arrangement]) -> list[tuple[Arrangement, str]]:
    """Return each arrangement with each service that can be killed in it.

    What only lacks a saving dies like that which has it, and is left out.
    """

    return [
        (arrangement, service)
        for arrangement in arrangements
        if not arrangement.name.startswith(f"{TOGETHER}-")
        for service in (*SERVICES, *([REDIS] if arrangement.redis else []))
    ]


async def crash_services(
    doomed: Sequence[tuple[Arrangement, str]],
    *,
    steps: Progress,
    runner: tuple[str, ...] = RUNNER,
    cache: Path | None = None,
) -> tuple[Crash, ...]:
    """Kill each service once, in a launch of its own.

    Services that share a process die together, and that once tells of all of them.
    """

    crashes: dict[tuple[str, str], Crash] = {}
    for arrangement, service in doomed:
        name = arrangement.name
        if (name, service) not in crashes:
            steps.begin(f"{name}, {service} killed")
            crash, shared = await crash_once(
                arrangement, service, runner=runner, cache=cache
            )
            crashes |= {(name, each): replace(crash, service=each) for each in shared}

        steps.end()

    return tuple(crashes[arrangement.name, service] for arrangement, service in doomed)


async def crash_once(
    arrangement: Arrangement,
    service: str,
    *,
    runner: tuple[str, ...] = RUNNER,
    cache: Path | None = None,
) -> tuple[Crash, tuple[str, ...]]:
    """Launch an arrangement and kill one service's process.

    Returns:
        What became of it, and all services that had that process.
    """

    with (
        TemporaryDirectory(prefix="memory-report-") as folder,
        limit_launch(f"a launch of {arrangement.name} to kill {service}"),
    ):
        async with open_arrangement(
            replace(arrangement, restarts=True),
            folder=Path(folder),
            runner=runner,
            cache=cache,
        ) as running:
            furnished = await furnish(running)
            broken = await find_broken(running, furnished)
            if broken:
                names = ", ".join(broken)
                raise MeasurementError(f"{names} did not work before any crash")

            process, pid, others = find_process(running, service)
            await process.kill(pid)
            died, back = await _watch_aftermath(running, furnished, others)

    crash = Crash(arrangement=arrangement.name, service=service, died=died, back=back)
    return crash, others


def find_process(
    running: RunningArrangement, service: str
) -> tuple[LaunchedProcess, int, tuple[str, ...]]:
    """Return who launched a service's process, its id, and the services that it has.

    Raises:
        MeasurementError: no process said that it has the service.
    """

    if service == REDIS and running.redis is not None:
        return running.redis, running.redis.pid, (REDIS,)

    for process in running.services:
        for event in map(decode_event, process.lines):
            if event.get("event") == "starting" and service in event["services"]:
                shared = tuple(name for name in SERVICES if name in event["services"])
                return process, event["pid"], shared

    raise MeasurementError(f"no process said that it has the service {service!r}")


async def find_broken(
    running: RunningArrangement, furnished: Furnished
) -> tuple[str, ...]:
    """Try everything once, all at the same time; return what did not work."""

    # Who was started again has another port.
    urls = read_urls(running.services, frozenset(SERVICES))
    running = replace(running, urls=urls)
    works: set[str] = set()

    async with httpcore.AsyncConnectionPool() as pool, trio.open_nursery() as nursery:
        player = Player(running, STORY, pool, Counter())
        visitor = furnished.make_visitor(running, pool)
        page = partial(visitor.get, f"/boards/{furnished.board.id}")
        sockets = partial(_try_sockets, player, visitor, furnished.board, works)
        nursery.start_soon(_try, page, partial(works.add, "web"))
        nursery.start_soon(_try, player.stop_schedules, partial(works.add, "tasks"))
        nursery.start_soon(_try, sockets, lambda: None)

    return tuple(name for name in (*SERVICES, PUSHES) if name not in works)


async def _try(step: Callable[[], Awaitable[object]], note: Callable[[], None]) -> None:
    with trio.move_on_after(LOOK_TIMEOUT), suppress(StoryError):
        await step()
        note()


async def _try_sockets(
    player: Player, visitor: Visitor, board: Board, works: set[str]
) -> None:
    async with AsyncExitStack() as stack:
        views = await player.open_boards([visitor], board, stack)
        works.add("ws")
        await player.trigger_jobs(views)
        works.add(PUSHES)


async def _watch_aftermath(
    running: RunningArrangement, furnished: Furnished, killed: tuple[str, ...]
) -> tuple[tuple[str, ...], float | None]:
    """Return what did not work at any time, and when all of it worked again.

    It is watched at least until all that was `killed` has been seen not to work: what
    works at the first look may not have noticed yet. Redis is seen by nobody.
    """

    began = trio.current_time()
    wanted = set(killed) - {REDIS} or {PUSHES}
    died: set[str] = set()
    back: float | None = None
    while trio.current_time() < began + BACK_TIMEOUT:
        asked = trio.current_time()
        broken = await find_broken(running, furnished)
        died.update(broken)
        if broken:
            back = None
        elif back is None:
            back = round(asked - began, 1)

        if back is not None and wanted <= died:
            break

        await trio.sleep(LOOK_INTERVAL)

    return _in_order(died), back


def _in_order(names: set[str]) -> tuple[str, ...]:
    return tuple(name for name in (*SERVICES, PUSHES) if name in names)
