from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import anyio
import pytest

from dashboard.bus import Bus, open_bus
from dashboard.bus import client as redis_client
from dashboard.bus import remote as redis_remote
from dashboard.cache import Cache
from dashboard.cache.cache import ALONE_SECONDS
from dashboard.errors import RedisUnavailableError
from dashboard.health import check_health
from tests.dashboard.bus.fault_proxy import FaultProxy
from tests.dashboard.bus.redis_server import CONFIGURATION, Server

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("patient")]

PATIENCE = 20.0
FAULTS = ["latency", "limit_data", "reset", "garbage", "timeout"]


@pytest.fixture(name="buses")
async def _buses(server: Server, proxy: FaultProxy) -> AsyncIterator[tuple[Bus, Bus]]:
    """The first behind the proxy, the second not."""
    first, second = await open_bus(proxy.url), await open_bus(server.url)
    yield first, second
    await first.close()
    await second.close()


@pytest.fixture(name="caches")
def _caches(buses: tuple[Bus, Bus]) -> tuple[Cache, Cache]:
    return Cache(buses[0]), Cache(buses[1])


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> Any:
        self.asked += 1
        return self.asked


class Moody:
    """A client of Redis that fails until it is well."""

    def __init__(self) -> None:
        self.connected = True
        self.well = False

    async def get(self, _name: str) -> bytes:
        if not self.well:
            raise ConnectionError("not in the mood")

        return b"1"


class Well:
    """A database whose check is good."""

    async def check(self) -> float:
        return 0.0


async def wait_for(cache: Cache, key: str, value: bytes | None) -> None:
    with anyio.fail_after(PATIENCE):
        while True:
            if await cache.get(key) == value:
                return

            await asyncio.sleep(0.01)


async def wait_shared(bus: Bus) -> None:
    """Until values are in Redis again."""
    assert bus.remote is not None
    with anyio.fail_after(PATIENCE):
        while True:
            with suppress(RedisUnavailableError):
                await bus.remote.get("anything")
                return

            await asyncio.sleep(0.01)


