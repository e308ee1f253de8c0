"""Being another runner, by what it writes to the history."""

from __future__ import annotations

from dashboard.database import Database
from dashboard.jobs import history
from tests.services.tasks.conftest import BEGIN, Desk


def ms(seconds: float) -> int:
    """A moment of the test as the history has it."""
    return round((BEGIN + seconds) * 1000)


async def claim(database: Database, *ticks: float, name: str = "ping") -> None:
    """Be another runner that begins a job."""
    keys = [(name, ms(tick)) for tick in ticks]
    await history.claim_ticks(database, keys, runner="other", now=ms(0), lease=ms(30))


async def end_other(desk: Desk, tick: float) -> None:
    """Be the other runner, whose run goes well."""
    ending = history.Ending(
        job="ping",
        tick=ms(tick),
        started=ms(tick),
        ended=ms(tick),
        duration=0,
        error=None,
    )
    await history.file_endings(desk.resources.database, [ending], runner="other")
