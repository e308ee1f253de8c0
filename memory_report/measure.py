"""The measurement: fresh launches in ABBA order, each loaded, settled and sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from memory_report.arrangements import (
    BUNDLED,
    RUNNER,
    Arrangement,
    Subject,
    open_arrangement,
)
from memory_report.checkpoints import open_checkpoints
from memory_report.commands import find_supervisord
from memory_report.crashes import crash_services, list_doomed
from memory_report.environment import (
    compile_bytecode,
    count_neighbours,
    read_environment,
)
from memory_report.launch_limit import limit_launch
from memory_report.ledger import check_ledgers
from memory_report.own_story import Play, open_own_story
from memory_report.progress import Progress
from memory_report.records import (
    SCHEMA,
    Launch,
    Ledger,
    Plan,
    Report,
)
from memory_report.rows import count_rows, digest_rows
from memory_report.story import open_story


def order_launches(
    arrangements: Sequence[Arrangement], repeats: int
) -> Iterator[tuple[Arrangement, bool]]:
    """Yield what to launch, and whether it is the warm-up: A B C, then A B C C B A …

    Whatever drifts with time then weighs on all of them alike.
    """

    yield from ((arrangement, True) for arrangement in arrangements)

    for number in range(repeats):
        order = arrangements if number % 2 == 0 else reversed(arrangements)
        yield from ((arrangement, False) for arrangement in order)


async def measure(
    plan: Plan,
    *,
    progress: Callable[[str], None],
    runner: tuple[str, ...] = RUNNER,
    subject: Subject = BUNDLED,
    play: Play | None = None,
    crash: bool = False,
) -> Report:
    """Measure the plan's arrangements of the subject's services.

    Own services have a story of their own, `play`. With `crash` each of the bundled
    ones is killed once in each arrangement, when memory has been measured.

    Raises:
        NotComparableError: two launches did not do the same work.
        MeasurementError: something could not be launched, driven or read.
    """

    arrangements = [subject.arrangements[name] for name in plan.arrangements]
    if any(each.starter == "supervisord" for each in arrangements):
        find_supervisord()

    environment = read_environment(
        bytecode=compile_bytecode(), redis=any(each.redis for each in arrangements)
    )
    order = list(order_launches(arrangements, plan.repeats))
    launches: list[Launch] = []
    neighbours = environment.neighbours
    doomed = list_doomed(arrangements) if crash else []
    steps = Progress(len(order) + len(doomed), progress)

    with TemporaryDirectory(prefix="memory-report-") as kept:
        for number, (arrangement, warm_up) in enumerate(order, 1):
            steps.begin(f"{arrangement.name}{', warm-up' if warm_up else ''}")
            launches.append(
                await launch_once(
                    arrangement,
                    plan,
                    number=number,
                    warm_up=warm_up,
                    runner=runner,
                    subject=subject,
                    play=play,
                    kept=Path(kept),
                    tell=steps.step,
                )
            )
            steps.end()
            # They come and go; the most there were say what to think of the figures.
            neighbours = max(neighbours, count_neighbours())
            check_ledgers(launches, own=subject.own)

        crashes = await crash_services(
            doomed, steps=steps, runner=runner, kept=Path(kept)
        )

    return Report(
        schema=SCHEMA,
        environment=replace(environment, neighbours=neighbours),
        plan=plan,
        launches=tuple(launches),
        crashes=crashes,
    )


async def launch_once(
    arrangement: Arrangement,
    plan: Plan,
    *,
    number: int,
    warm_up: bool,
    runner: tuple[str, ...] = RUNNER,
    subject: Subject = BUNDLED,
    play: Play | None = None,
    kept: Path | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Launch:
    """Launch an arrangement, play the story, read it at each checkpoint, stop it.

    `tell` hears of each step.
    """

    with (
        TemporaryDirectory(prefix="memory-report-") as name,
        limit_launch(f"launch {number} ({arrangement.name})", settle=plan.settle),
    ):
        async with open_arrangement(
            arrangement, folder=Path(name), runner=runner, subject=subject, kept=kept
        ) as running:
            async with open_checkpoints(running, plan, tell=tell) as checkpoints:
                await checkpoints.start()
                begin = trio.current_time()
                story = (
                    open_story(running, plan.story, timings=checkpoints.timings)
                    if play is None
                    else open_own_story(running, play, timings=checkpoints.timings)
                )
                async with story as counts:
                    story_seconds = trio.current_time() - begin
                    await checkpoints.settle()
                    await checkpoints.give_back()

                await checkpoints.drain()

            tell("stopping")
            services = await running.stop()

        ledger = Ledger(
            client=dict(counts),
            services=services,
            rows={} if subject.own else count_rows(running.database),
            digests={} if subject.own else digest_rows(running.database),
        )
        return Launch(
            arrangement=arrangement.name,
            number=number,
            warm_up=warm_up,
            ready_seconds=running.ready_seconds,
            story_seconds=story_seconds,
            readings=checkpoints.readings,
            series=checkpoints.series(),
            settling=checkpoints.settling,
            peak=checkpoints.peak,
            price=checkpoints.price,
            ledger=ledger,
        )
