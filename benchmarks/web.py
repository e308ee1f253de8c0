"""Web requests per second while WebSockets are subscribed and jobs run.

Ten boards are open, each subscribed to memory, job status and pings, and the ping
job is triggered twice a second; wrk asks for the readiness check and for the
board's page over kept-alive connections. Both arrangements are up at the same time and
asked in turn, for seconds each: a machine that is slower for a while is so for both.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import AsyncExitStack
from statistics import median

import trio

from benchmarks.cli import run_alone
from benchmarks.echo import list_loads
from benchmarks.figures import Figure, median_ratio
from benchmarks.launches import Scene, interleave, open_scene
from benchmarks.wrk import saturate
from memory_report.arrangements import SEPARATE, TOGETHER, Arrangement
from memory_report.errors import StoryError

LAUNCHES, PAIRS, SECONDS = 3, 4, 2
QUICK_LAUNCHES, QUICK_PAIRS = 1, 3
TRIGGER_INTERVAL = 0.5


async def run(*, quick: bool) -> list[Figure]:
    """Measure both pages in each pair of launches, the arrangements in turn."""

    before: dict[str, list[float]] = defaultdict(list)
    after: dict[str, list[float]] = defaultdict(list)

    for _ in range(QUICK_LAUNCHES if quick else LAUNCHES):
        async with AsyncExitStack() as stack:
            scenes = {
                arrangement.name: await _open_scene(arrangement, stack)
                for arrangement in (SEPARATE, TOGETHER)
            }
            for arrangement in interleave(QUICK_PAIRS if quick else PAIRS):
                scene = scenes[arrangement.name]
                side = before if arrangement is SEPARATE else after
                for load, url in list_loads(scene).items():
                    if url is not None:
                        side[load].append(await measure_rate(scene, url, SECONDS))

    return [
        Figure(
            what=f"web requests/s, {load}, ws and tasks active: together / separate",
            before=f"{median(before[load]):.0f} /s",
            after=f"{median(after[load]):.0f} /s",
            value=median_ratio(list(zip(before[load], after[load], strict=True))),
            bar=0.9,
            wanted="at least",
        )
        for load in before
    ]


async def _open_scene(arrangement: Arrangement, stack: AsyncExitStack) -> Scene:
    scene = await stack.enter_async_context(open_scene(arrangement))
    await scene.player.open_boards([scene.visitor], scene.board, stack)
    return scene


async def measure_rate(scene: Scene, url: str, seconds: int) -> float:
    """Return the requests per second while jobs are triggered."""

    async with trio.open_nursery() as nursery:
        nursery.start_soon(_trigger_jobs, scene)
        rate = await saturate(
            url, cookies=scene.visitor.cookie_header(), seconds=seconds
        )
        nursery.cancel_scope.cancel()

    return rate


async def _trigger_jobs(scene: Scene) -> None:
    while True:
        try:
            await scene.player.trigger_job()
        except StoryError as error:
            # On a busy machine a run may take longer than the interval.
            if "already running" not in str(error):
                raise

        await trio.sleep(TRIGGER_INTERVAL)


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
