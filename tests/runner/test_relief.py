"""Memory is given back once after each busy time, and never amid one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from runner import relief
from runner.relief import IDLE_CPU, INTERVAL, relieve_when_idle

Watch = Callable[..., Awaitable[list[float | str]]]


class EndedError(Exception):
    """There is nothing left to look at."""


class Clock:
    """A process that used given shares of a core, look by look."""

    def __init__(self, *shares: float) -> None:
        self.left = list(shares)
        self.now = 100.0
        self.used = 5.0
        self.notes: list[float | str] = []

    async def sleep(self, seconds: float) -> None:
        """Pass the time until the next look."""

        if not self.left:
            raise EndedError

        share = self.left.pop(0)
        self.notes.append(share)
        self.now += seconds
        self.used += share * seconds


@pytest.fixture(name="watch")
def _watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    async def watch(*shares: float) -> list[float | str]:
        clock = Clock(*shares)
        times = SimpleNamespace(
            monotonic=lambda: clock.now, process_time=lambda: clock.used
        )
        monkeypatch.setattr(relief, "time", times)
        monkeypatch.setattr(relief, "anyio", SimpleNamespace(sleep=clock.sleep))
        monkeypatch.setattr(
            relief, "gc", SimpleNamespace(collect=lambda: clock.notes.append("collect"))
        )
        monkeypatch.setattr(relief, "trim_heap", lambda: clock.notes.append("trim"))
        with pytest.raises(EndedError):
            await relieve_when_idle()

        return clock.notes

    return watch


async def test_memory_is_given_back_once_after_each_busy_time(watch: Watch):
    """Garbage first, then the pages that it lay in; the start is a busy time too."""

    notes = await watch(0.5, 0.5, 0.0, 0.01, 0.0, 0.06, 0.0, 0.0)
    relieved = ["collect", "trim"]

    assert notes == [0.5, 0.5, 0.0, *relieved, 0.01, 0.0, 0.06, 0.0, *relieved, 0.0]


async def test_a_process_at_the_bound_counts_as_busy(watch: Watch):
    """Below it, it is idle."""

    assert await watch(IDLE_CPU * 1.01) == [IDLE_CPU * 1.01]
    assert "trim" in await watch(IDLE_CPU * 0.99)
    assert INTERVAL > 0
