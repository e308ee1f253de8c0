from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from redis import Redis

from dashboard.bus import Bus, open_bus
from dashboard.bus.redis import RedisBus
from dashboard.errors import RedisUnavailableError
from tests.dashboard.bus.ear import PATIENCE, Ear
from tests.dashboard.bus.redis_server import Server

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("patient")]


@pytest.fixture(name="buses")
async def _buses(server: Server) -> AsyncIterator[tuple[Bus, Bus]]:
    first, second = await open_bus(server.url), await open_bus(server.url)
    yield first, second
    await first.close()
    await second.close()


async def test_each_bus_hears_the_other(buses: tuple[Bus, Bus]):
    """And gets pure SuperJSON, without what the buses say to each other."""
    first, second = buses
    at_first, at_second = Ear(first, "a"), Ear(second, "a")
    first.publish("a", {"from": "first"})
    await at_second.wait_for({"from": "first"})
    second.publish("a", {"from": "second"})
    await at_first.wait_for({"from": "second"})

    assert first.kind == "redis"
    assert at_first.messages == at_second.messages
    assert first.last("a") == b'{"json":{"from":"second"}}'


async def test_own_messages_are_heard_at_once_and_only_once(buses: tuple[Bus, Bus]):
    """They do not wait for Redis, and Redis does not bring them again."""
    first, second = buses
    ear, other = Ear(first, "a"), Ear(second, "a")
    for number in range(50):
        first.publish("a", number)

    assert len(ear.messages) == 50

    await other.wait_for(49)
    # Redis keeps the order: this comes after every echo.
    second.publish("a", "end")
    await ear.wait_for("end")

    assert len(ear.messages) == 51
    assert [message["json"] for message in other.messages] == [*range(50), "end"]


async def test_a_late_bus_knows_the_last_messages(server: Server, buses: Any):
    """What was said before it was there, it replays."""
    first, second = buses
    ear = Ear(second, "a")
    first.publish("a", 1)
    first.publish("a", 2)
    await ear.wait_for(2)
    late = await open_bus(server.url)
    heard = Ear(late, "a")
    await late.close()

    assert heard.messages == [{"json": 2}]


async def test_keys_and_channels_are_homarrs(server: Server, buses: tuple[Bus, Bus]):
    """A Homarr process on the same Redis can read along, and its keys go some day."""
    ear = Ear(buses[1], "a")
    buses[0].publish("a", 1)
    await ear.wait_for(1)
    client = await _raw_client(server)
    stored = await client.get("pubSub:last:a")
    expiry = await client.ttl("pubSub:last:a")
    await client.publish("pubSub:a", '{"json":{"of":"homarr"}}')
    await ear.wait_for({"of": "homarr"})
    await client.aclose()

    assert msgspec.json.decode(stored)["json"] == 1
    assert 0 < expiry <= 30 * 86400


async def test_nonsense_on_a_channel_reaches_no_listener(
    server: Server, buses: tuple[Bus, Bus], caplog: pytest.LogCaptureFixture
):
    """Anybody who reaches Redis can publish.

    It is counted, and told once to the log, as once more after a new connection.
    """
    ear, other = Ear(buses[0], "a"), Ear(buses[1], "a")
    client = await _raw_client(server)
    for nonsense in (b"", b"\xff\x00", b"{", b'{"id":1}', b"[]"):
        await client.publish("pubSub:a", nonsense)

    await client.publish(b"pubSub:\xff", b'{"json":1}')
    await client.publish("pubSub:a", b'{"json":1}')
    await ear.wait_for(1)
    await other.wait_for(1)
    await client.aclose()

    assert ear.messages == other.messages == [{"json": 1}]
    assert [bus.statistics()["refused"] for bus in buses] == [5, 5]
    assert caplog.text.count("is not SuperJSON") == 2

    server.kill()
    server.start()
    with Redis.from_url(server.url) as again:
        again.set("pubSub:last:b", b"{")

    with anyio.fail_after(PATIENCE):
        while any(  # noqa: ASYNC110 -- nothing else tells that all was learnt
            bus.statistics()["connections"] < 2 for bus in buses
        ):
            await anyio.sleep(0.01)

    assert [bus.statistics()["refused"] for bus in buses] == [6, 6]
    assert caplog.text.count("is not SuperJSON") == 4


