"""What the story's clients wait for, and what the services' loops were late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import trio

from memory_report.records import Price
from memory_report.statistics import percentile

#: Seconds from a monitor's start to its first sample, and from then on between two:
#: `runner.monitor`, which would bring an event loop with it.
FIRST_SAMPLES, SAMPLE_INTERVAL = 2.0, 10.0


class Timings:
    """Collects seconds while a story is played; its load is a light one."""

    def __init__(self) -> None:
        #: From each request to its whole answer.
        self.requests: list[float] = []
        #: From the call that causes a push to its arrival at each socket.
        self.pushes: list[float] = []
        #: How long requests were all that was asked.
        self.asking = 0.0
        #: What the monitors of the services' processes said of themselves, by samples
        #: as `runner.monitor.Sample` has them, with the name of the `process`.
        self.samples: list[Mapping[str, Any]] = []

    @contextmanager
    def request(self) -> Iterator[None]:
        """Time one request."""

        began = trio.current_time()
        yield
        self.requests.append(trio.current_time() - began)

    @contextmanager
    def asking_only(self) -> Iterator[None]:
        """Time a part of the story that consists of requests."""

        began = trio.current_time()
        yield
        self.asking += trio.current_time() - began

    def make_price(self, lag: Mapping[str, float]) -> Price:
        """Return what was waited for; what a story has nothing of is None."""

        return Price(
            request_p50=_percentile(self.requests, 0.5),
            request_p99=_percentile(self.requests, 0.99),
            requests_per_second=(
                len(self.requests) / self.asking if self.asking else None
            ),
            push_p50=_percentile(self.pushes, 0.5),
            push_p99=_percentile(self.pushes, 0.99),
            pushes=tuple(round(seconds, 6) for seconds in self.pushes),
            lag=lag,
        )


def find_lag(
    samples: Sequence[Mapping[str, Any]],
    *,
    processes: int,
    begin: float,
    end: float,
    until: float,
) -> dict[str, float]:
    """Return how late each lane's loop was at most, in seconds.

    A monitor's sample tells of the time since the one before, so a story has to begin
    behind FIRST_SAMPLES, or what is told is how late the start made a loop. Empty
    unless as many processes as there are told of the whole story.

    Args:
        samples: what the monitors said.
        processes: how many have a monitor.
        begin: when the story began, in Unix seconds.
        end: when it ended.
        until: when something was done to the processes that holds up their loops.
    """

    told = [each for each in samples if begin < each["time"] <= until]
    complete = {each["process"] for each in told if each["time"] >= end}
    if len(complete) < processes:
        return {}

    lag: dict[str, float] = {}
    for each in told:
        for lane, seconds in each["lags"].items():
            lag[lane] = max(lag.get(lane, 0.0), seconds)

    return lag


def _percentile(values: Sequence[float], share: float) -> float | None:
    return percentile(values, share) if values else None
