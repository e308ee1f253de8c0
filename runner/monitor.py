"""The memory monitor: a service that samples its own process.

Samples go to listeners at once and into a history of 24 h, whose size is fixed.
"""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import anyio
from anyio.abc import TaskStatus

from .lane import Lane
from .plan import Plan
from .system import read_activity, read_footprint

#: Seconds between two samples, and at most until the first: amid the start the process
#: holds less than it will a moment later.
INTERVAL = 10.0
FIRST_INTERVAL = 2.0
#: Seconds that the history goes back.
HISTORY = 24 * 3600.0
#: Seconds between two looks at how late each lane's loop is, while the process works …
LAG_INTERVAL = 0.5
#: … and while it uses less than this share of a core: what is idle seldom makes anybody
#: late, and each look wakes it up. A loop that waits in a system call is idle too.
IDLE_LAG_INTERVAL, IDLE_CPU = 2.5, 0.02
#: CPU time is counted in ticks of 10 ms: less time than that tells nothing.
MIN_ELAPSED = 0.01

logger = logging.getLogger("runner.monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the process held at an instant, and used since the last sample."""

    #: Unix time in seconds.
    time: float
    #: Bytes, as in `runner.system.Footprint`.
    rss: int
    pss: int
    uss: int
    threads: int
    files: int
    #: Share of one core.
    cpu: float
    #: The longest that a lane's loop was late, in seconds, by lane.
    lags: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the sample as JSON-able facts."""

        return asdict(self)


class Monitor:
    """The samples of this process."""

    def __init__(self, label: str, lanes: tuple[str, ...], *, capacity: int) -> None:
        #: The names of this process's services that have a mount, joined by `+`.
        self.label = label
        self._history = History(lanes, capacity=capacity)
        self._listeners: list[Callable[[Sample], None]] = []

    def add_listener(self, listener: Callable[[Sample], None]) -> None:
        """Have each new sample passed to a function, in the main lane."""

        self._listeners.append(listener)

    def add(self, sample: Sample) -> None:
        """Keep a sample and pass it on."""

        self._history.add(sample)

        for listener in self._listeners:
            listener(sample)

    def latest(self) -> Sample | None:
        """Return the newest sample, if there is one."""

        newest = self.samples(1)
        return newest[0] if newest else None

    def samples(self, count: int = 60) -> list[Sample]:
        """Return the newest samples, oldest first."""

        return self._history.read(count)

    def history(self, count: int = 288) -> list[Sample]:
        """Return the whole history as at most `count` samples, the oldest first.

        Each stands for a stretch of time: it has the highest figures of that, which
        no thinning may lose, and the time of its end.
        """

        return self._history.read_peaks(count)


class History:
    """A ring of samples as plain numbers: 24 h are below 1 MiB."""

    COLUMNS = ("time", "rss", "pss", "uss", "threads", "files", "cpu")

    def __init__(self, lanes: tuple[str, ...], *, capacity: int) -> None:
        self._lanes = lanes
        self._width = len(self.COLUMNS) + len(lanes)
        self._capacity = capacity
        self._numbers = array("d")
        self._next = 0

    def __len__(self) -> int:
        return len(self._numbers) // self._width

    def add(self, sample: Sample) -> None:
        """Keep a sample, in the oldest one's place once the ring is full."""

        row = array("d", [getattr(sample, name) for name in self.COLUMNS])
        row.extend(sample.lags.get(lane, 0.0) for lane in self._lanes)

        if len(self) < self._capacity:
            self._numbers.extend(row)
        else:
            start = self._next * self._width
            self._numbers[start : start + self._width] = row

        self._next = (self._next + 1) % self._capacity

    def read(self, count: int) -> list[Sample]:
        """Return the newest `count` samples, oldest first."""

        size = len(self)
        first = self._next if size == self._capacity else 0
        count = min(count, size)
        indexes = ((first + i) % size for i in range(size - count, size))
        return [self._make(self._rows(index, 1)) for index in indexes]

    def read_peaks(self, count: int) -> list[Sample]:
        """Return at most `count` samples, each with the highest of its stretch."""

        size = len(self)
        first = self._next if size == self._capacity else 0
        length = max(1, -(-size // count))
        peaks = []
        # Backwards, so that the one that is not full is the oldest: it soon goes.
        for end in range(size, 0, -length):
            start = max(0, end - length)
            rows = self._rows((first + start) % size, end - start)
            row = array("d", [max(rows[i :: self._width]) for i in range(self._width)])
            peaks.append(self._make(row))

        return peaks[::-1]

    def _rows(self, index: int, count: int) -> array[float]:
        """Return the numbers of rows that may go on at the ring's beginning."""

        start, end = index * self._width, (index + count) * self._width
        over = max(0, end - len(self._numbers))
        return self._numbers[start:end] + self._numbers[:over]

    def _make(self, row: array[float]) -> Sample:
        numbers, lags = row[: len(self.COLUMNS)], row[len(self.COLUMNS) :]
        at, rss, pss, uss, threads, files, cpu = numbers
        return Sample(
            time=at,
            rss=int(rss),
            pss=int(pss),
            uss=int(uss),
            threads=int(threads),
            files=int(files),
            cpu=cpu,
            lags=dict(zip(self._lanes, lags, strict=True)),
        )


class LagMeter:
    """How late a lane's loop is: it sleeps there and looks at the clock."""

    def __init__(self) -> None:
        self._longest = 0.0

    async def measure(self) -> None:
        """Measure until cancelled; runs in the lane."""

        pause = LAG_INTERVAL
        while True:
            used, began = time.process_time(), time.perf_counter()
            await anyio.sleep(pause)
            elapsed = time.perf_counter() - began
            self._longest = max(self._longest, elapsed - pause)
            idle = time.process_time() - used < IDLE_CPU * elapsed
            pause = IDLE_LAG_INTERVAL if idle else LAG_INTERVAL

    def take(self) -> float:
        """Return the longest lag since the last call, in seconds; any thread."""

        longest, self._longest = self._longest, 0.0
        return longest


async def serve(
    *,
    plan: Plan,
    lanes: Mapping[str, Lane],
    interval: float = INTERVAL,
    task_status: TaskStatus[Monitor],
    stopping: anyio.Event,
) -> None:
    """Sample this process each `interval` seconds; ready with the Monitor."""

    monitor = Monitor(
        "+".join(name for name, one in plan.services.items() if one.mount is not None),
        tuple(lanes),
        capacity=max(1, round(HISTORY / interval)),
    )
    meters = {name: LagMeter() for name in lanes}

    async with anyio.create_task_group() as tasks:
        for name, meter in meters.items():
            tasks.start_soon(lanes[name].call, meter.measure)

        tasks.start_soon(_sample, monitor, meters, interval)
        task_status.started(monitor)
        await stopping.wait()
        tasks.cancel_scope.cancel()


class Sampler:
    """Takes samples of this process; each knows the time since the one before."""

    def __init__(self, meters: Mapping[str, LagMeter]) -> None:
        self._meters = meters
        self._before = time.monotonic()
        self._used = read_activity().cpu_seconds

    def take(self) -> Sample:
        """Take a sample.

        Raises:
            OSError: the system has no descriptor left to read it with.
        """

        footprint, activity, now = read_footprint(), read_activity(), time.monotonic()
        elapsed = max(now - self._before, MIN_ELAPSED)
        cpu = (activity.cpu_seconds - self._used) / elapsed
        self._before, self._used = now, activity.cpu_seconds
        return Sample(
            time=time.time(),
            rss=footprint.rss,
            pss=footprint.pss,
            uss=footprint.uss,
            threads=activity.threads,
            files=activity.files,
            cpu=round(cpu, 4),
            lags={name: round(one.take(), 6) for name, one in self._meters.items()},
        )


async def _sample(
    monitor: Monitor, meters: Mapping[str, LagMeter], interval: float
) -> None:
    sampler = Sampler(meters)
    pause = min(FIRST_INTERVAL, interval)

    while True:
        await anyio.sleep(pause)
        pause = interval

        try:
            sample = sampler.take()
        except OSError as error:
            logger.warning("a memory sample is left out: %s", error)
        else:
            monitor.add(sample)
