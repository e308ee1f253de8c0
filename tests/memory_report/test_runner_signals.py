"""Asking runners to give memory back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memory_report.arrangements import SEPARATE, Arrangement, open_arrangement
from memory_report.errors import MeasurementError
from memory_report.runner_signals import ask, find_runners

ONE = Arrangement(name="one", processes={"all": ()}, redis=False)
APART = Arrangement(name="apart", processes=SEPARATE.processes, redis=False)


async def test_every_runner_is_asked_and_waited_for(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """All three have answered when it is done, each time anew."""

    async with open_arrangement(
        APART, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        runners = find_runners(running)
        answers = []
        for event in ("collected", "collected", "trimmed"):
            assert await ask(running, event)

            said = [" ".join(process.lines) for process in running.services]
            answers.append([text.count(f'"event": "{event}"') for text in said])

        await running.stop()

    assert runners == {process: [process.pid] for process in running.services}
    assert answers == [[1, 1, 1], [2, 2, 2], [1, 1, 1]]


async def test_nobody_is_asked_where_one_cannot_answer(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """A signal that is not expected ends a process."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("is-no-runner")
    ) as running:
        assert not await ask(running, "collected")

        await running.stop()


async def test_a_pid_that_is_not_of_the_launch_is_left_alone(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """A process can say what it likes, and a restarted one has left its old id."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("is-no-runner")
    ) as running:
        (process,) = running.services
        process.lines.append('{"event": "starting", "pid": 1, "services": ["web"]}')

        assert find_runners(running) == {}

        await running.stop()


async def test_a_runner_that_does_not_answer_is_named(
    fake_runner: Callable[[str], tuple[str, ...]], tmp_path: Path
):
    """A reading of what was perhaps collected is none."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("keeps-its-memory")
    ) as running:
        with pytest.raises(MeasurementError, match="'all' did not answer SIGUSR2"):
            await ask(running, "trimmed", timeout=0.1)

        await running.stop()
