from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from dashboard.bus import MemoryBus
from dashboard.bus.store import Store
from dashboard.cache import Cache
from dashboard.cache.cache import MAX_BACKGROUND


class Source:
    """Something slow that counts how often it is asked."""

    def __init__(self, *answers: Any) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self._answers = answers

    async def __call__(self) -> Any:
        number, self.asked = self.asked, self.asked + 1
        await self.go.wait()
        answer = self._answers[min(number, len(self._answers) - 1)]
        if isinstance(answer, BaseException):
            raise answer

        return answer


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="cache")
def _cache(clock: Clock) -> Cache:
    return Cache(MemoryBus(store=Store(clock=clock)))


async def test_a_value_is_there_until_it_expires_or_is_deleted(
    cache: Cache, clock: Clock
):
    """Bytes in, the same bytes out."""
    await cache.set("a", b"\x00\xff", ttl=10)
    await cache.set("b", b"2", ttl=20)

    assert await cache.get("a") == b"\x00\xff"

    clock.now = 10

    assert await cache.get("a") is None
    assert await cache.get("b") == b"2"

    await cache.delete("b")

    assert await cache.get("b") is None


async def test_a_load_runs_once_and_is_kept_for_its_time(cache: Cache, clock: Clock):
    """With the types that SuperJSON knows, and the same on the first answer."""
    when = datetime(2026, 1, 2, tzinfo=UTC)
    source = Source({"when": when, "tags": ("a", "b")}, {"when": None})
    source.go.set()
    first = await cache.load("a", source, ttl=10)
    second = await cache.load("a", source, ttl=10)

    assert first == second == {"when": when, "tags": ["a", "b"]}
    assert first is not second
    assert source.asked == 1

    clock.now = 10

    assert await cache.load("a", source, ttl=10) == {"when": None}


async def test_who_asks_at_the_same_time_waits_for_one_run(cache: Cache):
    """However many; another key has a run of its own."""
    source = Source(1)
    waiting = [asyncio.create_task(cache.load("a", source, ttl=9)) for _ in range(50)]
    other = asyncio.create_task(cache.load("b", source, ttl=9))
    await wait_all_tasks_blocked()
    source.go.set()

    assert await asyncio.gather(*waiting, other) == [1] * 51
    assert source.asked == 2
    assert cache.statistics()["loads"] == 2


async def test_a_failure_is_everybodys_and_is_not_kept(cache: Cache):
    """Those who waited get it; the next one tries anew."""
    source = Source(OSError("no route"), "fine")
    waiting = [asyncio.create_task(cache.load("a", source, ttl=9)) for _ in range(3)]
    await wait_all_tasks_blocked()
    source.go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert [str(answer) for answer in answers] == ["no route"] * 3
    assert source.asked == 1
    assert await cache.load("a", source, ttl=9) == "fine"
    assert cache.statistics()["failed"] == 1


async def test_what_cannot_be_encoded_fails_its_callers(cache: Cache):
    """The mistake is the function's."""

    async def wrong() -> Any:
        return object()

    with pytest.raises(TypeError, match="cannot encode"):
        await cache.load("a", wrong, ttl=9)

    assert await cache.get("a") is None


async def test_a_caller_who_gives_up_does_not_end_the_run(cache: Cache):
    """Not even the first one; what is loaded is kept though nobody waits any more."""
    source = Source("fine")
    first = asyncio.create_task(cache.load("a", source, ttl=9))
    second = asyncio.create_task(cache.load("a", source, ttl=9))
    await wait_all_tasks_blocked()
    first.cancel()
    await asyncio.wait([first])

    assert not second.done()

    second.cancel()
    await asyncio.wait([second])
    source.go.set()
    await wait_all_tasks_blocked()

    assert await cache.get("a") == b'{"json":"fine"}'


