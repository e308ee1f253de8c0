"""Crossing from one event loop to another."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskStatus

from runner.errors import LaneClosedError
from runner.lane import Lane, open_lanes

from .helpers import PATIENCE

word: ContextVar[str] = ContextVar("word", default="unset")


@pytest.fixture(name="other", params=["asyncio", "trio"])
async def _other(
    request: pytest.FixtureRequest, anyio_backend_name: Any
) -> AsyncIterator[Lane]:
    """Open a lane of each backend beside the test's own loop, of each backend."""

    main, other = Lane("main", anyio_backend_name), Lane("other", request.param)

    async with open_lanes(main, [other]):
        yield other


async def test_a_call_runs_in_the_other_thread_and_returns(other: Lane):
    """The result comes back; the function ran in the lane's own thread."""

    async def add(one: int, two: int) -> tuple[int, int]:
        await anyio.lowlevel.checkpoint()
        return one + two, threading.get_ident()

    result, thread = await other.call(add, 1, 2)

    assert result == 3
    assert thread != threading.get_ident()


async def test_a_call_within_the_lane_is_a_plain_await(other: Lane):
    """A lane that calls itself does not wait for itself."""

    async def inner() -> int:
        return threading.get_ident()

    async def outer() -> bool:
        return await other.call(inner) == threading.get_ident()

    assert await other.call(outer)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyError("key")])
async def test_an_exception_comes_back_and_the_lane_lives(
    other: Lane, error: BaseException
):
    """Whatever a function raises is raised in the caller, and only there."""

    async def fail() -> None:
        raise error

    async def succeed() -> str:
        return "alive"

    with pytest.raises(type(error)):
        await other.call(fail)

    assert await other.call(succeed) == "alive"


async def test_context_variables_cross(other: Lane):
    """The function sees the caller's context, and cannot change it."""

    word.set("from here")

    async def read() -> str:
        seen = word.get()
        word.set("from there")
        return seen

    assert await other.call(read) == "from here"
    assert word.get() == "from here"


async def test_a_timeout_cancels_the_function_over_there(other: Lane):
    """When the caller's deadline passes, nothing is left running in the lane."""

    begun, ended = threading.Event(), threading.Event()

    async def wait() -> None:
        begun.set()

        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await other.call(wait, timeout=0.01)

    # On a slow machine the deadline may have passed before it was there.
    assert ended.is_set() == begun.is_set()


async def test_a_cancelled_caller_waits_for_the_end_over_there(other: Lane):
    """Cancelling the caller returns only once the function has cleaned up."""

    order = []
    begun = threading.Event()

    async def wait() -> None:
        begun.set()

        try:
            await anyio.sleep_forever()
        finally:
            order.append("cleaned up")

    async def call() -> None:
        try:
            await other.call(wait)
        finally:
            order.append("returned")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.cancel_scope.cancel()

    assert order == ["cleaned up", "returned"]


async def test_a_function_whose_caller_has_gone_already_is_not_begun(
    other: Lane, monkeypatch: pytest.MonkeyPatch
):
    """Cancelled before the other lane has looked, a call runs nothing there."""

    begun, posted = [], []
    held, gate = threading.Event(), threading.Event()
    post = other.post

    def hold() -> None:
        held.set()
        gate.wait()

    async def work() -> None:
        begun.append("work")
        await anyio.sleep_forever()

    def post_and_open(function: Any, *args: Any) -> None:
        post(function, *args)
        posted.append(function)
        if len(posted) == 2:  # the function, and its cancellation
            gate.set()

    post(hold)
    # Only what is posted while the lane is held is looked at in one go.
    await anyio.to_thread.run_sync(held.wait)
    monkeypatch.setattr(other, "post", post_and_open)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await other.call(work)

    monkeypatch.undo()
    assert len(posted) == 2
    assert begun == []


async def test_random_cancellations_leave_nothing_behind(other: Lane):
    """Cancelled at many moments, a call leaves no task in the lane."""

    running = 0

    async def work() -> None:
        nonlocal running
        running += 1

        try:
            await anyio.sleep(0.001)
        finally:
            running -= 1

    for turn in range(200):
        with anyio.move_on_after(turn / 100_000):
            await other.call(work)

    assert running == 0


async def test_a_closed_lane_refuses_work(anyio_backend_name: Any):
    """Posting to a lane that has ended is an error, not silence."""

    main, other = Lane("main", anyio_backend_name), Lane("other", "trio")

    async with open_lanes(main, [other]):
        pass

    with pytest.raises(LaneClosedError, match="'other' has ended"):
        other.post(print)


async def test_a_failing_post_is_logged_and_harms_nobody(
    other: Lane, caplog: pytest.LogCaptureFixture
):
    """A posted function's exception ends neither loop."""

    def fail() -> None:
        raise ValueError("posted")

    async def succeed() -> str:
        return "alive"

    other.post(fail)

    assert await other.call(succeed) == "alive"
    assert "a function posted to a lane failed" in caplog.text


async def test_what_is_posted_does_not_bring_its_poster_s_backend(
    other: Lane, anyio_backend_name: str
):
    """A function posted from one backend may start tasks in another one's lane."""

    home = Lane("home", "asyncio")
    started = anyio.Event()

    async def note() -> None:
        started.set()

    async with anyio.create_task_group() as tasks:
        await tasks.start(_serve_lane, home)

        async def post_from_there() -> None:
            home.post(tasks.start_soon, note)

        await other.call(post_from_there)
        with anyio.fail_after(PATIENCE):
            await started.wait()

        home.close()


async def _serve_lane(
    lane: Lane, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    await lane.serve(task_status=task_status)
