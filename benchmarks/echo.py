"""WebSocket round trips while the web is idle and while it is saturated.

A bare-text PING on an authenticated socket, 200 a second; the web is saturated by
wrk on the readiness check and on the board's page, each in its own run.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from statistics import median

import trio

from benchmarks.cli import run_alone
from benchmarks.echo_client import EchoClient
from benchmarks.figures import Figure, median_ratio
from benchmarks.launches import Scene, interleave, open_scene
from benchmarks.wrk import saturate
from memory_report.arrangements import SEPARATE
from memory_report.statistics import percentile

PAIRS, SECONDS = 7, 4
QUICK_PAIRS, QUICK_SECONDS = 3, 2
INTERVAL = 0.005
#: wrk starts before the first ping and ends after the last one.
MARGIN = 1

_BAR = 1.5


async def run(*, quick: bool) -> list[Figure]:
    """Measure all loads in each launch, the arrangements in turn."""

    pairs = QUICK_PAIRS if quick else PAIRS
    seconds = QUICK_SECONDS if quick else SECONDS
    before: dict[str, list[list[float]]] = defaultdict(list)
    after: dict[str, list[list[float]]] = defaultdict(list)

    for arrangement in interleave(pairs):
        side = before if arrangement is SEPARATE else after
        async with open_scene(arrangement) as scene:
            for load, url in list_loads(scene).items():
                side[load].append(await measure_echo(scene, url, seconds))

    return [_make_figure(load, before[load], after[load]) for load in before]


def list_loads(scene: Scene) -> dict[str, str | None]:
    """Return by name the address that is asked for meanwhile."""

    return {
        "idle": None,
        "saturated by /api/health/ready": (
            f"{scene.running.urls['web']}/api/health/ready"
        ),
        "saturated by the board's page": scene.board_url,
    }


async def measure_echo(scene: Scene, url: str | None, seconds: int) -> list[float]:
    """Return the round trips during a load."""

    cookies = scene.visitor.cookie_header()

    def echo() -> list[float]:
        with EchoClient(scene.running.urls["ws"], cookies=cookies) as client:
            client.measure(seconds=0.2, interval=INTERVAL)
            return client.measure(seconds=seconds, interval=INTERVAL)

    async with trio.open_nursery() as nursery:
        if url is not None:
            load = seconds + 2 * MARGIN
            nursery.start_soon(_saturate, url, cookies, load)
            await trio.sleep(MARGIN)

        return await trio.to_thread.run_sync(echo)


async def _saturate(url: str, cookies: str, seconds: int) -> None:
    await saturate(url, cookies=cookies, seconds=seconds)


def _make_figure(
    load: str, before: list[list[float]], after: list[list[float]]
) -> Figure:
    pairs = [
        (percentile(first, 0.99), percentile(second, 0.99))
        for first, second in zip(before, after, strict=True)
    ]
    return Figure(
        what=f"WebSocket echo p99, web {load}: together / separate",
        before=_describe(before),
        after=_describe(after),
        value=median_ratio(pairs),
        bar=None if load == "idle" else _BAR,
    )


def _describe(runs: list[list[float]]) -> str:
    p50 = median(percentile(each, 0.5) for each in runs)
    p99 = median(percentile(each, 0.99) for each in runs)
    return f"{p50 * 1000:.2f} / {p99 * 1000:.2f} ms (p50 / p99)"


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
