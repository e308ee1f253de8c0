"""The records of an attribution, as its JSON file keeps them. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from memory_report.errors import ReportFileError
from memory_report.files import load_kind
from memory_report.records import Story
from memory_report.regions import Region

#: Raised whenever a reader of the JSON file would have to know.
SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLaunch:
    """One set of services, launched in one process, loaded, collected, trimmed."""

    #: From 1.
    round: int
    #: Empty for the floor: what every one of them stands on.
    services: tuple[str, ...]
    regions: tuple[Region, ...]
    #: Beside the regions, for comparison: it depends on who else is there.
    pss: int
    #: What was asked and answered, by dotted name.
    work: dict[str, int]

    @property
    def size(self) -> int:
        """What it takes where nobody shares its files."""

        return sum(region.own + region.cached for region in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeLaunch:
    """A launch that was given more and more of one thing."""

    #: `socket` or `login`.
    unit: str
    counts: tuple[int, ...]
    #: At each count.
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModule:
    """One module of the roof, weighed in an interpreter that did nothing else."""

    name: str
    #: The module whose code asked for it first; `__main__` is the command itself.
    importer: str
    #: Without the modules that it imported in turn.
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """The modules of the whole roof, and the interpreter without them."""

    #: The interpreter that imported nothing.
    bare: int
    #: The same, after it imported the same modules as the roof, once in each round.
    floors: tuple[int, ...]
    modules: tuple[ImportedModule, ...]
    #: Whole import graph: by importing module, all that it asks for.
    graph: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured."""

    python: str
    kernel: str
    machine: str
    bytecode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionProcedure:
    """How it was measured."""

    rounds: int
    #: Seconds from the end of the load to the reading.
    settle: float
    #: Of the bundled application; None for own services, read as they start.
    story: Story | None = field(default_factory=Story)
    #: How many sockets and logins are added at a time, and how often; with those of
    #: the story no more sockets than one user may have, which is 64.
    step: int = 12
    steps: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Everything that was measured; every figure is worked out from this alone."""

    schema: int
    machine: Machine
    plan: AttributionProcedure
    #: Whose shares are asked for.
    services: tuple[str, ...]
    launches: tuple[SetLaunch, ...]
    slopes: tuple[SlopeLaunch, ...]
    imports: Imports


def read_attribution(path: Path) -> Attribution:
    """Read an attribution that `write_json` wrote.

    Raises:
        ReportFileError: it is not there, not an attribution, or of another schema.
    """

    data = load_kind(path, "slopes", what="an attribution")
    try:
        record = msgspec.json.decode(data, type=Attribution)
    except msgspec.MsgspecError as error:
        raise ReportFileError(f"{path} is not an attribution: {error}") from error

    if record.schema != SCHEMA:
        raise ReportFileError(
            f"{path} has schema {record.schema}, this program reads {SCHEMA}; "
            "measure anew"
        )

    return record
