from __future__ import annotations

import threading
from typing import Any

import pytest

from dashboard.bus import MemoryBus, open_bus
from dashboard.bus.store import ENTRY_BYTES, Store

Heard = list[tuple[str, bytes]]


@pytest.fixture(name="bus")
def _bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture(name="heard")
def _heard() -> Heard:
    return []


def test_a_listener_hears_the_messages_of_its_topic(bus: MemoryBus, heard: Heard):
    """Encoded, in order, and no other topic's."""
    bus.listen("a", lambda *message: heard.append(message))
    bus.publish("a", {"n": 1})
    bus.publish("b", {"n": 2})
    bus.publish("a", None)

    assert heard == [("a", b'{"json":{"n":1}}'), ("a", b'{"json":null}')]


def test_a_new_listener_hears_the_last_message_first(bus: MemoryBus, heard: Heard):
    """Unless it does not want to."""
    bus.publish("a", 1)
    bus.publish("a", 2)
    bus.listen("a", lambda *message: heard.append(message))
    bus.listen("a", lambda *message: heard.append(message), replay=False)

    assert heard == [("a", b'{"json":2}')]
    assert bus.last("a") == b'{"json":2}'
    assert bus.last("b") is None


def test_a_listener_that_ended_hears_nothing(bus: MemoryBus, heard: Heard):
    """Ending twice is no error, and the neighbour goes on."""
    unlisten = bus.listen("a", lambda *message: heard.append(message))
    bus.listen("a", lambda *message: heard.append(message))
    unlisten()
    unlisten()
    bus.publish("a", 1)

    assert len(heard) == 1


def test_one_listeners_fault_stays_with_it(
    bus: MemoryBus, heard: Heard, caplog: pytest.LogCaptureFixture
):
    """The publisher and the other listeners do not notice; the log does."""

    def fail(topic: str, encoded: bytes) -> None:
        raise ValueError("broken")

    bus.listen("a", fail)
    bus.listen("a", lambda *message: heard.append(message))
    bus.publish("a", 1)

    assert len(heard) == 1
    assert "a listener of 'a' failed" in caplog.text
    assert bus.statistics() == {"published": 1, "delivered": 1, "failed": 1}


def test_a_callback_may_publish_listen_and_end(bus: MemoryBus, heard: Heard):
    """Nothing deadlocks, and the newcomer hears the last message once."""

    def once(topic: str, encoded: bytes) -> None:
        heard.append((topic, encoded))
        unlisten()
        bus.publish("b", 2)
        bus.listen("a", lambda *message: heard.append(message))

    unlisten = bus.listen("a", once)
    bus.publish("a", 1)

    assert heard == [("a", b'{"json":1}')] * 2
    assert bus.last("b") == b'{"json":2}'


def test_the_memory_of_last_messages_is_bounded():
    """In bytes; the topic that was used longest ago is forgotten."""
    bus = MemoryBus(store=Store(max_bytes=3 * (ENTRY_BYTES + 450), largest=1000))
    for topic in ("a", "b", "a", "c", "d"):
        bus.publish(topic, "x" * 350)

    assert [bool(bus.last(topic)) for topic in "abcd"] == [True, False, True, True]


def test_a_message_for_the_moment_is_heard_and_not_kept(bus: MemoryBus, heard: Heard):
    """Later listeners get what was kept before it, if anything."""
    bus.publish("a", "lasting")
    bus.listen("a", lambda *message: heard.append(message), replay=False)
    bus.publish("a", "passing", keep=False)
    bus.publish("b", "passing", keep=False)

    assert heard == [("a", b'{"json":"passing"}')]
    assert bus.last("a") == b'{"json":"lasting"}'
    assert bus.last("b") is None


def test_what_nobody_hears_and_nobody_will_is_not_even_encoded(bus: MemoryBus):
    """A log that nobody reads costs next to nothing."""
    bus.publish("a", object(), keep=False)
    unlisten = bus.listen("a", lambda *_: None)

    assert bus.heard("a")

    unlisten()

    assert not bus.heard("a")
    assert bus.statistics()["published"] == 0


def test_every_thread_may_publish_and_listen(bus: MemoryBus):
    """No message is lost and each listener hears one order."""
    first: list[bytes] = []
    second: list[bytes] = []
    bus.listen("a", lambda _, encoded: first.append(encoded))
    bus.listen("a", lambda _, encoded: second.append(encoded))

    def work(number: int) -> None:
        for index in range(200):
            bus.publish("a", [number, index])
            bus.listen("b", lambda *_: None)()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(first) == 800
    assert first == second


@pytest.mark.parametrize("message", [object(), {1: 2}])
def test_what_cannot_be_encoded_reaches_nobody(
    bus: MemoryBus, heard: Heard, message: Any
):
    """The publisher's mistake is the publisher's."""
    bus.listen("a", lambda *message: heard.append(message))
    with pytest.raises(TypeError):
        bus.publish("a", message)

    assert heard == []


async def test_without_redis_the_bus_is_in_memory(heard: Heard):
    """There is nothing to check, and closing forgets the listeners."""
    bus = await open_bus(None)
    bus.listen("a", lambda *message: heard.append(message))

    assert bus.kind == "memory"
    assert await bus.check() is None

    await bus.close()
    bus.publish("a", 1)

    assert heard == []
