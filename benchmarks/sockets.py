"""Memory of an idle authenticated socket, against trio-websocket's alone.

The slope of the process's PSS over 0, 200 and 1 000 sockets, by least squares: of the
whole roof, where each socket has its session and its place in the hub, and of a bare
server on trio-websocket, in turn. What the system keeps for a socket is in neither.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import linear_regression, median

import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from benchmarks.push_scene import Server, open_peer, open_roof
from runner.system import read_footprint

SIZES: Sequence[int] = (0, 200, 1000)
#: What only the first socket costs, as the code it is served by, is not the slope's.
WARM_UP = 10
ROUNDS, QUICK_ROUNDS = 3, 1
#: After the last handshake, until nothing is left of it: the sessions of all sockets
#: are read again within half a second.
SETTLE = 2.0
_BAR = 24.0
_KIB = 1024


async def run(*, quick: bool) -> list[Figure]:
    """Launch both anew in each round."""

    slopes: dict[str, list[float]] = {"roof": [], "peer": []}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        async with (
            open_roof(sockets=max(SIZES)) as roof,
            open_peer("trio-websocket") as peer,
        ):
            slopes["roof"].append(await measure_slope(roof))
            slopes["peer"].append(await measure_slope(peer))

    alone, ours = median(slopes["peer"]), median(slopes["roof"])
    return [
        Figure(
            what=f"PSS of an idle authenticated socket, slope over {SIZES}",
            before=f"{alone / _KIB:.1f} KiB (trio-websocket alone)",
            after=f"{ours / _KIB:.1f} KiB",
            value=ours / _KIB,
            form="{:.1f} KiB",
            bar=_BAR,
        )
    ]


async def measure_slope(server: Server) -> float:
    """Return the bytes that each further socket costs a server."""

    with server.open_crowd() as crowd:
        crowd.grow(WARM_UP)

    await trio.sleep(SETTLE)
    with server.open_crowd() as crowd:
        footprints = []
        for size in SIZES:
            await trio.to_thread.run_sync(crowd.grow, size)
            await trio.sleep(SETTLE)
            footprints.append(read_footprint(server.process.pid).pss)

    return linear_regression(SIZES, footprints).slope


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
