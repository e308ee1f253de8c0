"""The records of a report: what is measured, and the JSON file it is kept in.

Sizes are bytes, times are seconds, shares are fractions (0.5 is 50 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from memory_report.errors import ReportFileError
from runner.system import Footprint

#: Raised whenever a reader of the JSON file would have to know.
SCHEMA = 1

REDIS = "redis-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The work of one launch, counted by those who asked and those who answered."""

    #: What our own clients counted, by dotted name.
    client: dict[str, int]
    #: What the services counted, as their `stopped` lines say, by dotted name.
    services: dict[str, int]
    #: Rows by table in the database file that the launch left behind.
    rows: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredProcess:
    """One row of the table: a launched process with its descendants."""

    name: str
    #: How many operating-system processes the row adds up.
    processes: int
    samples: tuple[Footprint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One arrangement, launched with fresh processes and driven through the story."""

    arrangement: str
    #: Order in time, from 1.
    number: int
    #: Measured and kept, but no part of any figure: it fills the page cache.
    warm_up: bool
    #: From the first process's start to the last one's ready line.
    ready_seconds: float
    story_seconds: float
    processes: tuple[MeasuredProcess, ...]
    #: By sample: PSS that the observer holds of pages it shares with others.
    observer_share: tuple[int, ...]
    ledger: Ledger

    def __post_init__(self) -> None:
        """Refuse samples that were not taken together."""

        taken = {len(process.samples) for process in self.processes}
        if taken != {len(self.observer_share)} or 0 in taken:
            raise ValueError("the samples of a launch do not belong together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How much of everything a launch lives through."""

    logins: int = 6
    board_reads: int = 200
    board_writes: int = 30
    sockets: int = 10
    triggers: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the measurement was made."""

    repeats: int
    #: From the end of the story to the first sample.
    settle: float
    samples: int
    sample_interval: float
    story: Story


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was measured; every figure is worked out from this alone."""

    schema: int
    environment: Environment
    plan: Plan
    launches: tuple[Launch, ...]


def check_writable(path: Path) -> None:
    """Refuse a path before minutes are spent on what could not be kept there."""

    if path.is_dir() or not path.parent.is_dir():
        raise ReportFileError(f"cannot write {path}: it needs a folder and a name")


def write_json(record: object, path: Path) -> None:
    """Write a record as JSON, whole or not at all."""

    text = msgspec.json.format(msgspec.json.encode(record), indent=1)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_bytes(text + b"\n")
        unfinished.replace(path)
    except OSError as error:
        raise ReportFileError(f"cannot write {path}: {error.strerror}") from error


def read_report(path: Path) -> Report:
    """Read a report that `write_json` wrote."""

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReportFileError(f"cannot read {path}: {error.strerror}") from error

    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise ReportFileError(
                f"{path} has schema {schema}, this program reads {SCHEMA}"
            )

        return msgspec.json.decode(data, type=Report)
    except msgspec.MsgspecError as error:
        raise ReportFileError(f"{path} is not a memory report: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schema:
    schema: int
