"""How long a message takes to those who read, while others do not.

100 clients read what is published at a steady pace; the same again while 100 more hear
it that never read, until the hub closes them. Each message tells when it was published;
the publisher, in the asyncio lane, the hub and the readers have a core of their own
where the machine has one. Without and with those others, in turn.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from functools import partial
from statistics import median

import trio

from benchmarks.cli import run_alone
from benchmarks.crowd import Crowd
from benchmarks.figures import Figure, median_ratio
from benchmarks.push_scene import Server, open_roof
from memory_report.statistics import percentile

READERS, STUCK = 100, 100
PAIRS, QUICK_PAIRS = 7, 2
MESSAGES, QUICK_MESSAGES = 400, 100
PAUSE = 0.01
#: So large that what the system holds for a stuck client is full amid the storm.
PADDING = 12_000
RECEIVE_BUFFER = 4096
_BAR = 1.2


async def run(*, quick: bool) -> list[Figure]:
    """Measure both pair by pair, on one roof."""

    messages = QUICK_MESSAGES if quick else MESSAGES
    pairs: list[tuple[float, float]] = []
    halves: list[tuple[float, float]] = []
    async with open_roof(sockets=READERS + STUCK) as roof:
        await _measure(roof, 0, messages)  # the first one warms up
        for number in range(QUICK_PAIRS if quick else PAIRS):
            ages: dict[int, list[float]] = {}
            for stuck in (0, STUCK) if number % 2 else (STUCK, 0):
                ages[stuck] = await _measure(roof, stuck, messages)

            pairs.append((percentile(ages[0], 0.99), percentile(ages[STUCK], 0.99)))
            halves.append((percentile(ages[0], 0.5), percentile(ages[STUCK], 0.5)))

    return [
        Figure(
            what=f"push to {READERS} sockets, p99: {STUCK} more never read / none such",
            before=_describe([one[0] for one in halves], [one[0] for one in pairs]),
            after=_describe([one[1] for one in halves], [one[1] for one in pairs]),
            value=median_ratio(pairs),
            bar=_BAR,
        )
    ]


async def _measure(roof: Server, stuck: int, messages: int) -> list[float]:
    """Return the ages at which the readers received each message."""

    with ExitStack() as stack:
        others = stack.enter_context(roof.open_crowd())
        readers = stack.enter_context(roof.open_crowd())
        await trio.to_thread.run_sync(_gather, roof, readers, others, stuck)
        begin = time.monotonic_ns()
        await roof.publish(messages, padding=PADDING, pause=PAUSE)
        listen = partial(readers.listen, messages, since=begin)
        return await trio.to_thread.run_sync(listen)


def _gather(roof: Server, readers: Crowd, others: Crowd, stuck: int) -> None:
    others.grow(stuck, subscribe=roof.subscribe, receive_buffer=RECEIVE_BUFFER)
    readers.grow(READERS, subscribe=roof.subscribe)


def _describe(p50: list[float], p99: list[float]) -> str:
    return f"{median(p50) * 1000:.2f} / {median(p99) * 1000:.2f} ms (p50 / p99)"


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
