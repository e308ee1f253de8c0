"""From a mutation over HTTP to the sockets that hear of it, in one process.

The job API is asked to run a job; 100 sockets are subscribed to what jobs do. Measured
from before the request is sent to the arrival of "running" on each of the sockets, by
a client of one thread that does little else, so that the server is measured.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import trio

from benchmarks.cli import run_alone
from benchmarks.crowd import Crowd
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
_HEADERS = {"Content-Type": "application/json", "cron-job-api-key": API_KEY}
_MARKS = (b'"status":"running"', b'"status":"idle"')
_BARS = {0.5: 3.0, 0.99: 15.0}


async def run(*, quick: bool) -> list[Figure]:
    """Run the job again and again, each time after everybody has heard of its end."""

    async with open_roof(sockets=SOCKETS, jobs=True) as roof:
        with roof.open_crowd() as crowd:
            ages = await trio.to_thread.run_sync(
                _measure, crowd, roof.url, QUICK_RUNS if quick else RUNS
            )

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


def _measure(crowd: Crowd, url: str, runs: int) -> list[float]:
    crowd.grow(SOCKETS, subscribe=_SUBSCRIBE)
    time.sleep(1)
    crowd.skip()
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        for _ in range(WARM_UP):
            _run_job(crowd, connection)

        return [age for _ in range(runs) for age in _run_job(crowd, connection)]


def _run_job(crowd: Crowd, connection: HTTPConnection) -> list[float]:
    """Return after how many seconds each socket heard that the job runs."""

    begin = time.monotonic()
    connection.request("POST", "/trpc/trigger", body=_JOB, headers=_HEADERS)
    running, _ = crowd.wait_marks(*_MARKS)
    with connection.getresponse() as response:
        if response.status != 200:
            raise StoryError("trigger a job", f"status {response.status}")

        response.read()

    return [each - begin for each in running]


if __name__ == "__main__":
    sys.exit(run_alone(run, description=__doc__))
