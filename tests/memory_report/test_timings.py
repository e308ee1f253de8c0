"""What the clients waited for, and how late the loops were."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from memory_report.timings import FIRST_SAMPLES, SAMPLE_INTERVAL, Timings, find_lag
from runner import monitor


def sample(process: str, time: float, **lags: float) -> dict[str, Any]:
    """Return what a monitor says."""

    return {"process": process, "time": time, "lags": lags}


@pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})]
)
async def test_requests_are_timed_one_by_one():
    """The price has their percentiles, and their rate while they were all there was."""

    timings = Timings()
    with timings.asking_only():
        for number in range(1, 11):
            with timings.request():
                await trio.sleep(number)

    await trio.sleep(100)
    timings.pushes += [0.25, 0.5]
    price = timings.make_price({"trio": 0.5})

    assert price.request_p50 == pytest.approx(5)
    assert price.request_p99 == pytest.approx(10)
    assert price.requests_per_second == pytest.approx(10 / 55)
    assert price.pushes == (0.25, 0.5)
    assert price.lag == {"trio": 0.5}


def test_what_a_story_has_nothing_of_has_no_figure():
    """No request is not a request that took no time."""

    price = Timings().make_price({})

    assert (price.request_p99, price.push_p50, price.requests_per_second) == (
        None, None, None
    )  # fmt: skip


def test_lag_is_the_longest_of_each_lane_in_any_process():
    """Samples from before the story, and from after the last look, are not of it."""

    samples = [
        sample("web", 9, asyncio=9),
        sample("web", 20, asyncio=0.1),
        sample("ws", 21, asyncio=0.2, trio=0.01),
        sample("web", 30, asyncio=0.05),
        sample("ws", 31, asyncio=0.05, trio=0.02),
        sample("web", 41, asyncio=9),
    ]

    lag = find_lag(samples, processes=2, begin=10, end=25, until=40)

    assert lag == {"asyncio": 0.2, "trio": 0.02}


def test_lag_of_a_part_of_the_processes_is_no_lag():
    """Who has told nothing since the story's end may have been late."""

    samples = [sample("web", 20, asyncio=0.1), sample("ws", 31, trio=0.02)]

    assert find_lag(samples, processes=2, begin=10, end=25, until=40) == {}


def test_the_monitors_pace_is_known_here_too():
    """It stands here a second time, or an event loop would be imported for it."""

    assert (FIRST_SAMPLES, SAMPLE_INTERVAL) == (
        monitor.FIRST_INTERVAL,
        monitor.INTERVAL,
    )
