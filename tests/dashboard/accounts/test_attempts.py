from __future__ import annotations

import gc
import weakref

import pytest

from dashboard.accounts.attempts import share_attempts
from dashboard.database import Database
from dashboard.errors import ThrottledError
from tests.dashboard.accounts.clock import Clock


async def fail() -> None:
    """A check that nobody passes."""
    return


async def test_pages_and_procedures_count_as_one(database: Database, clock: Clock):
    """Whoever asks gets the same, with the clock of the first."""
    page = share_attempts(database, now=clock)
    procedure = share_attempts(database)

    assert procedure is page
    for attempts in (page, procedure) * 3:
        await attempts.run(fail, name="ada", address="192.0.2.1")

    with pytest.raises(ThrottledError, match="try again in 2 s") as caught:
        await page.run(fail, name="ada", address="192.0.2.1")

    assert caught.value.seconds == 2.0


async def test_each_database_has_its_own(database: Database):
    """Two houses in one process do not know each other's guests."""
    other = Database(database.path, driver=database.driver)
    first, second = share_attempts(database), share_attempts(other)
    await other.close()

    assert first is not second


async def test_attempts_that_nobody_uses_are_let_go_of(database: Database):
    """The table of them keeps no closed house alive."""
    alive = weakref.ref(share_attempts(database))
    gc.collect()

    assert alive() is None
