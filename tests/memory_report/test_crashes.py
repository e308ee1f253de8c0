"""When the watch over what a crash did may end."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from memory_report import crashes

pytestmark = pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})]
)
ALL = ("web", "ws", "tasks", "pushes")


async def watch(
    monkeypatch: pytest.MonkeyPatch, killed: tuple[str, ...], *looks: tuple[str, ...]
) -> tuple[tuple[str, ...], float | None]:
    """Return what a watch says whose looks, half a second each, find this broken.

    The last one goes on for good.
    """

    waiting = list(looks)

    async def find_broken(*_: Any) -> tuple[str, ...]:
        await trio.sleep(0.5 - crashes.LOOK_INTERVAL)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    monkeypatch.setattr(crashes, "find_broken", find_broken)
    return await crashes._watch_aftermath(
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        killed,
    )


async def test_a_look_before_the_death_is_noticed_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    """Whose process was killed is dead, whatever still works for a moment."""

    found = await watch(monkeypatch, ("tasks",), (), ("tasks", "pushes"), ())

    assert found == (("tasks", "pushes"), 1.0)


async def test_all_services_of_the_process_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
):
    """Three in one process die together, and one is not yet all of them."""

    looks = (("web",), (), ALL, ("ws",), ())

    assert await watch(monkeypatch, ("web", "ws", "tasks"), *looks) == (ALL, 2.0)


async def test_what_nobody_brings_back_is_down_for_good(
    monkeypatch: pytest.MonkeyPatch,
):
    """Nothing is waited for after the time that supervisors have."""

    assert await watch(monkeypatch, ("web",), ("web",)) == (("web",), None)


async def test_a_redis_that_nobody_misses_is_down_for_no_time(
    monkeypatch: pytest.MonkeyPatch,
):
    """It is looked at for as long, and what worked all the time was never down."""

    assert await watch(monkeypatch, ("redis-server",), ()) == ((), 0.0)
    assert await watch(monkeypatch, ("redis-server",), (), ("pushes",), ()) == (
        ("pushes",), 1.0
    )  # fmt: skip
