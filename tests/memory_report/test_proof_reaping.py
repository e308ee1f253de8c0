"""The proof that no process outlives a report, however it ends."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from memory_report.arrangements import RunningArrangement, open_arrangement
from memory_report.catalogue import read_subject
from memory_report.checkpoints import open_checkpoints
from memory_report.errors import MeasurementError, ServiceDiedError, StoryError
from memory_report.processes import list_session
from memory_report.records import Procedure
from tests.memory_report.examples import is_alive

ROOT = Path(__file__).parents[2]
PLAN = Path(__file__).with_name("small_plan.toml")
SMALL = read_subject(PLAN)
HOW = Procedure(repeats=1, settle=0, samples=1, sample_interval=0)

#: A runner that has two helpers, and collects each of them that ends.
TWO_HELPERS = """
sleep 60 & sleep 60 &
echo '{"event": "ready", "service": "page", "url": "http://127.0.0.1:9/"}' >&2
echo '{"event": "ready"}' >&2
wait
"""
#: Launches the arrangements that are named, tells all ids, and dies on the spot.
DIE_WITH_SERVICES = """
import os, signal, sys
from contextlib import AsyncExitStack
from pathlib import Path
import trio
from tests.memory_report.test_proof_reaping import launch_small, list_all

async def die():
    async with AsyncExitStack() as stack:
        for name in sys.argv[2:]:
            folder = Path(sys.argv[1], name)
            folder.mkdir()
            running = await stack.enter_async_context(launch_small(name, folder))
            print(*list_all(running), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

trio.run(die)
"""


def launch_small(
    name: str, folder: Path, *, redis: bool = True
) -> AbstractAsyncContextManager[RunningArrangement]:
    """Launch an arrangement of the two small services, with a Redis beside them."""

    arrangement = replace(SMALL.arrangements[name], redis=redis)
    return open_arrangement(arrangement, folder=folder, subject=SMALL)


def list_all(running: RunningArrangement) -> list[int]:
    """Return the ids of everything that was launched, parents first."""

    return [pid for process in running.processes for pid in list_session(process.pid)]


def read_command(pid: int) -> bytes:
    """Return the command line of a process, as the kernel has it."""

    return Path(f"/proc/{pid}/cmdline").read_bytes()


def read_oom_mark(pid: int) -> int:
    """Return what the kernel adds to a process's weight when it looks for a victim."""

    return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii"))


async def assert_all_end(pids: list[int], *, least: int) -> None:
    """Check that so many processes or more were there, and that none is left."""

    assert len(pids) >= least

    with trio.fail_after(40):  # a killed orphan is collected by init, not by us
        while any(map(is_alive, pids)):  # noqa: ASYNC110
            await trio.sleep(0.01)


@pytest.mark.redis
async def test_an_error_of_the_report_leaves_nobody(tmp_path: Path):
    """Neither the Redis, nor the parent, nor the children that it has forked."""

    with pytest.raises(StoryError, match="the page was empty"):  # noqa: PT012
        async with launch_small("forked", tmp_path) as running:
            pids = list_all(running)
            raise StoryError("read", "the page was empty")

    await assert_all_end(pids, least=4)


@pytest.mark.redis
@pytest.mark.parametrize(
    ("name", "victim", "told", "least"),
    [
        ("separate", "redis-server", "redis-server", 3),
        ("forked", "child", "parent", 4),
    ],
)
async def test_a_process_killed_in_the_middle_is_named_and_the_others_end(
    name: str, victim: str, told: str, least: int, tmp_path: Path
):
    """Whether it is a service's, the bus between them or a forked child."""

    with pytest.raises(ServiceDiedError) as caught:  # noqa: PT012
        async with launch_small(name, tmp_path) as running:
            pids = list_all(running)
            rows = {process.name: process.pid for process in running.processes}
            os.kill(rows.get(victim) or max(list_session(rows[told])), signal.SIGKILL)
            await trio.sleep_forever()

    assert caught.value.process == told
    await assert_all_end(pids, least=least)


async def test_the_kernel_takes_a_service_before_the_report(tmp_path: Path):
    """Where memory is short: the report has to be there to tell of it."""

    async with launch_small("together", tmp_path, redis=False) as running:
        marks = [read_oom_mark(process.pid) for process in running.processes]
        await running.stop()

    assert marks
    assert all(mark > read_oom_mark(os.getpid()) for mark in marks)


@pytest.mark.redis
async def test_a_death_that_a_supervisor_hides_is_no_small_figure(tmp_path: Path):
    """Hypercorn's worker is gone; its parent and supervisord live on.

    Afterwards nobody does, though each of them was in a group of its own.
    """

    with pytest.raises(MeasurementError, match=r"'page'.* ended"):  # noqa: PT012
        async with (
            launch_small("shipped", tmp_path) as running,
            open_checkpoints(running, HOW, tell=lambda _: None) as checkpoints,
        ):
            pids = list_all(running)
            await checkpoints.start()
            (worker,) = (pid for pid in pids if b"spawn_main" in read_command(pid))
            os.kill(worker, signal.SIGKILL)
            await assert_all_end([worker], least=1)
            await checkpoints.settle()

    await assert_all_end(pids, least=6)


async def test_a_child_that_nobody_misses_is_missed(tmp_path: Path):
    """Its parent has collected it and lives on, with less memory than it began."""

    runner = ("sh", "-c", TWO_HELPERS)
    lost = "had 3 processes at 'start' and 2 at 'loaded'"
    with pytest.raises(MeasurementError, match=lost):  # noqa: PT012
        async with (
            open_arrangement(
                SMALL.arrangements["together"],
                folder=tmp_path,
                runner=runner,
                subject=SMALL,
            ) as running,
            open_checkpoints(running, HOW, tell=lambda _: None) as checkpoints,
        ):
            pids = list_all(running)
            await checkpoints.start()
            os.kill(max(pids), signal.SIGKILL)
            with trio.fail_after(20):
                while len(list_all(running)) == 3:  # noqa: ASYNC110
                    await trio.sleep(0.01)

            await checkpoints.settle()

    await assert_all_end(pids, least=3)


@pytest.mark.redis
async def test_a_report_that_is_killed_takes_its_services_with_it(tmp_path: Path):
    """Nobody is there to reap, so the kernel tells each of them to stop."""

    names = ("separate", "forked", "shipped")
    done = await trio.run_process(
        [sys.executable, "-c", DIE_WITH_SERVICES, str(tmp_path), *names],
        cwd=ROOT,
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    lines = done.stdout.decode().splitlines()

    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")
    assert len(lines) == len(names)
    await assert_all_end([int(pid) for line in lines for pid in line.split()], least=13)
