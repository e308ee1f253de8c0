"""From a mutation over HTTP to the sockets that hear of it, in one process.

The job API is asked to run a job; 100 sockets are subscribed to what jobs do. Measured
from before the request is sent to the arrival of "running" on each of the sockets.
"""

from __future__ import annotations

import sys
import time

import httpcore
import trio

from benchmarks.cli import run_alone
from benchmarks.figures import Figure
from benchmarks.push_scene import open_roof
from memory_report.arrangements import API_KEY
from memory_report.errors import StoryError
from memory_report.statistics import percentile

SOCKETS = 100
RUNS, QUICK_RUNS = 200, 30
WARM_UP = 5
_SUBSCRIBE = (
    b'{"id":1,"method":"subscription","params":{"path":'
    b'"cronJobs.subscribeToStatusUpdates",'
    b'"input":{"json":null,"meta":{"values":["undefined"],"v":1}}}}'
)
#: No app is pinged: the job ends at once.
_JOB = b'"ping"'
_MARKS = (b'"status":"running"', b'"status":"idle"')
_BARS = {0.5: 3.0, 0.99: 15.0}


async def run(*, quick: bool) -> list[Figure]:
    """Run the job again and again, each time after everybody has heard of its end."""

    ages: list[float] = []
    async with (
        open_roof(sockets=SOCKETS, jobs=True) as roof,
        httpcore.AsyncConnectionPool() as pool,
    ):
        with roof.open_crowd() as crowd:
            await trio.to_thread.run_sync(
                lambda: crowd.grow(SOCKETS, subscribe=_SUBSCRIBE)
            )
            await trio.sleep(1)
            crowd.skip()
            for number in range(WARM_UP + (QUICK_RUNS if quick else RUNS)):
                begin = time.monotonic()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_trigger, pool, roof.url)
                    running, _ = await trio.to_thread.run_sync(
                        crowd.wait_marks, *_MARKS
                    )

                if number >= WARM_UP:
                    ages += [each - begin for each in running]

    return [
        Figure(
            what=f"mutation over HTTP to {SOCKETS} sockets, p{share * 100:g}",
            before="",
            after="",
            value=percentile(ages, share) * 1000,
            form="{:.2f} ms",
            bar=bar,
        )
        for share, bar in _BARS.items()
    ]


async def _trigger(pool: httpcore.AsyncConnectionPool, url: str) -> None:
    response = await pool.request(
        "POST",
        f"{url}/trpc/trigger",
        headers={"Content-Type": "application/json", "cron-job-api-key": API_KEY},
        content=_JOB,
    )
    if response.status != 200:
        raise StoryError("trigger a job", f"status {response.status}")


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