@contextmanager
def spoiled(proxy: FaultProxy, fault: str, number: float = 0) -> Iterator[None]:
    """A fault, for as long as the block; who waits for Redis soon gives up in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_remote, "CALL_TIMEOUT", 0.5)
        proxy.spoil(fault, number)
        yield
        proxy.heal()


async def open_client(server: Server) -> Any:
    from redis.asyncio import Redis

    return Redis.from_url(server.url)


async def test_two_processes_have_the_same_values(
    server: Server, caches: tuple[Cache, Cache]
):
    """Under Homarr's prefix, and unlike Homarr's they expire."""
    first, second = caches
    source = Source()

    assert await first.load("a", source, ttl=60) == 1
    assert await second.load("a", source, ttl=60) == 1

    await first.set("b", b"\x00\xff", ttl=0.5)
    client = await open_client(server)
    left = [await client.pttl(f"cache:{key}") for key in "ab"]
    await client.aclose()

    assert 500 < left[0] <= 60_000
    # -1 would be for ever; one that is gone by now is -2.
    assert left[1] == -2 or 0 < left[1] <= 500
    await wait_for(second, "b", None)


async def test_a_deletion_is_seen_by_the_other_process(caches: tuple[Cache, Cache]):
    """Also by a load that is under way there: what it read may be older."""
    first, second = caches
    await first.set("a", b'{"json":"old"}', ttl=60)
    await second.delete("a")

    assert await first.get("a") is None

    began, go = asyncio.Event(), asyncio.Event()

    async def read_slowly() -> str:
        began.set()
        await go.wait()
        return "old"

    loading = asyncio.create_task(first.load("a", read_slowly, ttl=60))
    await began.wait()
    heard = asyncio.Event()
    first._bus.listen("cache:deleted", lambda *_: heard.set(), replay=False)
    await second.delete("a")
    await asyncio.wait_for(heard.wait(), PATIENCE)
    go.set()

    assert await loading == "old"
    assert await second.get("a") is None


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_caller_notices_a_fault(
    caches: tuple[Cache, Cache],
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
):
    """Loads are answered and kept by the process itself, for a short while."""
    first, second = caches
    source = Source()
    with spoiled(proxy, fault, 5 if fault == "latency" else 0):
        with monkeypatch.context() as patch:
            # The pause after a failure does not end: what is tried may get through.
            patch.setattr(first._remote, "_clock", lambda: 0.0)
            values = [await first.load("a", source, ttl=3600) for _ in range(50)]

        assert values == [1] * 50
        assert await second.get("a") is None

    with anyio.fail_after(PATIENCE):
        while await second.get("b") != b"shared again":
            await first.set("b", b"shared again", ttl=60)
            await asyncio.sleep(0.05)

    assert ALONE_SECONDS <= 30


async def test_what_changed_while_redis_was_away_is_not_believed_there(
    server: Server, caches: tuple[Cache, Cache], proxy: FaultProxy
):
    """The old values are in Redis still, and go before anything is read again."""
    first, second = caches
    for key in ("set", "deleted", "neither"):
        await first.set(key, b"old", ttl=3600)

    client = await open_client(server)
    with spoiled(proxy, "timeout"):
        await first.set("set", b"new", ttl=3600)
        await first.delete("deleted")

        assert await first.get("set") == b"new"
        assert await first.get("deleted") is None
        assert await client.get("cache:set") == b"old"

    await client.aclose()
    await wait_for(first, "neither", b"old")

    assert await second.get("deleted") is None
    assert await second.get("set") in (None, b"new")


async def test_more_changes_than_are_remembered_clear_the_cache_there(
    buses: tuple[Bus, Bus],
    caches: tuple[Cache, Cache],
    server: Server,
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
):
    """Last messages and what others keep in that Redis stay."""
    monkeypatch.setattr(redis_remote, "STALE", 3)
    first, second = caches
    client = await open_client(server)
    await client.set("list:ping-url", "homarr's")
    for number in range(20):
        await second.set(f"{number}", b"old", ttl=3600)

    proxy.spoil("reset")
    for number in range(10):
        await first.set(f"{number}", b"new", ttl=3600)

    proxy.heal()
    await wait_shared(buses[0])
    kept = await client.keys("cache:*")
    other = await client.get("list:ping-url")
    await client.aclose()

    assert kept == []
    assert other == b"homarr's"


async def test_a_slow_redis_is_told_once_and_asked_seldom(
    caches: tuple[Cache, Cache],
    proxy: FaultProxy,
    caplog: pytest.LogCaptureFixture,
):
    """The bus lives with it, and so it is the cache that says so."""
    caplog.set_level(logging.INFO, "dashboard.bus")
    first = caches[0]
    with spoiled(proxy, "latency", 1):
        with anyio.fail_after(PATIENCE):
            while not caplog.records:
                await first.get("a")
                await asyncio.sleep(0.001)

        for _ in range(1000):
            await first.get("a")

    with anyio.fail_after(PATIENCE):
        while len(caplog.records) < 2:
            await first.get("a")
            await asyncio.sleep(0.01)

    assert [record.message.partition(",")[0] for record in caplog.records] == [
        "no cache in redis",
        "redis serves the cache again",
    ]
    assert proxy.open <= redis_remote.CALLS + 2


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_redis_that_goes_and_comes_back_is_one_line_each(
    server: Server, caplog: pytest.LogCaptureFixture, fault: str
):
    """Whoever asks it meanwhile: the bus, the cache, or the check of a container."""
    database: Any = Well()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_client, "CONNECT_TIMEOUT", 2.0)
        patch.setattr(redis_remote, "CALL_TIMEOUT", 0.2)
        bus = await open_bus(server.url)
        cache = Cache(bus)
        caplog.set_level(logging.INFO, "dashboard")
        server.kill() if fault == "killed" else server.freeze()
        # As long as the cache needs to fail twice; nobody publishes anything.
        with anyio.fail_after(PATIENCE):
            while bus.statistics()["connected"]:
                await cache.get("a")
                await asyncio.sleep(0.01)

        checks = [await check_health(database, bus) for _ in range(5)]
        await cache.get("a")

    assert [healthy for healthy, _ in checks] == [False] * 5

    server.start() if fault == "killed" else server.thaw()
    await wait_shared(bus)

    assert (await check_health(database, bus))[0]
    assert [one.message.partition(",")[0] for one in caplog.records] == [
        "no redis",
        "redis connected",
    ]
    assert all(one.exc_info is None for one in caplog.records)

    await bus.close()


async def test_a_slow_redis_that_goes_and_comes_back_is_told_as_well_again(
    caplog: pytest.LogCaptureFixture,
):
    """What was told of the cache is taken back, whatever the bus had meanwhile."""
    caplog.set_level(logging.INFO, "dashboard.bus")
    client: Any = Moody()
    doubts: list[bool] = []
    remote = redis_remote.RedisRemote(
        lambda: client,
        lambda: client.connected,
        lambda: doubts.append(True),
        clock=count(step=100).__next__,
    )
    for _ in range(2):
        with pytest.raises(RedisUnavailableError):
            await remote.get("a")

    remote.note_slow()
    client.connected = False
    with pytest.raises(RedisUnavailableError):
        await remote.get("a")

    client.connected = client.well = True

    assert await remote.get("a") == b"1"
    assert doubts == [True, True]
    assert [one.message.partition(",")[0] for one in caplog.records] == [
        "no cache in redis",
        "redis serves the cache again",
    ]


async def test_cancelled_calls_mix_no_answers_up(
    buses: tuple[Bus, Bus], proxy: FaultProxy
):
    """Hundreds of callers give up while the answer is on its way (redis-py #2624)."""
    remote = buses[0].remote
    assert remote is not None
    for number in range(20):
        await remote.set(f"{number}", b"%d" % number, ttl=3600)

    proxy.spoil("latency", 0.01)
    wrong: list[tuple[int, bytes | None]] = []
    cancelled = 0
    for number in count():
        if cancelled == 600:
            break

        asked = asyncio.create_task(remote.get(f"{number % 20}"))
        # At every stage of the call: before it connects, writes, waits, reads.
        for _ in range(number % 7):
            await asyncio.sleep(0.002 * (number % 3))

        cancelled += asked.cancel()
        await asyncio.wait([asked])
        if number % 50 == 0:
            proxy.heal()
            value = await remote.get(f"{number % 20}")
            wrong += [(number, value)] if value != b"%d" % (number % 20) else []
            proxy.spoil("latency", 0.01)

    assert wrong == []


async def test_many_callers_share_a_few_connections(
    caches: tuple[Cache, Cache], proxy: FaultProxy
):
    """However many ask at once."""
    await caches[0].set("a", b"1", ttl=60)
    proxy.spoil("latency", 0.01)
    answers = await asyncio.gather(*(caches[0].get("a") for _ in range(200)))

    assert answers == [b"1"] * 200
    assert proxy.open <= redis_remote.CALLS + 3


async def test_a_value_that_redis_would_refuse_is_not_sent(
    caches: tuple[Cache, Cache], buses: tuple[Bus, Bus]
):
    """The one that it replaces is not left there; others are kept as before."""
    for value in (b"small", bytes(20 * 1024 * 1024)):
        await caches[1].set("a", value, ttl=60)

    assert await caches[1].get("a") is None

    await caches[1].set("b", b"1", ttl=60)

    assert buses[1].remote is not None
    assert await buses[1].remote.get("b") == b"1"


async def test_a_value_of_another_type_is_no_value(
    server: Server, buses: tuple[Bus, Bus]
):
    """Somebody else put a list there."""
    client = await open_client(server)
    await client.rpush("cache:a", "x")
    await client.aclose()
    remote = buses[1].remote
    assert remote is not None
    with pytest.raises(RedisUnavailableError, match="WRONGTYPE"):
        await remote.get("a")


async def test_the_shipped_bound_is_in_force(
    server: Server, caches: tuple[Cache, Cache]
):
    """64 MiB; the least used values give way, and writing never fails."""
    client = await open_client(server)
    for number in range(100):
        await caches[1].set(f"{number}", bytes(1024 * 1024), ttl=3600)

    count = await client.dbsize()
    used = (await client.info("memory"))["used_memory"]
    policy = await client.config_get("maxmemory*")
    saving = await client.config_get("save")
    await client.aclose()

    assert "redis.conf" in CONFIGURATION.name
    assert policy["maxmemory"] == str(64 * 1024 * 1024)
    assert policy["maxmemory-policy"] == "allkeys-lru"
    assert saving["save"] == ""
    assert used <= 66 * 1024 * 1024
    assert 30 < count < 70
    assert await caches[1].get("99") is not None
