"""An attribution of chosen numbers: three services over a floor of 30 MiB."""

from __future__ import annotations

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
from tests.memory_report.examples import MIB

SERVICES = ("web", "ws", "tasks")
#: What each adds to the floor, whoever else is there.
ADDED = {"web": 16, "ws": 5, "tasks": 7}


def _make_launch(round_: int, services: tuple[str, ...]) -> SetLaunch:
    size = 30 + sum(ADDED[name] for name in services) + 0.1 * round_
    heap = Region(name="[heap]", own=round(size * MIB), cached=0)
    return SetLaunch(
        round=round_,
        services=services,
        regions=(heap,),
        pss=heap.own,
        work={},
    )


ATTRIBUTION = Attribution(
    schema=SCHEMA,
    machine=Machine(python="CPython", kernel="", machine="", bytecode=""),
    plan=AttributionProcedure(rounds=2, settle=0.2),
    services=SERVICES,
    launches=tuple(
        _make_launch(number, services)
        for number in (1, 2)
        for services in list_sets(SERVICES)
    ),
    slopes=tuple(
        SlopeLaunch(
            unit="socket", counts=(0, 20, 40), sizes=(50 * MIB, 51 * MIB, 52 * MIB)
        )
        for _ in range(2)
    ),
    imports=Imports(
        bare=6 * MIB,
        floors=(52 * MIB, 52 * MIB),
        modules=(ImportedModule(name="services.web", importer="", size=8 * MIB),),
        graph={},
    ),
)
