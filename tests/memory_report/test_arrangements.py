"""Arrangements are launched, watched, stopped and reaped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from memory_report import arrangements
from memory_report.arrangements import Arrangement, open_arrangement
from memory_report.errors import (
    MeasurementError,
    ProgramMissingError,
    ReadyTimeoutError,
    ServiceDiedError,
    StopError,
    StoryError,
)
from memory_report.processes import LaunchedProcess
from tests.memory_report.examples import is_alive

Fake = Callable[[str], tuple[str, ...]]
Pids = Callable[[], list[int]]

THREE = Arrangement(
    name="three",
    processes={"web": ("web",), "ws": ("ws",), "tasks": ("tasks",)},
    redis=False,
)
ONE = Arrangement(name="one", processes={"all": ()}, redis=False)


async def assert_reaped(pids: list[int], *, expected: int) -> None:
    """Check that so many processes were launched and that none is left."""

    assert len(pids) == expected

    with trio.fail_after(30):  # a killed orphan is collected by init, not by us
        while any(map(is_alive, pids)):  # noqa: ASYNC110
            await trio.sleep(0.01)


async def test_each_process_tells_its_services_urls(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """URLs come from the ready lines, without the services' own paths."""

    async with open_arrangement(
        THREE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        urls = dict(running.urls)
        names = [process.name for process in running.processes]
        counted = await running.stop()

    assert names == ["web", "ws", "tasks"]
    assert urls.keys() == {"web", "ws", "tasks"}
    assert len(set(urls.values())) == 3
    assert counted == {"web.requests": 3, "ws.requests": 3, "tasks.requests": 3}
    await assert_reaped(launched_pids(), expected=6)


async def test_together_is_one_process(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """With no service named, one process serves all of them at one address."""

    async with open_arrangement(
        ONE, folder=tmp_path, runner=fake_runner("works")
    ) as running:
        urls = dict(running.urls)
        await running.stop()

    assert len(set(urls.values())) == 1
    await assert_reaped(launched_pids(), expected=2)


async def test_a_process_killed_in_the_middle_ends_the_block(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """Whoever waits for something else is cancelled and told which process died."""

    with pytest.raises(ServiceDiedError) as caught:  # noqa: PT012
        async with open_arrangement(
            THREE, folder=tmp_path, runner=fake_runner("works")
        ) as running:
            os.kill(running.services[1].pid, signal.SIGKILL)
            await trio.sleep_forever()

    assert (caught.value.process, caught.value.status) == ("ws", "killed by SIGKILL")
    await assert_reaped(launched_pids(), expected=6)


async def test_the_death_of_a_process_overtakes_what_it_caused(
    fake_runner: Fake,
    launched_pids: Pids,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """A step that fails because a process died is reported as the death."""

    # It is dead before anybody here had the time to notice.
    monkeypatch.setattr("memory_report.processes.CAUSE_TIMEOUT", 0)
    with pytest.raises(ServiceDiedError):  # noqa: PT012
        async with open_arrangement(
            ONE, folder=tmp_path, runner=fake_runner("works")
        ) as running:
            os.kill(running.services[0].pid, signal.SIGKILL)
            while is_alive(running.services[0].pid):
                os.sched_yield()

            raise StoryError("read the board", "connection reset")

    await assert_reaped(launched_pids(), expected=2)


async def test_an_error_of_the_block_comes_through_as_it_is(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """No group of errors wraps the one that matters, and all is reaped."""

    with pytest.raises(StoryError, match="the page was empty"):
        async with open_arrangement(
            THREE, folder=tmp_path, runner=fake_runner("works")
        ):
            raise StoryError("read the board", "the page was empty")

    await assert_reaped(launched_pids(), expected=6)


async def test_cancellation_reaps_everything(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """A timeout around a launch leaves nothing behind."""

    with trio.CancelScope() as scope:
        async with open_arrangement(
            THREE, folder=tmp_path, runner=fake_runner("works")
        ):
            scope.cancel()
            await trio.sleep_forever()

    assert scope.cancelled_caught
    await assert_reaped(launched_pids(), expected=6)


async def test_a_process_that_never_gets_ready_is_named(
    fake_runner: Fake,
    launched_pids: Pids,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """The wait is bounded, and the last lines tell what it was doing."""

    wait_ready = LaunchedProcess.wait_ready

    async def wait_later(process: LaunchedProcess, timeout: float) -> None:
        # The time runs from its last words, however long it took to say them.
        await process.wait_heard(lambda: '"tasks"' in "".join(process.lines[-1:]))
        await wait_ready(process, timeout)

    monkeypatch.setattr(LaunchedProcess, "wait_ready", wait_later)
    with pytest.raises(ReadyTimeoutError) as caught:
        async with open_arrangement(
            ONE, folder=tmp_path, runner=fake_runner("never-ready"), ready_timeout=0.1
        ):
            pytest.fail("it is not ready")

    assert "process 'all' was not ready within 0.1 s" in str(caught.value)
    assert '"service": "tasks"' in str(caught.value)
    await assert_reaped(launched_pids(), expected=2)


async def test_a_bad_exit_code_is_an_error(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """Services that do not stop cleanly have not been measured in good health."""

    with pytest.raises(StopError, match="'all' did not stop cleanly: exit code 5"):
        async with open_arrangement(
            ONE, folder=tmp_path, runner=fake_runner("stops-badly")
        ) as running:
            await running.stop()

    await assert_reaped(launched_pids(), expected=2)


async def test_a_process_that_ignores_sigterm_is_killed(
    fake_runner: Fake,
    launched_pids: Pids,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Its stop is awaited for a bounded time only."""

    monkeypatch.setattr(arrangements, "STOP_TIMEOUT", 0.2)

    with pytest.raises(StopError, match="still running"):
        async with open_arrangement(
            ONE, folder=tmp_path, runner=fake_runner("ignores-sigterm")
        ) as running:
            await running.stop()

    await assert_reaped(launched_pids(), expected=2)


async def test_a_service_without_url_cannot_be_measured(
    fake_runner: Fake, launched_pids: Pids, tmp_path: Path
):
    """An arrangement in which a service is missing is refused by its name."""

    web = Arrangement(name="web", processes={"web": ("web",)}, redis=False)

    with pytest.raises(MeasurementError, match="the URL of: tasks, ws"):
        async with open_arrangement(web, folder=tmp_path, runner=fake_runner("works")):
            pytest.fail("two services are missing")

    await assert_reaped(launched_pids(), expected=2)


async def test_a_missing_runner_is_named(tmp_path: Path):
    """A command that does not exist is no traceback."""

    with pytest.raises(ProgramMissingError, match="'/no/such/python' was not found"):
        async with open_arrangement(ONE, folder=tmp_path, runner=("/no/such/python",)):
            pytest.fail("nothing was launched")
