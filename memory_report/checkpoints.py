"""One launch from its start to its drained end, looked at on the way."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from memory_report.arrangements import RunningArrangement
from memory_report.errors import MeasurementError
from memory_report.records import (
    Checkpoint,
    Peak,
    Price,
    Procedure,
    Reading,
    Series,
    Settling,
)
from memory_report.runner_signals import ask, find_runners
from memory_report.sampling import (
    SETTLE_INTERVAL,
    Watcher,
    open_watcher,
    read_rollup,
    take_reading,
)
from memory_report.timings import (
    FIRST_SAMPLES,
    SAMPLE_INTERVAL,
    Timings,
    find_lag,
)

#: From the closing of the sockets to the last reading, in seconds.
DRAIN_SETTLE = 0.5


class Checkpoints:
    """The readings of one launch and what was seen between them."""

    def __init__(
        self,
        running: RunningArrangement,
        procedure: Procedure,
        watcher: Watcher,
        tell: Callable[[str], None],
    ) -> None:
        self.timings = Timings()
        self.peak: Peak | None = None
        self.settling: Settling | None = None
        self.price: Price | None = None
        self._running = running
        self._procedure = procedure
        self._watcher = watcher
        self._tell = tell
        self._readings: list[Reading] = []
        self._began = 0.0
        #: Only a launch that settles for as long hears of the whole story.
        self._hears_lag = procedure.settle >= SAMPLE_INTERVAL

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read so far, in order."""

        return tuple(self._readings)

    def series(self) -> Series:
        """Return the launch over time, so far."""

        return self._watcher.series()

    async def start(self) -> None:
        """Read what nobody has asked for anything yet."""

        if self._hears_lag:
            await trio.sleep(max(0.0, FIRST_SAMPLES - self._watcher.seconds))

        await self._read("start", samples=1)
        self._tell("story")
        self._began = time.time()

    async def settle(self) -> None:
        """Read after the story; let the launch settle, and read what counts."""

        ended, begin = time.time(), self._watcher.seconds
        await self._watcher.look()
        self.peak = self._watcher.peak()
        self._watcher.interval = SETTLE_INTERVAL
        await self._read("loaded", samples=1)
        before = read_rollup(self._watcher.pids)

        self._tell(f"settling {self._procedure.settle:g} s")
        await trio.sleep(self._procedure.settle)
        await self._read("settled")

        after = read_rollup(self._watcher.pids)
        self.settling = Settling(
            begin=round(begin, 3),
            end=round(self._watcher.seconds, 3),
            swap=after["Swap"] - before["Swap"],
            huge_pages=after["AnonHugePages"] - before["AnonHugePages"],
        )
        self.price = self.timings.make_price(self._find_lag(ended))

    async def give_back(self) -> None:
        """Read what is left without garbage, then without free pages.

        Left out where a process does not run the runner: it could not be asked.
        """

        self._tell("collecting and trimming")
        if await ask(self._running, "collected"):
            await self._read("collected", samples=1)

        if await ask(self._running, "trimmed"):
            await self._read("trimmed", samples=1)

    async def drain(self) -> None:
        """Read what is left once the sockets are closed."""

        await trio.sleep(min(DRAIN_SETTLE, self._procedure.settle))
        await self._read("drained", samples=1)

    async def _read(
        self, checkpoint: Checkpoint, *, samples: int | None = None
    ) -> None:
        reading = await take_reading(
            checkpoint,
            self._running,
            self._procedure,
            samples=samples,
            seconds=self._watcher.seconds,
        )
        self._readings.append(reading)
        _refuse_losses(self._readings[0], reading)

    def _find_lag(self, ended: float) -> dict[str, float]:
        runners = find_runners(self._running)
        if not runners or not self._hears_lag:
            return {}  # who has no monitor tells nothing

        return find_lag(
            self.timings.samples,
            processes=sum(map(len, runners.values())),
            begin=self._began,
            end=ended,
            until=time.time(),
        )


def _refuse_losses(first: Reading, reading: Reading) -> None:
    """Refuse a launch of which a part has ended: a supervisor may hide that."""

    for before, now in zip(first.processes, reading.processes, strict=True):
        if now.processes < before.processes:
            raise MeasurementError(
                f"process {now.name!r} had {before.processes} processes at "
                f"{first.checkpoint!r} and {now.processes} at {reading.checkpoint!r}"
            )


@asynccontextmanager
async def open_checkpoints(
    running: RunningArrangement, procedure: Procedure, *, tell: Callable[[str], None]
) -> AsyncIterator[Checkpoints]:
    """Watch a launch for as long as the block runs; `tell` hears what it is at."""

    async with open_watcher(running) as watcher:
        yield Checkpoints(running, procedure, watcher, tell)
