"""Messages to 1 000 sockets: the hub, `websockets.broadcast`, trio-websocket's own.

All servers push the same text to the same kind of client, in turn, burst after burst;
a burst ends when every socket has received all of it. The figure is what a server
sends in one second of CPU time, its own and the system's, all of its threads together:
messages per second on one core, whatever else the machine does. The hub is measured
under the roof, with the way from the bus in one lane to the sockets in the other.
`websockets` runs on asyncio's own event loop and on uvloop; the faster one counts.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import AsyncExitStack
from statistics import median

import trio

from benchmarks.cli import run_alone
from benchmarks.crowd import Crowd, size_frame
from benchmarks.figures import Figure
from benchmarks.publisher import make_message, render_message
from benchmarks.push_scene import ROOF, Server, open_peer, open_roof

SOCKETS, QUICK_SOCKETS = 1000, 200
BURSTS, QUICK_BURSTS = 20, 6
WARM_UP = 2
#: Bursts until the clients are heard of: well before they are asked for a sign of life.
KEEP_ALIVE = 3
#: Messages of one burst: they fit into what the system holds for each socket.
MESSAGES = 20
PADDING = 100
#: Between the messages of a burst, in seconds: published at once, the hub writes to
#: each socket what one turn of its loop brings; apart, it writes each by itself.
PAUSES = (0.0, 0.02)

_WEBSOCKETS = ("websockets", "websockets on uvloop")
_TRIO = ("trio-websocket",)


async def run(*, quick: bool) -> list[Figure]:
    """Measure all of them in each round."""

    sockets = QUICK_SOCKETS if quick else SOCKETS
    bursts = QUICK_BURSTS if quick else BURSTS
    async with AsyncExitStack() as stack:
        launches = [open_roof(sockets=sockets)]
        launches += [open_peer(name) for name in (*_WEBSOCKETS, *_TRIO)]
        servers = [await stack.enter_async_context(each) for each in launches]
        crowds = {each.name: stack.enter_context(each.open_crowd()) for each in servers}
        for each in servers:
            await trio.to_thread.run_sync(_gather, crowds[each.name], sockets, each)

        rates: dict[tuple[str, float], list[float]] = defaultdict(list)
        for number in range(WARM_UP + bursts):
            if number % KEEP_ALIVE == 0:
                await _keep_alive(servers, crowds)

            for each in servers if number % 2 else reversed(servers):
                for pause in PAUSES:
                    rate = await _measure(each, crowds[each.name], sockets, pause)
                    if number >= WARM_UP:
                        rates[each.name, pause].append(rate)

    return [
        _make_figure(rates, peers, pause, sockets, bar)
        for peers, bar in ((_WEBSOCKETS, 1.3), (_TRIO, 5.0))
        for pause in PAUSES
    ]


async def _keep_alive(servers: list[Server], crowds: dict[str, Crowd]) -> None:
    for server in servers:
        if server.keep_alive:
            crowds[server.name].say(server.keep_alive)

    await trio.sleep(0.5)  # nothing of it is left when the measurement goes on


def _gather(crowd: Crowd, sockets: int, server: Server) -> None:
    crowd.grow(sockets, subscribe=server.subscribe)


async def _measure(server: Server, crowd: Crowd, sockets: int, pause: float) -> float:
    """Return the messages that one burst sent per second of CPU time."""

    size = size_frame(render_message(make_message(PADDING)))
    begin = server.read_cpu()
    await server.publish(MESSAGES, padding=PADDING, pause=pause)
    await trio.to_thread.run_sync(crowd.drain, MESSAGES * size)
    return MESSAGES * sockets / (server.read_cpu() - begin)


def _make_figure(
    rates: dict[tuple[str, float], list[float]],
    peers: tuple[str, ...],
    pause: float,
    sockets: int,
    bar: float,
) -> Figure:
    peer = max(peers, key=lambda name: median(rates[name, pause]))
    theirs, ours = rates[peer, pause], rates[ROOF, pause]
    how = f"{pause * 1000:g} ms apart" if pause else f"{MESSAGES} at once"
    return Figure(
        what=f"to {sockets} sockets, {how}, messages/s of one core: hub / {peer}",
        before=f"{median(theirs):,.0f}/s",
        after=f"{median(ours):,.0f}/s",
        value=median(one / other for other, one in zip(theirs, ours, strict=True)),
        bar=None if pause else bar,
        wanted="at least",
    )


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
