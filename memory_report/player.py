"""The steps of the story: what visitors, viewers and the job API are asked to do."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpcore
import msgspec
import trio

from memory_report.answers import Answers
from memory_report.arrangements import RunningArrangement
from memory_report.errors import StoryError
from memory_report.records import Story
from memory_report.timings import Timings
from memory_report.viewer import BoardView, open_viewer, view_board
from memory_report.visitor import Answer, Visitor

NAME = "reporter"
PASSWORD = "Measured-4-times"  # noqa: S105 -- of a database that lives for seconds
APP = "Pinged by the report"
NOTE = "Written by the report"
JOB = "ping"

#: Logins at a time: as many as the services hash at once, so that none is put off.
LOGINS_AT_ONCE = 2

# Where a board's page, opened for editing, tells what it consists of.
_BOARD_ID = re.compile(r'/boards/([^"/?]+)\?edit=1')
_APP_ID = re.compile(APP + r'</span>.*?data-ping="([^"]+)"', re.DOTALL)
_NOTE_ID = re.compile(NOTE + r'.*?/items/([^"/?]+)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the story needs to know of the board it works on."""

    id: str
    note_id: str
    app_id: str


class Player:
    """The steps of the story, in the order in which they are called."""

    def __init__(
        self,
        running: RunningArrangement,
        story: Story,
        pool: httpcore.AsyncConnectionPool,
        counts: Counter[str],
        *,
        timings: Timings | None = None,
        answers: Answers | None = None,
    ) -> None:
        self._running = running
        self._story = story
        self._pool = pool
        self._counts = counts
        self._timings = timings or Timings()
        self._answers: Answers = [] if answers is None else answers
        self._first_trigger = ""
        self._jobs = Visitor(
            pool,
            running.urls["tasks"],
            service="tasks",
            counts=counts,
            headers={"cron-job-api-key": running.api_key},
            answers=self._answers,
        )

    async def stop_schedules(self) -> None:
        """Leave no job to the clock: from here on they run when the story says so."""

        answer = await self._jobs.get("/trpc/getAll")
        for job in msgspec.json.decode(answer.text)["result"]["data"]:
            name = msgspec.json.encode(job["name"])
            await self._jobs.post_json("/trpc/disable", name)

    async def settle_in(self) -> list[Visitor]:
        """Create the administrator, then log in as often as the story wants."""

        first = self._new_visitor()
        await first.get("/", expect=302)
        form = await first.get("/init")
        await first.post_form(
            "/init",
            {
                "csrf_token": form.form_token(),
                "name": NAME,
                "password": PASSWORD,
                "confirmPassword": PASSWORD,
            },
        )

        visitors = [self._new_visitor() for _ in range(self._story.logins)]
        limit = trio.CapacityLimiter(LOGINS_AT_ONCE)
        async with trio.open_nursery() as nursery:
            for visitor in visitors:
                nursery.start_soon(self._log_in, visitor, limit)

        return visitors

    async def furnish_board(self, admin: Visitor, *, ping_url: str) -> Board:
        """Put a note and a pinged app on the home board."""

        home = await admin.get("/")
        board_id = _find(home, _BOARD_ID, what="the board")
        path = f"/boards/{board_id}"
        editor = await admin.get(f"{path}?edit=1")
        token = editor.form_token()
        note = {"csrf_token": token, "kind": "notebook", "content": NOTE}
        await admin.post_form(f"{path}/items", note)
        await admin.post_form(
            f"{path}/items",
            {
                "csrf_token": token,
                "kind": "app",
                "name": APP,
                "href": ping_url,
                "ping_url": ping_url,
                "icon_url": "",
            },
        )
        page = await admin.get(f"{path}?edit=1")
        return Board(
            id=board_id,
            note_id=_find(page, _NOTE_ID, what="the note"),
            app_id=_find(page, _APP_ID, what="the app"),
        )

    async def open_boards(
        self, visitors: list[Visitor], board: Board, stack: AsyncExitStack
    ) -> list[BoardView]:
        """Open the story's sockets and subscribe each to all three streams."""

        views = []
        for number in range(self._story.sockets):
            visitor = visitors[number % len(visitors)]
            viewer = await stack.enter_async_context(
                open_viewer(
                    self._running.urls["ws"],
                    cookies=visitor.cookie_header(),
                    counts=self._counts,
                )
            )
            views.append(await view_board(viewer, app_id=board.app_id))

        if views:  # all of them hear the same
            self._timings.samples = views[0].memory.payloads

        return views

    async def read_boards(self, visitors: list[Visitor], board: Board) -> None:
        """Read the board, all visitors at once, each over its own connection."""

        async def read(visitor: Visitor, times: int) -> None:
            for _ in range(times):
                with self._timings.request():
                    await visitor.get(f"/boards/{board.id}")

        shares = divide(self._story.board_reads, len(visitors))
        with self._timings.asking_only():
            async with trio.open_nursery() as nursery:
                for visitor, share in zip(visitors, shares, strict=True):
                    nursery.start_soon(read, visitor, share)

    async def write_board(self, admin: Visitor, board: Board) -> None:
        """Edit the note, one write after the other."""

        path = f"/boards/{board.id}/items/{board.note_id}"
        token = (await admin.get(f"/boards/{board.id}?edit=1")).form_token()
        for number in range(self._story.board_writes):
            await admin.post_form(
                path, {"csrf_token": token, "content": f"Note {number}: {'x' * 400}"}
            )

    async def trigger_jobs(self, views: list[BoardView]) -> None:
        """Run the ping job, and wait each time until every board has seen it."""

        self._first_trigger = _now()
        for times in range(1, self._story.triggers + 1):
            asked = trio.current_time()
            await self.trigger_job()
            for view in views:
                await view.viewer.wait(
                    f"see run {times} of the job {JOB!r}",
                    lambda: self.has_seen(view, times),  # noqa: B023
                )
                self._timings.pushes.append(view.first_status(JOB, asked) - asked)

    async def trigger_job(self) -> None:
        """Ask for one run of the ping job."""

        await self._jobs.post_json("/trpc/trigger", msgspec.json.encode(JOB))
        self._counts["tasks.triggered"] += 1

    def has_seen(self, view: BoardView, runs: int) -> bool:
        """Say whether a board was shown so many runs of the job and their pings."""

        ended = [each["status"] == "idle" for each in self.own_statuses(view)]
        return sum(ended) >= runs and len(view.pings.payloads) >= runs

    def own_statuses(self, view: BoardView) -> list[dict[str, Any]]:
        """Return the statuses of runs that the story triggered, not of earlier ones."""

        return [
            status
            for status in view.statuses.payloads
            if status["name"] == JOB
            and status["lastExecutionTimestamp"] >= self._first_trigger
        ]

    def count_pushes(self, views: list[BoardView]) -> None:
        """Enter into the ledger what the boards were shown.

        Memory samples come with time, so only whether they came is work.
        """

        for view in views:
            for name, stream, shown in (
                ("status", view.statuses, self.own_statuses(view)),
                ("ping", view.pings, view.pings.payloads),
            ):
                self._counts[f"ws.{name}_pushes"] += len(shown)
                said = [msgspec.json.encode(each).decode() for each in shown]
                self._answers += [(f"ws {stream.path}", each) for each in said]

            self._counts["ws.boards_with_memory"] += bool(view.memory.payloads)

    def _new_visitor(self) -> Visitor:
        return Visitor(
            self._pool,
            self._running.urls["web"],
            service="web",
            counts=self._counts,
            answers=self._answers,
        )

    async def _log_in(self, visitor: Visitor, limit: trio.CapacityLimiter) -> None:
        async with limit:
            form = await visitor.get("/auth/login")
            await visitor.post_form(
                "/auth/login",
                {
                    "csrf_token": form.form_token(),
                    "name": NAME,
                    "password": PASSWORD,
                },
            )
            await visitor.get("/")


def divide(total: int, parts: int) -> list[int]:
    """Divide a number into whole parts that differ by one at most."""

    share, rest = divmod(total, parts)
    return [share + (index < rest) for index in range(parts)]


def _now() -> str:
    """Return the time as services write it: ISO, milliseconds, Z."""

    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _find(page: Answer, pattern: re.Pattern[str], *, what: str) -> str:
    found = pattern.search(page.text)
    if found is None:
        raise StoryError("read the board", f"the page does not show {what}")

    return unescape(found[1])
