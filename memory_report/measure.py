"""The measurement: fresh launches in ABBA order, each loaded, settled and sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from memory_report.answers import Answers, digest_answers
from memory_report.arrangements import (
    BUNDLED,
    RUNNER,
    Arrangement,
    RunningArrangement,
    Subject,
    open_arrangement,
)
from memory_report.checkpoints import Checkpoints, open_checkpoints
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
    Environment,
    Launch,
    Ledger,
    Procedure,
    Report,
)
from memory_report.rows import count_rows, digest_rows
from memory_report.story import open_story
from memory_report.timings import Timings
from runner.system import read_footprint


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
    procedure: Procedure,
    *,
    progress: Callable[[str], None],
    runner: tuple[str, ...] = RUNNER,
    subject: Subject = BUNDLED,
    play: Play | None = None,
    crash: bool = False,
) -> Report:
    """Measure the procedure's arrangements of the subject's services.

    Own services have a story of their own, `play`. With `crash` each of the bundled
    ones is killed once in each arrangement, when memory has been measured.

    Raises:
        NotComparableError: two launches did not do the same work.
        MeasurementError: something could not be launched, driven or read.
    """

    arrangements = [subject.arrangements[name] for name in procedure.arrangements]
    environment = _prepare(arrangements)
    order = list(order_launches(arrangements, procedure.repeats))
    doomed = list_doomed(arrangements) if crash else []
    steps = Progress(len(order) + len(doomed), progress)

    with TemporaryDirectory(prefix="memory-report-") as name:
        cache = Path(name)
        launch = partial(
            launch_once,
            procedure=procedure,
            runner=runner,
            subject=subject,
            play=play,
            cache=cache,
            tell=steps.step,
        )
        launches, neighbours = await _launch_all(
            order, launch, steps=steps, own=subject.own
        )
        crashes = await crash_services(doomed, steps=steps, runner=runner, cache=cache)

    return Report(
        schema=SCHEMA,
        environment=replace(
            environment,
            neighbours=max(environment.neighbours, neighbours),
            observer=read_footprint().pss,
        ),
        plan=procedure,
        launches=tuple(launches),
        crashes=crashes,
    )


def _prepare(arrangements: Sequence[Arrangement]) -> Environment:
    """Compile what is launched, and look at where it will be.

    Raises:
        ProgramMissingError: a program that is launched is not installed.
    """

    if any(each.starter == "supervisord" for each in arrangements):
        find_supervisord()

    return read_environment(
        bytecode=compile_bytecode(), redis=any(each.redis for each in arrangements)
    )


async def _launch_all(
    order: Sequence[tuple[Arrangement, bool]],
    launch: Callable[..., Awaitable[Launch]],
    *,
    steps: Progress,
    own: bool,
) -> tuple[list[Launch], int]:
    """Launch one after another, as long as all of them do the same work.

    Returns:
        The launches, and the most neighbours that there were: they come and go, and
        say what to think of the figures.
    """

    launches: list[Launch] = []
    neighbours = 0
    for number, (arrangement, warm_up) in enumerate(order, 1):
        steps.begin(f"{arrangement.name}{', warm-up' if warm_up else ''}")
        launches.append(await launch(arrangement, number=number, warm_up=warm_up))
        steps.end()
        neighbours = max(neighbours, count_neighbours())
        check_ledgers(launches, own=own)

    return launches, neighbours


async def launch_once(
    arrangement: Arrangement,
    procedure: Procedure,
    *,
    number: int,
    warm_up: bool,
    runner: tuple[str, ...] = RUNNER,
    subject: Subject = BUNDLED,
    play: Play | None = None,
    cache: Path | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> Launch:
    """Launch an arrangement, play the story, read it at each checkpoint, stop it.

    `tell` hears of each step.
    """

    answers: Answers = []
    with (
        TemporaryDirectory(prefix="memory-report-") as name,
        limit_launch(f"launch {number} ({arrangement.name})", settle=procedure.settle),
    ):
        async with open_arrangement(
            arrangement, folder=Path(name), runner=runner, subject=subject, cache=cache
        ) as running:
            async with open_checkpoints(running, procedure, tell=tell) as checkpoints:
                story = _open_story(
                    running, procedure, play, checkpoints.timings, answers
                )
                counts, story_seconds = await _live_through(story, checkpoints)

            tell("stopping")
            services = await running.stop()

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
            ledger=Ledger(
                client=dict(counts),
                services=services,
                rows={} if subject.own else count_rows(running.database),
                digests={} if subject.own else digest_rows(running.database),
                answers=digest_answers(answers),
            ),
        )


async def _live_through(
    story: AbstractAsyncContextManager[Counter[str]], checkpoints: Checkpoints
) -> tuple[Counter[str], float]:
    """Play the story, and read the memory before it, in it and after it.

    Returns:
        What its clients counted, and how long they took.
    """

    await checkpoints.start()
    begin = trio.current_time()
    async with story as counts:
        seconds = trio.current_time() - begin
        await checkpoints.settle()
        await checkpoints.give_back()

    await checkpoints.drain()
    return counts, seconds


def _open_story(
    running: RunningArrangement,
    procedure: Procedure,
    play: Play | None,
    timings: Timings,
    answers: Answers,
) -> AbstractAsyncContextManager[Counter[str]]:
    if play is not None:
        return open_own_story(running, play, timings=timings)

    assert procedure.story is not None  # noqa: S101 -- only own services have none
    return open_story(running, procedure.story, timings=timings, answers=answers)
