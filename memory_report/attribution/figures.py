"""What an attribution says, as numbers: text, Markdown and JSON start from these.

Sizes are bytes, shares are fractions (0.5 is 50 %).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from memory_report.attribution.imports import COMMAND, Freed, find_freed, walk_tree
from memory_report.attribution.records import Attribution
from memory_report.attribution.shapley import give_back, list_sets, share_out
from memory_report.attribution.slopes import estimate_slope
from memory_report.regions import (
    Region,
    add_up_apart,
    group_regions,
    list_files,
)
from memory_report.statistics import Estimate, estimate_mean
from memory_report.units import MIB

#: Modules that weigh less, with all they pulled in, are left out of the tree.
LEAST_IN_TREE = MIB
#: How many modules are named whose going would free most.
MOST_FREED = 20
#: How many mapped files are named, the largest ones.
MOST_MAPPED = 12

#: What each set of services takes: the characteristic function of Shapley's game.
CoalitionValues = Mapping[frozenset[str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one service is answerable for."""

    service: str
    #: What it adds, averaged over all orders in which services could come.
    share: Estimate
    #: What it adds to the floor when no other service is there.
    alone: Estimate
    #: What one gets back by switching it off: the others stay.
    back: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What it saves to run services, which run apart, in one process."""

    services: tuple[str, ...]
    apart: float
    together: float
    saved: Estimate
    #: Of what they take apart.
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One module of the import tree."""

    depth: int
    module: str
    #: With all modules that it pulled in first.
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedFile:
    """One file that everything together has mapped, in the mean of its launches."""

    name: str
    #: Pages that were written to since: the process's own.
    own: float
    #: Pages as they are in the file, which all who map it have in common.
    cached: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it."""

    total: Estimate
    #: What the total is made of: the floor and the services' shares.
    floor: Estimate
    shares: tuple[Share, ...]
    #: The interpreter that imported nothing, which the floor stands on.
    bare: int
    #: An interpreter that only imported the same modules, and the total by it.
    imports: float
    ratio: Estimate
    mergings: tuple[Merging, ...]
    #: Bytes for one more socket or login, by that word.
    slopes: dict[str, Estimate]
    #: Of everything together, bytes by whose files they are.
    regions: dict[str, float]
    #: The largest of these files.
    files: tuple[MappedFile, ...]
    freed: tuple[Freed, ...]
    tree: tuple[Branch, ...]
    #: PSS of everything together: less, as far as others map the same files.
    pss: float


def work_out(record: Attribution) -> Figures:
    """Work the figures out: of the same record always the same."""

    rounds = list(_list_rounds(record))
    everybody = frozenset(record.services)
    totals = [sizes[everybody] for sizes in rounds]
    floors = record.imports.floors
    whole = [each for each in record.launches if set(each.services) == everybody]
    return Figures(
        total=estimate_mean(totals),
        floor=estimate_mean([sizes[frozenset()] for sizes in rounds]),
        shares=tuple(_list_shares(record.services, rounds)),
        bare=record.imports.bare,
        imports=fmean(floors),
        ratio=estimate_mean(
            [total / floor for total, floor in zip(totals, floors, strict=True)]
        ),
        mergings=tuple(_list_mergings(record)),
        slopes={
            unit: estimate_slope(record.slopes, unit)
            for unit in dict.fromkeys(each.unit for each in record.slopes)
        },
        regions=_mean_groups([group_regions(each.regions) for each in whole]),
        files=_mean_files([each.regions for each in whole])[:MOST_MAPPED],
        freed=tuple(_list_freed(record))[:MOST_FREED],
        tree=tuple(
            Branch(depth=depth, module=module, size=size)
            for depth, module, size in walk_tree(
                record.imports.modules, least=LEAST_IN_TREE
            )
        ),
        pss=fmean(each.pss for each in whole),
    )


def _list_rounds(record: Attribution) -> Iterator[CoalitionValues]:
    for number in range(1, record.plan.rounds + 1):
        yield {
            frozenset(launch.services): launch.size
            for launch in record.launches
            if launch.round == number
        }


def _list_shares(
    services: tuple[str, ...], rounds: list[CoalitionValues]
) -> Iterator[Share]:
    shares = [share_out(services, sizes) for sizes in rounds]
    backs = [give_back(services, sizes) for sizes in rounds]
    floor = frozenset[str]()
    for name in services:
        alone = [sizes[frozenset({name})] - sizes[floor] for sizes in rounds]
        yield Share(
            service=name,
            share=estimate_mean([each[name] for each in shares]),
            alone=estimate_mean(alone),
            back=estimate_mean([each[name] for each in backs]),
        )


def _list_mergings(record: Attribution) -> Iterator[Merging]:
    """Yield what each set of two or more would save, the whole one first."""

    found: dict[frozenset[str], dict[int, tuple[Region, ...]]] = {}
    for launch in record.launches:
        found.setdefault(frozenset(launch.services), {})[launch.round] = launch.regions

    numbers = range(1, record.plan.rounds + 1)
    for members in reversed([each for each in list_sets(record.services) if each[1:]]):
        apart = [
            add_up_apart([found[frozenset({name})][number] for name in members])
            for number in numbers
        ]
        together = [
            sum(each.own + each.cached for each in found[frozenset(members)][number])
            for number in numbers
        ]
        saved = [before - after for before, after in zip(apart, together, strict=True)]
        yield Merging(
            services=members,
            apart=fmean(apart),
            together=fmean(together),
            saved=estimate_mean(saved),
            share=estimate_mean(
                [each / before for each, before in zip(saved, apart, strict=True)]
            ),
        )


def _list_freed(record: Attribution) -> Iterator[Freed]:
    """Yield what is imported by others than its own package, which could do without.

    The package of the command itself is left out: without it, nothing is there.
    """

    asked = record.imports.graph.get(COMMAND, ())
    spine = {name.partition(".")[0] for name in asked}
    for each in find_freed(record.imports):
        package = each.name.partition(".")[0]
        others = [name for name in each.importers if name.partition(".")[0] != package]
        if others and package not in spine:
            yield replace(each, importers=tuple(others))


def _mean_groups(groups: list[dict[str, int]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in groups for name in each)
    means = {name: fmean(each.get(name, 0) for each in groups) for name in names}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def _mean_files(launches: list[tuple[Region, ...]]) -> tuple[MappedFile, ...]:
    own: Counter[str] = Counter()
    cached: Counter[str] = Counter()
    for regions in launches:
        for each in list_files(regions):
            own[each.name] += each.own
            cached[each.name] += each.cached

    count = len(launches)
    return tuple(
        MappedFile(name=name, own=own[name] / count, cached=cached[name] / count)
        for name, _ in sorted((own + cached).items(), key=lambda each: (-each[1], each))
    )