@pytest.mark.parametrize("how", ["delete", "set", "elsewhere"])
async def test_what_was_read_before_a_change_is_not_kept_after_it(
    cache: Cache, how: str
):
    """Its callers get it; who asks after the change waits for a run after it."""
    bus = MemoryBus()
    cache = Cache(bus)
    source = Source("old", "new")
    before = asyncio.create_task(cache.load("a", source, ttl=9))
    await wait_all_tasks_blocked()
    if how == "set":
        await cache.set("a", b'{"json":"newest"}', ttl=9)
    elif how == "delete":
        await cache.delete("a")
    else:
        bus.publish("cache:deleted", "a", keep=False)

    source.go.set()

    assert await before == "old"
    assert await cache.load("a", source, ttl=9) == ("newest" if how == "set" else "new")


async def test_a_kept_value_that_is_no_superjson_is_loaded_anew(cache: Cache):
    """Whoever wrote it there."""
    await cache.set("a", b"{", ttl=9)
    source = Source("fine")
    source.go.set()

    assert await cache.load("a", source, ttl=9) == "fine"
    assert await cache.get("a") == b'{"json":"fine"}'


async def test_last_messages_and_the_cache_share_one_bound():
    """As they do in Redis: what was used longest ago goes, whatever it is."""
    bus = MemoryBus(store=Store(max_bytes=64 * 1024))
    cache = Cache(bus)
    bus.publish("old", "x" * 5000)
    for number in range(20):
        await cache.set(f"{number}", bytes(5000), ttl=9)
        bus.publish("busy", number)

    assert bus.last("old") is None
    assert bus.last("busy") == b'{"json":19}'
    assert await cache.get("0") is None
    assert await cache.get("19") is not None
    assert 50_000 < cache.statistics()["bytes"] <= 64 * 1024


async def test_nonsense_about_deleted_keys_is_passed_over(cache: Cache):
    """Anybody who reaches Redis can publish it."""
    bus = MemoryBus()
    cache = Cache(bus)
    await cache.set("a", b"1", ttl=9)
    for nonsense in (None, 3, ["a"], {"key": "a"}, "b"):
        bus.publish("cache:deleted", nonsense)

    assert await cache.get("a") == b"1"
    assert bus.statistics()["failed"] == 0


async def test_what_nobody_waits_for_is_loaded_a_few_at_a_time(cache: Cache):
    """Each key once, whoever asks for it meanwhile, and kept for its time."""
    source = Source(1)
    for number in range(2 * MAX_BACKGROUND):
        cache.load_soon(f"{number}", source, ttl=9)
        cache.load_soon(f"{number}", source, ttl=9)

    waiting = asyncio.create_task(cache.load("0", source, ttl=9))
    await wait_all_tasks_blocked()

    assert source.asked == MAX_BACKGROUND

    source.go.set()
    await wait_all_tasks_blocked()
    cache.load_soon("0", source, ttl=9)
    await wait_all_tasks_blocked()

    assert await waiting == 1
    assert source.asked == 2 * MAX_BACKGROUND


async def test_what_fails_with_nobody_waiting_is_logged(
    cache: Cache, caplog: pytest.LogCaptureFixture
):
    """And its place is free again."""
    source = Source(*[OSError("gone")] * MAX_BACKGROUND, "fine")
    source.go.set()
    for number in range(MAX_BACKGROUND + 1):
        cache.load_soon(f"{number}", source, ttl=9)
        await wait_all_tasks_blocked()

    assert len(caplog.messages) == MAX_BACKGROUND
    assert caplog.messages[0] == "loading '0' in the background failed"
    assert await cache.get("0") is None
    assert await cache.get(f"{MAX_BACKGROUND}") == b'{"json":"fine"}'


async def test_closing_ends_the_loads(cache: Cache):
    """Those who wait are not left waiting."""
    waiting = asyncio.create_task(cache.load("a", Source(1), ttl=9))
    source = Source(1)
    cache.load_soon("b", source, ttl=9)
    await wait_all_tasks_blocked()
    await cache.close()
    await asyncio.wait([waiting])
    await checkpoint()
    source.go.set()
    await wait_all_tasks_blocked()

    assert waiting.cancelled()
    assert await cache.get("b") is None
