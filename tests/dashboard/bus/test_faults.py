from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest

from dashboard.bus import Bus, client, open_bus
from dashboard.bus import redis as redis_bus
from dashboard.bus.outgoing import LIMIT
from tests.dashboard.bus.ear import PATIENCE, Ear
from tests.dashboard.bus.fault_proxy import FaultProxy
from tests.dashboard.bus.redis_server import Server

pytestmark = pytest.mark.redis

#: Faults after which a connection is lost.
LOSING = [("limit_data", 0), ("reset", 0), ("garbage", 0), ("timeout", 0)]
#: Faults that a connection lives with.
BEARABLE = [("latency", 0.3), ("slicer", 1)]


@pytest.fixture(name="bus")
async def _bus(proxy: FaultProxy) -> AsyncIterator[Bus]:
    """A bus behind the proxy."""
    bus = await open_bus(proxy.url)
    yield bus
    await bus.close()


@pytest.fixture(name="other")
async def _other(server: Server) -> AsyncIterator[Bus]:
    """A bus that no fault touches."""
    bus = await open_bus(server.url)
    yield bus
    await bus.close()


async def wait_lost(bus: Bus) -> None:
    """Publish until the bus has noticed that nobody answers."""
    with anyio.fail_after(PATIENCE):
        while bus.statistics()["connected"]:
            bus.publish("noise", None, keep=False)
            await asyncio.sleep(0.01)


async def wait_connected(bus: Bus) -> None:
    await wait_until(lambda: bool(bus.statistics()["connected"]))


async def wait_until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(PATIENCE):
        while True:
            if condition():
                return

            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("fault", "number"), LOSING)
async def test_a_fault_is_survived_told_once_and_over_when_it_is_over(
    bus: Bus,
    other: Bus,
    proxy: FaultProxy,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    number: float,
):
    """Within the process nothing changes; the others hear of it afterwards."""
    caplog.set_level(logging.INFO, "dashboard.bus")
    here, there = Ear(bus, "a"), Ear(other, "a")
    proxy.spoil(fault, number)
    await wait_lost(bus)
    # Long enough for several attempts.
    attempts = proxy.accepted + 2
    await wait_until(lambda: proxy.accepted >= attempts)
    for index in range(10):
        bus.publish("a", index)

    assert [message["json"] for message in here.messages] == [*range(10)]
    assert there.messages == []

    # What is late from now on is this machine.
    monkeypatch.setattr(client, "CONNECT_TIMEOUT", PATIENCE)
    proxy.heal()
    await there.wait_for(9)
    await wait_connected(bus)
    other.publish("a", "back")
    await here.wait_for("back")
    lines = [record.message for record in caplog.records]

    assert [line.partition(",")[0] for line in lines] == ["no redis", "redis connected"]
    assert bus.statistics()["connections"] == 2


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("fault", "number"), BEARABLE)
async def test_a_slow_redis_delivers_later_and_everything(
    bus: Bus,
    other: Bus,
    proxy: FaultProxy,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    number: float,
):
    """In both directions, in order, on the same connection."""
    caplog.set_level(logging.INFO, "dashboard.bus")
    here, there = Ear(bus, "a"), Ear(other, "b")
    proxy.spoil(fault, number)
    for index in range(200):
        other.publish("a", index)
        bus.publish("b", index)

    await here.wait_for(199)
    await there.wait_for(199)

    assert [message["json"] for message in here.messages] == [*range(200)]
    assert [message["json"] for message in there.messages] == [*range(200)]
    assert bus.statistics()["connections"] == 1
    assert caplog.records == []


@pytest.mark.usefixtures("patient")
async def test_a_connection_that_never_lasts_is_not_tried_in_a_hurry(
    bus: Bus, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
):
    """Each attempt looks good at first; pauses grow all the same, and so the log."""
    caplog.set_level(logging.INFO, "dashboard.bus")
    proxy.spoil("limit_data", 1000)
    accepted, began = proxy.accepted, time.monotonic()
    while bus.statistics()["connections"] < 5:
        await wait_lost(bus)
        await wait_connected(bus)

    seconds = time.monotonic() - began

    # 0.1, 0.2, 0.4 and 0.8 s, each at least half of it.
    assert seconds > 0.7
    # From then on one a second at most, of three connections.
    assert proxy.accepted - accepted <= 3 * (5 + seconds)
    assert len(caplog.records) <= 2 * bus.statistics()["connections"]


async def test_nothing_grows_while_redis_is_away(bus: Bus, proxy: FaultProxy):
    """Messages, tasks and connections are bounded, and publishing does not wait."""
    proxy.spoil("timeout")
    await wait_lost(bus)
    tasks = len(asyncio.all_tasks())
    accepted = proxy.accepted
    began = time.monotonic()
    for index in range(20 * LIMIT):
        bus.publish(f"topic{index % 50}", "x" * 1000)
        if index % 100 == 0:
            await asyncio.sleep(0)

    seconds = time.monotonic() - began

    assert bus.statistics()["waiting"] <= LIMIT + redis_bus.BATCH
    assert bus.statistics()["dropped"] >= 18 * LIMIT
    assert len(asyncio.all_tasks()) <= tasks + 3
    assert proxy.open <= 3
    # Attempts are paced, however much is published.
    assert proxy.accepted - accepted <= 5 + 2 * seconds / redis_bus.FIRST_PAUSE


@pytest.mark.usefixtures("patient")
async def test_many_large_messages_wait_within_a_bound_of_bytes(
    bus: Bus, proxy: FaultProxy
):
    """Fewer of them than of small ones; the newest are those that are sent."""
    proxy.spoil("reset")
    await wait_lost(bus)
    for index in range(40):
        bus.publish("large", [index, "x" * 1024 * 1024])

    assert bus.statistics()["waiting"] <= 10

    bus.publish("large", "last")
    proxy.heal()
    await wait_connected(bus)


def test_the_way_back_is_under_five_seconds():
    """Redis may return just after an attempt began: its timeout, and a pause."""
    longest = client.CONNECT_TIMEOUT + redis_bus.LONGEST_PAUSE

    assert longest < 5


@pytest.mark.usefixtures("patient")
async def test_two_buses_behind_faults_find_each_other_again(
    proxy: FaultProxy, bus: Bus, server: Server
):
    """A restarted Redis has forgotten everything; what is published again is heard."""
    second = await open_bus(proxy.url)
    try:
        ears = Ear(bus, "b"), Ear(second, "a")
        server.kill()
        await wait_lost(bus)
        await wait_lost(second)
        bus.publish("a", "first")
        second.publish("b", "second")
        server.start()
        await ears[0].wait_for("second")
        await ears[1].wait_for("first")
    finally:
        await second.close()


@pytest.mark.usefixtures("patient")
async def test_a_message_of_many_megabytes_does_not_end_the_bus(
    bus: Bus, other: Bus, server: Server
):
    """The shipped configuration refuses it, whoever sends it."""
    from redis.asyncio import Redis

    ear = Ear(bus, "a")
    raw: Any = Redis.from_url(server.url)
    with pytest.raises(Exception, match=r"."):
        await raw.publish("pubSub:a", b" " * (17 * 1024 * 1024))

    await raw.aclose()
    other.publish("a", "after")
    await ear.wait_for("after")