async def test_the_bus_comes_back_with_redis(
    server: Server, buses: tuple[Bus, Bus], caplog: pytest.LogCaptureFixture
):
    """Meanwhile publishing works here, and the others hear it afterwards."""
    caplog.set_level(logging.INFO)
    first, second = buses
    ear, other = Ear(first, "a"), Ear(second, "a")
    server.kill()
    for number in range(3000):
        first.publish("a", number)

    assert len(ear.messages) == 3000

    server.start()
    await other.wait_for(2999)
    second.publish("a", "back")
    await ear.wait_for("back")

    lines = [record.message for record in caplog.records]
    assert lines.count("redis connected") == 2
    assert sum(line.startswith("no redis") for line in lines) == 2
    assert first.statistics()["dropped"] > 0


async def test_a_message_missed_meanwhile_is_caught_up(server: Server):
    """After a break a bus hears the last message of each topic that changed."""
    bus = await open_bus(server.url)
    try:
        ear = Ear(bus, "a")
        server.kill()
        server.start()
        # Without a turn of the loop: the bus may not be back before it is there.
        with Redis.from_url(server.url) as client:
            client.set("pubSub:last:a", b'{"json":"missed"}')

        await ear.wait_for("missed")
    finally:
        await bus.close()

    assert ear.messages == [{"json": "missed"}]


async def test_what_is_for_the_moment_is_not_stored(
    server: Server, buses: tuple[Bus, Bus]
):
    """The other bus hears it, and nobody who comes later."""
    first, second = buses
    ear = Ear(second, "a")
    first.publish("a", "kept")
    first.publish("a", "passing", keep=False)
    await ear.wait_for("passing")
    client = await _raw_client(server)
    stored = await client.get("pubSub:last:a")
    await client.aclose()

    assert msgspec.json.decode(stored)["json"] == "kept"
    assert first.last("a") == b'{"json":"kept"}'
    assert first.heard("nobody listens here")


async def test_the_check_measures_and_then_fails(server: Server):
    """Seconds while Redis is there, an error while it is not."""
    bus = await open_bus(server.url)

    started = time.perf_counter()
    seconds = await bus.check()

    assert seconds is not None
    assert 0 < seconds <= time.perf_counter() - started

    server.kill()
    with pytest.raises(Exception, match=r"."):
        await bus.check()

    await bus.close()


async def test_a_check_that_waits_too_long_does_not_end_the_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Whoever asked is told no; a Redis that is only slow is not lost for that."""
    bus = await open_bus(server.url)
    caplog.set_level("INFO")
    with monkeypatch.context() as patch:
        patch.setattr("dashboard.bus.redis.CHECK_TIMEOUT", 0.0)
        with pytest.raises(RedisUnavailableError, match="no answer within 0 s"):
            await bus.check()

    assert bus.statistics()["connected"] == 1
    assert await bus.check() is not None
    assert caplog.messages == []

    await bus.close()


async def test_a_bus_without_its_redis_opens_publishes_and_closes(tmp_path: Path):
    """Redis may come later, or never."""
    bus = RedisBus(f"unix://{tmp_path}/none.sock")
    bus.start()
    ear = Ear(bus, "a")
    bus.publish("a", 1)

    assert not await bus.wait_connected(0)
    assert ear.messages == [{"json": 1}]

    with pytest.raises(RedisUnavailableError, match="not connected"):
        await bus.check()

    await bus.close()
    await bus.close()


async def test_closing_sends_what_is_queued(server: Server):
    """The last words of a process are heard."""
    first, second = await open_bus(server.url), await open_bus(server.url)
    ear = Ear(second, "a")
    for number in range(500):
        first.publish("a", number)

    await first.close()
    await ear.wait_for(499)
    await second.close()

    assert len(ear.messages) == 500


async def _raw_client(server: Server) -> Any:
    from redis import asyncio

    return asyncio.Redis.from_url(server.url)
