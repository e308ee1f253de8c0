"""Sets of services: each launched in one process, loaded, settled and read."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from memory_report.arrangements import (
    Arrangement,
    RunningArrangement,
    Subject,
    open_arrangement,
)
from memory_report.attribution import idle
from memory_report.attribution.load import Prepared, check_ends, open_load, prepare
from memory_report.attribution.records import AttributionProcedure, SetLaunch
from memory_report.attribution.shapley import list_sets
from memory_report.errors import MeasurementError
from memory_report.launch_limit import limit_launch
from memory_report.pinged_site import open_pinged_site
from memory_report.regions import Region, read_regions
from memory_report.runner_signals import ask
from runner.plan_file import load_plan
from runner.system import list_descendants, read_footprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every launch of an attribution has in common."""

    subject: Subject
    procedure: AttributionProcedure
    runner: tuple[str, ...]
    #: None for somebody's own services: we do not know what to ask them for.
    prepared: Prepared | None


@asynccontextmanager
async def open_setting(
    procedure: AttributionProcedure,
    subject: Subject,
    runner: tuple[str, ...],
    folder: Path,
) -> AsyncIterator[Setting]:
    """Prepare what launches need that play a story; `folder` keeps it."""

    setting = Setting(
        subject=subject, procedure=procedure, runner=runner, prepared=None
    )
    if subject.own or procedure.story is None:
        yield setting
        return

    async with open_pinged_site() as site:
        first = folder / "first"
        first.mkdir()
        with limit_launch("the launch that prepares the database"):
            async with open_set(setting, subject.services, first) as running:
                prepared = await prepare(
                    running, procedure.story, site=site, folder=folder
                )

        yield replace(setting, prepared=prepared)


async def launch_sets(
    setting: Setting, progress: Callable[[str], None]
) -> list[SetLaunch]:
    """Launch every set of the services, as often as there are rounds."""

    services, rounds = setting.subject.services, setting.procedure.rounds
    order = list(order_sets(services, rounds))
    launches = []
    for number, members in enumerate(order):
        names = "+".join(members) or "the floor"
        progress(f"launch {number + 1} of {len(order)}: {names}")
        count = len(order) // rounds
        launch = await launch_set(setting, members, number=number // count + 1)
        launches.append(launch)

    return launches


def order_sets(services: Sequence[str], rounds: int) -> Iterator[tuple[str, ...]]:
    """Yield what to launch: every set, forwards in odd rounds, backwards in even ones.

    Whatever drifts with time then weighs on all of them alike.
    """

    sets = list(list_sets(services))
    for number in range(rounds):
        yield from sets if number % 2 == 0 else reversed(sets)


async def launch_set(
    setting: Setting, members: tuple[str, ...], *, number: int
) -> SetLaunch:
    """Launch some services in one process, load them, and read what they take."""

    what = f"a launch of {'+'.join(members) or 'the floor'}"
    with (
        TemporaryDirectory(prefix="memory-report-") as name,
        limit_launch(what, settle=setting.procedure.settle),
    ):
        async with open_set(setting, members, Path(name)) as running:
            async with open_load(running, setting.prepared) as work:
                await trio.sleep(setting.procedure.settle)
                regions, pss = await read_launch(running)

            services = await running.stop()

        check_ends(members, work, services)
        return SetLaunch(
            round=number,
            services=members,
            regions=tuple(regions),
            pss=pss,
            work=dict(work),
        )


@asynccontextmanager
async def open_set(
    setting: Setting, members: tuple[str, ...], folder: Path
) -> AsyncIterator[RunningArrangement]:
    """Launch some services in one process, on a copy of the prepared database."""

    subject = setting.subject
    names = members or _find_floor(subject)
    if not names:
        path = folder / "floor.toml"
        path.write_text(idle.PLAN, encoding="utf-8")
        subject, names = replace(subject, plan=path), ("idle",)

    if setting.prepared is not None:
        shutil.copyfile(setting.prepared.database, folder / "db.sqlite")

    there = _with_needed(subject, names)
    one = Arrangement(
        name="+".join(names), processes={"+".join(names): names}, redis=False
    )
    async with open_arrangement(
        one,
        folder=folder,
        runner=setting.runner,
        subject=replace(subject, mounted=subject.mounted & there),
    ) as running:
        yield running


async def read_launch(running: RunningArrangement) -> tuple[list[Region], int]:
    """Read a launch after it has collected its garbage and given free pages back.

    Returns:
        What it has resident, and its PSS in bytes.
    """

    if not (await ask(running, "collected") and await ask(running, "trimmed")):
        raise MeasurementError("what was launched is no runner, or tells nothing")

    pids = [
        pid
        for process in running.processes
        for pid in (process.pid, *list_descendants(process.pid))
    ]
    pss = sum(read_footprint(pid).pss for pid in pids)
    return read_regions(pids), pss


def _find_floor(subject: Subject) -> tuple[str, ...]:
    """Return what every service needs and nobody counts among them, if anything."""

    needed = [_with_needed(subject, [name]) for name in subject.services]
    return tuple(sorted(frozenset.intersection(*needed) - set(subject.services)))


def _with_needed(subject: Subject, names: Sequence[str]) -> frozenset[str]:
    return frozenset(load_plan(subject.plan).select(names).services)
