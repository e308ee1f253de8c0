"""The memory of processes that run already, with their descendants, over time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import trio

from memory_report.errors import MeasurementError, ReportFileError
from memory_report.sampling import read_held_elsewhere
from memory_report.statistics import slope
from runner.system import Footprint, list_descendants, read_footprint

#: Raised whenever a reader of the JSON file would have to know.
SCHEMA = 1
#: More is no recording but a monitor; kept, each takes about 100 bytes a process.
MAX_SAMPLES = 100_000
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The footprints of all recorded processes at an instant, by their ids."""

    #: Since the first sample.
    seconds: float
    processes: dict[int, Footprint]

    @property
    def total(self) -> Footprint:
        """The sum of them."""

        sizes = self.processes.values()
        return Footprint(
            pss=sum(each.pss for each in sizes),
            uss=sum(each.uss for each in sizes),
            rss=sum(each.rss for each in sizes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A series of samples, and why it ended."""

    schema: int
    interval: float
    #: What each process that was ever seen is called, in the order of appearance.
    names: dict[int, str]
    samples: tuple[Sample, ...]
    end: str
    #: At the first sample: PSS that others, the recorder among them, hold of files'
    #: pages that the processes map.
    held_elsewhere: int = 0


class Recorder:
    """Takes samples; what was taken is kept however it ends."""

    def __init__(self, pids: Sequence[int], *, interval: float) -> None:
        self._pids = pids
        self._interval = interval
        self._names: dict[int, str] = {}
        self._samples: list[Sample] = []
        self._held_elsewhere = 0

    async def run(
        self, *, seconds: float | None, progress: Callable[[Sample], None]
    ) -> str:
        """Sample the processes and all their descendants; return why it ended.

        It ends after `seconds`, if they are given, or when all processes have ended.

        Raises:
            MeasurementError: there is no such process, or no right to look at it.
        """

        begin = trio.current_time()
        while len(self._samples) < MAX_SAMPLES:
            sample = self._take(trio.current_time() - begin)
            if sample is None:
                return "all processes have ended"

            progress(sample)
            following = len(self._samples) * self._interval
            if seconds is not None and following > seconds:
                return "the time was over"

            # From the begin, so that reading takes nothing away from the rhythm.
            await trio.sleep_until(begin + following)

        return f"{MAX_SAMPLES} samples are as many as are kept"

    def finish(self, end: str) -> Recording:
        """Return what was recorded."""

        return Recording(
            schema=SCHEMA,
            interval=self._interval,
            names=self._names,
            samples=tuple(self._samples),
            end=end,
            held_elsewhere=self._held_elsewhere,
        )

    def _take(self, seconds: float) -> Sample | None:
        footprints = _read_all(self._pids)
        if not footprints:
            if not self._samples:
                pids = ", ".join(map(str, self._pids))
                raise MeasurementError(f"no such process: {pids}")

            return None

        for pid in footprints:
            if pid not in self._names:
                self._names[pid] = _name(pid)

        sample = Sample(seconds=round(seconds, 3), processes=footprints)
        if not self._samples:  # once: it costs more than a sample, and moves little
            with suppress(MeasurementError):  # one of them has ended since
                self._held_elsewhere = read_held_elsewhere(
                    tuple(footprints), besides=sample.total.pss
                )

        self._samples.append(sample)
        return sample


def read_recording(path: Path) -> Recording:
    """Read a recording that `write_json` wrote.

    Raises:
        ReportFileError: it is not there, not a recording, or of another schema.
    """

    try:
        recording = msgspec.json.decode(path.read_bytes(), type=Recording)
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReportFileError(f"{path} is not a recording: {error}") from error

    if recording.schema != SCHEMA:
        raise ReportFileError(
            f"{path} has schema {recording.schema}, this program reads {SCHEMA}"
        )

    seen = {pid for sample in recording.samples for pid in sample.processes}
    if not seen or seen != recording.names.keys():
        raise ReportFileError(
            f"{path} is not a recording: its samples and its names do not belong "
            "together"
        )

    return recording


def find_growth(recording: Recording) -> float | None:
    """Return the slope of the whole PSS in bytes a second, by least squares.

    None for fewer than three samples.
    """

    samples = recording.samples
    if len(samples) < 3:
        return None

    times = [sample.seconds for sample in samples]
    sizes = [sample.total.pss for sample in samples]
    return slope(times, sizes)


def _read_all(pids: Sequence[int]) -> dict[int, Footprint]:
    found: dict[int, Footprint] = {}
    for root in pids:
        for pid in (root, *list_descendants(root)):
            if pid == os.getpid():
                continue  # the observer is no part of what it looks at

            try:
                found[pid] = read_footprint(pid)
            except ProcessLookupError:
                continue  # it has ended
            except PermissionError as error:
                reason = f"no right to read the memory of process {pid}"
                raise MeasurementError(f"{reason}: {error.strerror}") from error

    return found


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return "?"

    program, _, rest = words.strip("\0").partition("\0")
    return " ".join([Path(program).name, *rest.split("\0")]).strip()[:_LONGEST_NAME]
