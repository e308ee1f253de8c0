"""The memory of a launch: read at a checkpoint, and watched from one to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from memory_report.arrangements import RunningArrangement
from memory_report.errors import MeasurementError
from memory_report.processes import first_error
from memory_report.records import (
    REDIS,
    Checkpoint,
    MeasuredProcess,
    Peak,
    Procedure,
    Reading,
    Series,
)
from memory_report.regions import read_regions
from runner.system import Footprint, read_footprint

#: Seconds between two looks while the story is played, and afterwards.
STORY_INTERVAL, SETTLE_INTERVAL = 0.1, 0.25
#: One look in so many reads the files too: they rarely change, and cost more.
_LOOKS_AT_FILES = 10


async def take_reading(
    checkpoint: Checkpoint,
    running: RunningArrangement,
    procedure: Procedure,
    *,
    samples: int | None = None,
    seconds: float | None = None,
) -> Reading:
    """Read every process several times, and what others hold of the same files.

    Args:
        checkpoint: where the launch is.
        running: what to read.
        procedure: how often to read, and how far apart.
        samples: how often instead, where less will do.
        seconds: when it is, since every service was ready.
    """

    groups = running.list_groups()
    services = _list_services(groups)
    taken: dict[str, list[Footprint]] = {each: [] for each in groups}
    held_elsewhere = []

    for number in range(samples or procedure.samples):
        if number:
            await trio.sleep(procedure.sample_interval)

        for name, pids in groups.items():
            taken[name].append(_read_group(name, pids))

        pss = sum(each[-1].pss for name, each in taken.items() if name != REDIS)
        held_elsewhere.append(read_held_elsewhere(services, besides=pss))

    rows = tuple(
        MeasuredProcess(name=name, processes=len(pids), samples=tuple(taken[name]))
        for name, pids in groups.items()
    )
    return Reading(
        checkpoint=checkpoint,
        seconds=None if seconds is None else round(seconds, 3),
        processes=rows,
        held_elsewhere=tuple(held_elsewhere),
    )


class Watcher:
    """Looks at a launch again and again; what it has seen may be asked at any time."""

    def __init__(self, running: RunningArrangement) -> None:
        self.interval = STORY_INTERVAL
        #: Every process but Redis.
        self.pids = _list_services(running.list_groups())
        self._begin = trio.current_time()
        self._turn = trio.Lock()
        self._seconds: list[float] = []
        self._pss: list[int] = []
        self._anonymous: list[int] = []
        self._files = 0

    @property
    def seconds(self) -> float:
        """How long it has watched, which is since every service was ready."""

        return trio.current_time() - self._begin

    async def look(self) -> None:
        """Look once, in a thread: the kernel adds up for milliseconds."""

        async with self._turn:
            seconds = self.seconds
            if len(self._seconds) % _LOOKS_AT_FILES == 0:
                with suppress(MeasurementError):  # as in read_rollup
                    self._files = await trio.to_thread.run_sync(read_files, self.pids)

            sums = await trio.to_thread.run_sync(read_rollup, self.pids)
            self._seconds.append(round(seconds, 3))
            self._pss.append(_add_up(sums, self._files))
            self._anonymous.append(sums["Pss_Anon"])

    async def watch(self) -> None:
        """Look until cancelled."""

        while True:
            await trio.sleep(self.interval)
            await self.look()

    def series(self) -> Series:
        """Return what was seen so far."""

        return Series(
            seconds=tuple(self._seconds),
            pss=tuple(self._pss),
            anonymous=tuple(self._anonymous),
        )

    def peak(self) -> Peak:
        """Return the most that was seen so far, and the processes' own peaks."""

        return Peak(pss=max(self._pss), rss=sum(map(read_peak_rss, self.pids)))


@asynccontextmanager
async def open_watcher(running: RunningArrangement) -> AsyncIterator[Watcher]:
    """Watch a launch for as long as the block runs."""

    watcher = Watcher(running)
    await watcher.look()
    with first_error():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watcher.watch)
            yield watcher
            nursery.cancel_scope.cancel()


def read_rollup(pids: Sequence[int], *, proc: Path = Path("/proc")) -> Counter[str]:
    """Return the sums of all fields of the processes' `smaps_rollup`, in bytes.

    Those that have ended, or are not ours to read, count nothing: who needs to know
    takes a reading.
    """

    sums: Counter[str] = Counter()
    for pid in pids:
        try:
            text = (proc / f"{pid}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue

        for line in text.splitlines()[1:]:
            key, size, *_ = line.split()
            sums[key.rstrip(":")] += int(size) * 1024

    return sums


def read_peak_rss(pid: int, *, proc: Path = Path("/proc")) -> int:
    """Return the most that a process ever had resident, in bytes; 0 if it is gone."""

    try:
        text = (proc / f"{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0

    sizes = (line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))
    return int(next(sizes, 0)) * 1024


def read_held_elsewhere(pids: Sequence[int], *, besides: int) -> int:
    """Return the PSS that others hold of the files' pages that processes map.

    Others are this report and all neighbours: without them the processes would have
    those pages to themselves, and a few processes more of them than many. `besides` is
    the PSS that was just read of the processes: to read it anew would count a neighbour
    that has come or gone in between, in one of the reads and not in the other.
    """

    return max(0, _add_up(read_rollup(pids), read_files(pids)) - besides)


def read_files(pids: Sequence[int]) -> int:
    """Return the bytes of all files' pages that processes map, each page once.

    Of a file that several of them map, the pages of the one that has most of them.
    """

    return sum(region.cached for region in read_regions(pids))


def _add_up(sums: Mapping[str, int], files: int) -> int:
    """Return the PSS that processes would have if nobody else mapped their files."""

    if "Pss_Anon" not in sums:  # before Linux 5.4
        return sums["Pss"] + _read_observer_share()

    # What is mapped and shared without a file has a name too, and is among the files.
    return sums["Pss_Anon"] + files


def _list_services(groups: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(pid for name, pids in groups.items() if name != REDIS for pid in pids)


def _read_group(name: str, pids: tuple[int, ...]) -> Footprint:
    try:
        footprints = [read_footprint(pid) for pid in pids]
    except ProcessLookupError as error:
        reason = f"process {name!r} or a child of it ended while it was sampled"
        raise MeasurementError(reason) from error
    except PermissionError as error:
        reason = f"no right to read the memory of process {name!r}: {error}"
        raise MeasurementError(reason) from error

    return Footprint(
        rss=sum(each.rss for each in footprints),
        pss=sum(each.pss for each in footprints),
        uss=sum(each.uss for each in footprints),
    )


def _read_observer_share() -> int:
    """Return the PSS that this process holds of pages that it shares."""

    observer = read_footprint()
    return observer.pss - observer.uss
