from __future__ import annotations

import asyncio
import threading

from anyio.lowlevel import checkpoint

from dashboard.bus.outgoing import Outgoing


async def test_entries_come_out_in_order_and_bounded():
    """The oldest give way, and are counted."""
    outgoing = Outgoing(limit=3)
    outgoing.attach(asyncio.get_running_loop())
    for number in range(5):
        outgoing.put("a", b"%d" % number)

    assert await outgoing.take(2) == [("a", b"2", True), ("a", b"3", True)]

    outgoing.done()

    assert await outgoing.take(2) == [("a", b"4", True)]
    assert outgoing.dropped == 2


async def test_what_was_not_sent_is_taken_again():
    """A failed connection loses nothing; what comes meanwhile waits behind."""
    outgoing = Outgoing(limit=3)
    outgoing.attach(asyncio.get_running_loop())
    for number in range(3):
        outgoing.put("a", b"%d" % number)

    await outgoing.take(2)
    outgoing.put("a", b"3")

    assert await outgoing.take(2) == [("a", b"0", True), ("a", b"1", True)]
    assert await outgoing.take(9) == [
        ("a", b"%d" % number, True) for number in range(4)
    ]


async def test_another_thread_wakes_the_loop():
    """A waiting `take` gets what any thread puts, also before there was a loop."""
    outgoing = Outgoing()
    outgoing.put("a", b"early")
    outgoing.attach(asyncio.get_running_loop())

    assert await outgoing.take(1) == [("a", b"early", True)]

    outgoing.done()
    taking = asyncio.create_task(outgoing.take(1))
    await checkpoint()
    thread = threading.Thread(target=outgoing.put, args=("a", b"late"))
    thread.start()

    assert await taking == [("a", b"late", True)]

    thread.join()


async def test_waiting_for_empty_waits_for_what_is_on_its_way():
    """Taken is not sent."""
    outgoing = Outgoing()
    outgoing.attach(asyncio.get_running_loop())
    outgoing.put("a", b"1")
    await outgoing.take(1)
    waiting = asyncio.create_task(outgoing.wait_empty())
    await checkpoint()

    assert not waiting.done()
    assert outgoing.topics() == {"a"}

    outgoing.done()
    await waiting

    assert outgoing.topics() == set()
