"""The measurement: fresh launches in ABBA order, each loaded, settled and sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from memory_report.arrangements import (
    RUNNER,
    SEPARATE,
    TOGETHER,
    Arrangement,
    RunningArrangement,
    open_arrangement,
)
from memory_report.environment import compile_bytecode, read_environment
from memory_report.errors import MeasurementError
from memory_report.ledger import check_ledgers, count_rows
from memory_report.processes import LaunchedProcess
from memory_report.records import (
    SCHEMA,
    Launch,
    Ledger,
    MeasuredProcess,
    Plan,
    Report,
)
from memory_report.story import open_story
from runner.system import Footprint, list_descendants, read_footprint

#: For everything besides settling.
LAUNCH_TIMEOUT = 180.0


def order_launches(repeats: int) -> Iterator[tuple[Arrangement, bool]]:
    """Yield what to launch, and whether it is the warm-up: A B, then A B B A A B …

    Whatever drifts with time then weighs on both sides alike.
    """

    pair = (SEPARATE, TOGETHER)
    yield from ((arrangement, True) for arrangement in pair)

    for number in range(repeats):
        for arrangement in pair if number % 2 == 0 else reversed(pair):
            yield arrangement, False


async def measure(
    plan: Plan,
    *,
    progress: Callable[[str], None],
    runner: tuple[str, ...] = RUNNER,
) -> Report:
    """Measure both arrangements.

    Raises:
        NotComparableError: two launches did not do the same work.
        MeasurementError: something could not be launched, driven or read.
    """

    environment = read_environment(bytecode=compile_bytecode())
    order = list(order_launches(plan.repeats))
    launches: list[Launch] = []

    for number, (arrangement, warm_up) in enumerate(order, 1):
        kind = "warm-up " if warm_up else ""
        progress(f"{kind}launch {number} of {len(order)}: {arrangement.name}")
        launches.append(
            await launch_once(
                arrangement, plan, number=number, warm_up=warm_up, runner=runner
            )
        )
        check_ledgers(launches)

    return Report(
        schema=SCHEMA, environment=environment, plan=plan, launches=tuple(launches)
    )


async def launch_once(
    arrangement: Arrangement,
    plan: Plan,
    *,
    number: int,
    warm_up: bool,
    runner: tuple[str, ...] = RUNNER,
) -> Launch:
    """Launch an arrangement, play the story, let it settle, sample it, stop it."""

    with (
        TemporaryDirectory(prefix="memory-report-") as name,
        trio.move_on_after(plan.settle + LAUNCH_TIMEOUT),
    ):
        async with open_arrangement(
            arrangement, folder=Path(name), runner=runner
        ) as running:
            begin = trio.current_time()
            async with open_story(running, plan.story) as counts:
                story_seconds = trio.current_time() - begin
                await trio.sleep(plan.settle)
                processes, observer_share = await sample_processes(running, plan)

            services = await running.stop()

        ledger = Ledger(
            client=dict(counts),
            services=services,
            rows=count_rows(running.database),
        )
        return Launch(
            arrangement=arrangement.name,
            number=number,
            warm_up=warm_up,
            ready_seconds=running.ready_seconds,
            story_seconds=story_seconds,
            processes=processes,
            observer_share=observer_share,
            ledger=ledger,
        )

    raise MeasurementError(
        f"launch {number} ({arrangement.name}) took longer than "
        f"{plan.settle + LAUNCH_TIMEOUT:g} s"
    )


async def sample_processes(
    running: RunningArrangement, plan: Plan
) -> tuple[tuple[MeasuredProcess, ...], tuple[int, ...]]:
    """Read every process several times, and what the observer shares with them."""

    groups = {
        process: (process.pid, *list_descendants(process.pid))
        for process in running.processes
    }
    samples: dict[LaunchedProcess, list[Footprint]] = {each: [] for each in groups}
    observer_share = []

    for taken in range(plan.samples):
        if taken:
            await trio.sleep(plan.sample_interval)

        for process, pids in groups.items():
            samples[process].append(_read_group(process.name, pids))

        observer = read_footprint()
        observer_share.append(observer.pss - observer.uss)

    rows = tuple(
        MeasuredProcess(
            name=process.name, processes=len(pids), samples=tuple(samples[process])
        )
        for process, pids in groups.items()
    )
    return rows, tuple(observer_share)


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
