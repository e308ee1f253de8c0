"""What every launch lives through: the same visits, pushes and job runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpcore

from memory_report.answers import Answers
from memory_report.arrangements import RunningArrangement
from memory_report.pinged_site import open_pinged_site
from memory_report.player import Player
from memory_report.processes import first_error
from memory_report.records import Story
from memory_report.timings import Timings


@asynccontextmanager
async def open_story(
    running: RunningArrangement,
    story: Story,
    *,
    timings: Timings | None = None,
    answers: Answers | None = None,
) -> AsyncIterator[Counter[str]]:
    """Play the story; the block runs with its sockets still open.

    The counts, and the answers that are kept, are final when the block has ended.
    """

    counts: Counter[str] = Counter()
    with first_error():
        async with (
            open_pinged_site() as site,
            httpcore.AsyncConnectionPool(max_connections=64) as pool,
            AsyncExitStack() as boards,
        ):
            player = Player(
                running, story, pool, counts, timings=timings, answers=answers
            )
            await player.stop_schedules()
            visitors = await player.settle_in()
            board = await player.furnish_board(visitors[0], ping_url=site.url)
            views = await player.open_boards(visitors, board, boards)
            await player.read_boards(visitors, board)
            await player.write_board(visitors[0], board)
            await player.trigger_jobs(views)

            yield counts

            for view in views:
                await view.viewer.leave()

            player.count_pushes(views)
            counts["pinged_site.requests"] = site.requests
