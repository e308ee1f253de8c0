"""The records of a report: what is measured, and how.

Sizes are bytes, times are seconds, shares are fractions (0.5 is 50 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from runner.system import Footprint

#: Raised whenever a reader of the JSON file would have to know.
SCHEMA = 2

REDIS = "redis-server"
#: What services do together: a job's status, from its call to a socket.
PUSHES = "pushes"
#: The arrangement that everything is about.
TOGETHER = "together"

#: When a launch is looked at, in this order:
#:
#: start      every service is ready, nothing was asked of them yet
#: loaded     the story has been played, its sockets are open
#: settled    a fixed time later: the one that the table and the gates are about
#: collected  garbage was collected in every service
#: trimmed    the allocator's free pages were given back
#: drained    the sockets are closed, and a short time has passed again
Checkpoint = Literal["start", "loaded", "settled", "collected", "trimmed", "drained"]
CHECKPOINTS: tuple[Checkpoint, ...] = get_args(Checkpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The work of one launch, counted by those who asked and those who answered."""

    #: What our own clients counted, by dotted name.
    client: dict[str, int]
    #: What the services counted, as their `stopped` lines say, by dotted name.
    services: dict[str, int]
    #: Rows by table in the database file that the launch left behind.
    rows: dict[str, int]
    #: By table a digest of what is in them, but for identifiers, times and secrets.
    digests: dict[str, str] = field(default_factory=dict)
    #: By what the clients asked a digest of what they were told, without such as well.
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredProcess:
    """One row of the table: a launched process with its descendants."""

    name: str
    #: How many operating-system processes the row adds up.
    processes: int
    samples: tuple[Footprint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What all processes of a launch took at one checkpoint."""

    checkpoint: Checkpoint
    #: Of the first sample, since every service was ready.
    seconds: float | None = None
    processes: tuple[MeasuredProcess, ...]
    #: By sample: PSS that others, the observer and neighbours, hold of files' pages
    #: that the services map.
    held_elsewhere: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse samples that were not taken together."""

        taken = {len(process.samples) for process in self.processes}
        if taken != {len(self.held_elsewhere)} or 0 in taken:
            raise ValueError("the samples of a reading do not belong together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most that a launch took, in bytes."""

    #: Of the whole group at one instant, while the story was played.
    pss: int
    #: The sum of every process's own peak (VmHWM), whenever that was.
    rss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A launch over time: ten times a second in the story, less often afterwards."""

    #: Since every service was ready.
    seconds: tuple[float, ...]
    #: Without Redis and with what others hold, as the totals of the table.
    pss: tuple[int, ...]
    #: The part of it that belongs to no file: what neighbours start or end with, other
    #: programs of the same interpreter, does not move it.
    anonymous: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """The time between the story's end and the end of the settled reading."""

    #: Seconds since every service was ready.
    begin: float
    end: float
    #: Bytes by which what the processes have in swap and in huge pages moved.
    swap: int
    huge_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a launch's memory was bought with, as its clients felt it."""

    #: Seconds from a request to its whole answer.
    request_p50: float | None = None
    request_p99: float | None = None
    #: Answered requests a second, while requests were all that was asked.
    requests_per_second: float | None = None
    #: Seconds from what causes a push to its arrival.
    push_p50: float | None = None
    push_p99: float | None = None
    #: All of them; a launch has few, so that only all launches have a percentile.
    pushes: tuple[float, ...] = ()
    #: By lane, the longest that its event loop was late, in seconds.
    lag: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One arrangement, launched with fresh processes and driven through the story."""

    arrangement: str
    #: Order in time, from 1.
    number: int
    #: Measured and kept, but no part of any figure: it fills the page cache.
    warm_up: bool
    #: From the first service's start to the last one's ready line; Redis is up before.
    ready_seconds: float
    story_seconds: float
    #: In the order of the checkpoints; `settled` is always there.
    readings: tuple[Reading, ...]
    series: Series | None = None
    settling: Settling | None = None
    peak: Peak | None = None
    price: Price | None = None
    ledger: Ledger

    def __post_init__(self) -> None:
        """Refuse a launch that was not looked at in the right order."""

        taken = [CHECKPOINTS.index(each.checkpoint) for each in self.readings]
        if taken != sorted(set(taken)) or self.find_reading("settled") is None:
            raise ValueError("the readings of a launch are not in order")

    def reading(self, checkpoint: Checkpoint) -> Reading:
        """Return what was read at a checkpoint.

        Raises:
            LookupError: nothing was.
        """

        found = self.find_reading(checkpoint)
        if found is None:
            raise LookupError(f"launch {self.number} has no reading {checkpoint!r}")

        return found

    def find_reading(self, checkpoint: Checkpoint) -> Reading | None:
        """Return what was read at a checkpoint, if anything was."""

        found = (each for each in self.readings if each.checkpoint == checkpoint)
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """What became of a launch when the process of one service was killed."""

    arrangement: str
    #: Whose process it was, `redis-server` included.
    service: str
    #: What did not work without it: services, and `pushes` from a job to a socket.
    died: tuple[str, ...]
    #: Seconds until all of it worked again, None if nobody brought it back.
    back: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How much of everything a launch lives through."""

    logins: int = 6
    board_reads: int = 200
    board_writes: int = 30
    sockets: int = 10
    triggers: int = 3


#: What `--quick` plays.
QUICK_STORY = Story(logins=3, board_reads=60, board_writes=10, sockets=5, triggers=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that a measurement was made with."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnServices:
    """Somebody's own services, and what they were asked to do."""

    plan: SourceFile
    story: SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """How the measurement was made, as metrology has the word.

    Schema 2 calls it the report's `plan`; a plan of services is another thing.
    """

    #: Their names, in the order of launching; `together` is the last one.
    arrangements: tuple[str, ...] = ("separate", "together")
    #: Launches of each arrangement that count.
    repeats: int
    #: From the end of the story to the first sample.
    settle: float
    samples: int
    sample_interval: float
    #: Of the bundled application; None: own services have a story of their own.
    story: Story | None = field(default_factory=Story)
    #: None for the bundled application.
    own: OwnServices | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """What everything together is compared with.

        Everything together without one of its savings is none: it tells what that
        saving is worth.
        """

        return tuple(one for one in self.arrangements if not one.startswith(TOGETHER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where and with what it was measured."""

    python: str
    kernel: str
    machine: str
    cpu: str
    cpus: int
    memory: int
    #: /sys/kernel/mm/transparent_hugepage/enabled, the chosen word.
    huge_pages: str
    bytecode: str
    redis: str
    #: Other processes of the same interpreter: they share, and lower, our PSS.
    neighbours: int
    #: Installed distributions that the services can import.
    versions: dict[str, str]
    #: PSS of the observer, the report's own process, at its end; part of no figure.
    observer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was measured; every figure is worked out from this alone."""

    schema: int
    environment: Environment
    plan: Procedure
    launches: tuple[Launch, ...]
    #: By really killing each service once per arrangement; not tried where empty.
    crashes: tuple[Crash, ...] = ()
