"""What each service is asked to do: the same in every set of services that has it.

No service may need another one for it. So the account, the board and the sessions
are made beforehand, by one launch of all services whose database the others copy.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpcore
import trio

from memory_report.arrangements import RunningArrangement
from memory_report.errors import NotComparableError, StoryError
from memory_report.ledger import BOTH_ENDS, BYTES, TIMED
from memory_report.pinged_site import PingedSite
from memory_report.player import NAME, PASSWORD, Board, Player
from memory_report.processes import first_error
from memory_report.records import Story
from memory_report.viewer import Viewer, open_viewer
from memory_report.visitor import Visitor

PING_TIMEOUT = 20.0
_PING_INTERVAL = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the services find when they start."""

    database: Path
    board: Board
    #: Logged in; their cookies are good in every copy of the database.
    visitors: Sequence[Visitor]
    site: PingedSite
    #: What they are asked for.
    story: Story


async def prepare(
    running: RunningArrangement, story: Story, *, site: PingedSite, folder: Path
) -> Prepared:
    """Make the account, the board and the sessions, and keep the database.

    Stops the services, so that the file is whole.
    """

    async with httpcore.AsyncConnectionPool() as pool:
        player = Player(running, story, pool, Counter())
        await player.stop_schedules()
        visitors = await player.settle_in()
        board = await player.furnish_board(visitors[0], ping_url=site.url)

    await running.stop()
    kept = folder / "prepared.sqlite"
    shutil.copyfile(running.database, kept)
    return Prepared(
        database=kept, board=board, visitors=visitors, site=site, story=story
    )


@asynccontextmanager
async def open_load(
    running: RunningArrangement, prepared: Prepared | None
) -> AsyncIterator[Counter[str]]:
    """Ask each service that is there for its work; the sockets stay open meanwhile.

    Nothing is asked of services that nothing is prepared for.

    The counts are final when the block has ended. Jobs come first, before anybody
    watches: sockets would otherwise have more to do where the jobs are near.
    """

    counts: Counter[str] = Counter()
    if prepared is None:
        yield counts
        return

    story = prepared.story
    urls = dict.fromkeys(("web", "ws", "tasks"), "") | dict(running.urls)
    with first_error():
        async with (
            httpcore.AsyncConnectionPool(max_connections=64) as pool,
            AsyncExitStack() as stack,
        ):
            player = Player(replace(running, urls=urls), story, pool, counts)
            if "tasks" in running.urls:
                await _run_jobs(player, story, prepared.site)

            if "web" in running.urls:
                url = running.urls["web"]
                visitors = await log_in(url, story.logins, pool, counts)
                await player.read_boards(visitors, prepared.board)
                await player.write_board(visitors[0], prepared.board)

            views = []
            if "ws" in running.urls:
                views = await player.open_boards(
                    list(prepared.visitors), prepared.board, stack
                )

            yield counts

            for view in views:
                await view.viewer.leave()


async def log_in(
    url: str, count: int, pool: httpcore.AsyncConnectionPool, counts: Counter[str]
) -> list[Visitor]:
    """Log in so often, one after the other: all of them must be let in."""

    visitors = []
    for _ in range(count):
        visitor = Visitor(pool, url, service="web", counts=counts)
        form = await visitor.get("/auth/login")
        fields = {"csrf_token": form.form_token(), "name": NAME, "password": PASSWORD}
        await visitor.post_form("/auth/login", fields)
        visitors.append(visitor)

    return visitors


async def open_sockets(
    running: RunningArrangement, prepared: Prepared, count: int, stack: AsyncExitStack
) -> list[Viewer]:
    """Open so many sockets more, each with one stream; they close with the stack."""

    cookies = prepared.visitors[0].cookie_header()
    viewers = []
    for _ in range(count):
        viewer = await stack.enter_async_context(
            open_viewer(running.urls["ws"], cookies=cookies, counts=Counter())
        )
        await viewer.subscribe("widget.app.updatedPing", {"id": prepared.board.app_id})
        viewers.append(viewer)

    return viewers


def check_ends(
    services: Sequence[str], asked: Mapping[str, int], answered: Mapping[str, int]
) -> None:
    """Refuse a launch whose two ends did not count the same.

    Raises:
        NotComparableError: with a line for each count that differs.
    """

    where = "+".join(services)
    differences = [
        f"{field}: clients counted {asked.get(field, 0)}, services "
        f"{answered.get(field, 0)} in the set {where}"
        for field in BOTH_ENDS
        if asked.get(field, 0) != answered.get(field, 0)
    ]
    if differences:
        raise NotComparableError(differences)


def check_work(works: Sequence[tuple[tuple[str, ...], Mapping[str, int]]]) -> None:
    """Refuse launches in which a service did more in one set than in another.

    Raises:
        NotComparableError: with a line for each count that differs.
    """

    expected: dict[str, tuple[str, int]] = {}
    differences = []
    for services, work in works:
        where = "+".join(services)
        for field, count in sorted(work.items()):
            if field in TIMED or field.endswith(BYTES):
                continue

            first, wanted = expected.setdefault(field, (where, count))
            if count != wanted:
                differences.append(
                    f"{field}: {wanted} in the set {first}, {count} in {where}"
                )

        for service in services:
            missing = [
                field
                for field in expected
                if field.startswith(f"{service}.") and field not in work
            ]
            differences.extend(f"{field}: nothing in {where}" for field in missing)

    if differences:
        raise NotComparableError(differences)


async def _run_jobs(player: Player, story: Story, site: PingedSite) -> None:
    for _ in range(story.triggers):
        wanted = site.requests + 1
        await player.trigger_job()
        with trio.move_on_after(PING_TIMEOUT) as scope:
            while site.requests < wanted:  # noqa: ASYNC110 -- it has no event
                await trio.sleep(_PING_INTERVAL)

        if scope.cancelled_caught:
            reason = f"nobody pinged within {PING_TIMEOUT:g} s"
            raise StoryError("run a job", reason)
