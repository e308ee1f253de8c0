"""An attribution made of chosen numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memory_report.attribution.records import (
    SCHEMA,
    Attribution,
    AttributionProcedure,
    ImportedModule,
    Imports,
    Machine,
    SetLaunch,
    SlopeLaunch,
)
from memory_report.attribution.shapley import list_sets
from memory_report.regions import Region

MIB = 1024 * 1024
SERVICES = ("web", "ws")
#: In MiB: the floor, each above it alone, and both, which have 2 in common.
SIZES: Mapping[tuple[str, ...], int] = {(): 30, ("web",): 40, ("ws",): 36}
BOTH = 44
LIBRARY = "/usr/lib/libpython3.12.so.1.0"
CACHED = 4

IMPORTS = Imports(
    bare=9 * MIB,
    floors=(40 * MIB,),
    modules=(
        ImportedModule(name="runner.cli", importer="__main__", size=MIB),
        ImportedModule(name="quart", importer="runner.cli", size=3 * MIB),
        ImportedModule(name="quart.app", importer="quart", size=2 * MIB),
        ImportedModule(name="ssl", importer="quart.app", size=4 * MIB),
        ImportedModule(name="small", importer="quart", size=1),
    ),
    graph={
        "__main__": ("runner.cli",),
        "runner.cli": ("quart", "ssl"),
        "quart": ("quart.app", "small"),
        "quart.app": ("ssl",),
    },
)


def make_launch(number: int, services: tuple[str, ...], size: int) -> SetLaunch:
    """Return a launch that takes so many MiB, some of them a file's."""

    return SetLaunch(
        round=number,
        services=services,
        regions=(
            Region(name="[heap]", own=(size - CACHED) * MIB, cached=0),
            Region(name=LIBRARY, own=0, cached=CACHED * MIB),
        ),
        pss=(size - 2) * MIB,
        work={f"{name}.requests": 3 for name in services},
    )


def make_attribution(*, rounds: int = 2, drift: int = 0) -> Attribution:
    """Return an attribution in which web takes `drift` MiB more in each round."""

    return Attribution(
        schema=SCHEMA,
        machine=Machine(
            python="CPython 3.12.1",
            kernel="Linux 6.1",
            machine="x86_64",
            bytecode="compiled beforehand",
        ),
        plan=AttributionProcedure(rounds=rounds, settle=0.2, step=10, steps=3),
        services=SERVICES,
        launches=tuple(
            make_launch(
                number,
                members,
                SIZES.get(members, BOTH) + (number - 1) * drift * ("web" in members),
            )
            for number in range(1, rounds + 1)
            for members in list_sets(SERVICES)
        ),
        slopes=tuple(
            SlopeLaunch(
                unit=unit,
                counts=(10, 20, 30),
                sizes=tuple(10 * MIB + each * each_one for each in (10, 20, 30)),
            )
            for unit, each_one in (("login", 0), ("socket", 12 * 1024))
            for _ in range(rounds)
        ),
        imports=replace(IMPORTS, floors=(40 * MIB,) * rounds),
    )
