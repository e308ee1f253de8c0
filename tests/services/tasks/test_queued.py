"""The saq engine with a real Redis, in one process."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from redis.asyncio import Redis
from saq import Status

from dashboard.bus import open_bus
from dashboard.jobs import Job, history
from dashboard.resources import Resources
from services.tasks import queued, tick_queue
from services.tasks.engine import House
from services.tasks.errors import JobRunningError, QueueUnavailableError, TickTakenError
from services.tasks.queued import QueuedRuns
from services.tasks.state import Due, ScheduledJob
from tests.dashboard.bus.redis_server import Server, open_server
from tests.services.tasks.conftest import PATIENCE

#: SAQ's own affair: redis 8 would rather be told so by another command.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex")

PING = Job(name="ping", cron="* * * * *", timeout=30.0)


class Bench:
    """An engine with its worker, and one job."""

    def __init__(self, resources: Resources, tasks: Any) -> None:
        self.calls = 0
        self.work: Any = anyio.lowlevel.checkpoint
        self.one = ScheduledJob(
            job=PING, function=self._run, cron="", enabled=True, started=True
        )
        self.house = House(resources=resources, tasks=tasks, background=tasks)
        self.engine = QueuedRuns(self.house, jobs={"ping": self.one})
        self.database = resources.database

    async def _run(self, _: Resources) -> None:
        self.calls += 1
        await self.work()

    def occupy(self, tick: int) -> Due:
        self.one.occupy()
        return Due(one=self.one, tick=tick)


def make_engine(resources: Resources, server: Server) -> QueuedRuns:
    """An engine that nobody looks after."""
    settings = dataclasses.replace(
        resources.settings, tasks_engine="saq", redis_url=server.url
    )
    tasks: Any = None
    resources = dataclasses.replace(resources, settings=settings)
    house = House(resources=resources, tasks=tasks, background=tasks)
    return QueuedRuns(house, jobs={})


async def wait_until(true: Callable[[], Any]) -> None:
    """Look again and again, since Redis and SAQ have no events of ours."""
    while not true():  # noqa: ASYNC110
        await anyio.sleep(0.01)


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[Server]:
    with open_server() as server:
        yield server


@pytest.fixture(name="bench")
async def _bench(resources: Resources, server: Server) -> AsyncIterator[Bench]:
    settings = dataclasses.replace(
        resources.settings, tasks_engine="saq", redis_url=server.url
    )
    async with anyio.create_task_group() as tasks:
        bench = Bench(dataclasses.replace(resources, settings=settings), tasks)
        tasks.start_soon(bench.engine.look_after)
        with anyio.fail_after(PATIENCE):
            yield bench

        tasks.cancel_scope.cancel()


@pytest.mark.redis
async def test_a_run_is_queued_done_and_waited_for(bench: Bench) -> None:
    """By this process's own worker; the history has it."""
    await bench.engine.run_now(bench.occupy(7))
    (run,) = await history.load_runs(bench.database, "ping")

    assert bench.calls == 1
    assert (run.tick, run.status, run.attempt) == (7, "success", 1)
    assert bench.one.ended is None


@pytest.mark.redis
async def test_a_tick_that_was_run_is_not_queued_again(bench: Bench) -> None:
    """A scheduler that lags comes when all is done: SAQ alone would take it."""
    await bench.engine.run_now(bench.occupy(7))
    with pytest.raises(TickTakenError):
        await bench.engine.run_now(bench.occupy(7))

    assert await bench.engine._queue.count("incomplete") == 0


@pytest.mark.redis
async def test_a_tick_that_the_queue_forgot_is_not_run_again(bench: Bench) -> None:
    """The claim stands before it as well."""
    await bench.engine.run_now(bench.occupy(7))
    await bench.engine._queue.redis.flushdb()  # type: ignore[attr-defined]
    with pytest.raises(JobRunningError):
        await bench.engine.run_now(bench.occupy(7))

    assert bench.calls == 1
    assert bench.house.counts["skipped"] == 1


@pytest.mark.redis
async def test_a_job_does_not_overlap_itself(bench: Bench) -> None:
    """Whichever worker it would be."""
    go = anyio.Event()
    bench.work = go.wait
    await bench.engine.begin([bench.occupy(1)])
    await wait_until(lambda: bench.calls)

    with pytest.raises(JobRunningError):
        await bench.engine.run_now(bench.occupy(2))

    go.set()

    assert bench.calls == 1


@pytest.mark.redis
async def test_a_job_that_fails_is_not_tried_again(bench: Bench) -> None:
    """SAQ's retries are for workers that die."""

    async def fail() -> None:
        raise SystemExit(3)

    bench.work = fail
    await bench.engine.run_now(bench.occupy(1))
    (run,) = await history.load_runs(bench.database, "ping")

    assert (bench.calls, run.status, run.error) == (1, "error", "SystemExit: 3")


@pytest.mark.redis
async def test_a_run_that_the_stop_cuts_short_is_queued_again(
    resources: Resources, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And done by the next worker, as if it had never begun."""
    monkeypatch.setattr(queued, "FINISH_TIMEOUT", 0.05)
    monkeypatch.setattr(queued, "RETRY_INTERVAL", 0.0)
    settings = dataclasses.replace(
        resources.settings, tasks_engine="saq", redis_url=server.url
    )
    resources = dataclasses.replace(resources, settings=settings)
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            first = Bench(resources, tasks)
            first.work = anyio.sleep_forever
            tasks.start_soon(first.engine.look_after)
            await first.engine.begin([first.occupy(1)])
            await wait_until(lambda: first.calls)

            tasks.cancel_scope.cancel()

        assert await history.load_runs(resources.database, "ping") == []

        async with anyio.create_task_group() as tasks:
            second = Bench(resources, tasks)
            tasks.start_soon(second.engine.look_after)
            await wait_until(lambda: second.house.counts["runs"])
            await wait_until(lambda: not second.engine._active)
            tasks.cancel_scope.cancel()

        (run,) = await history.load_runs(resources.database, "ping")

    assert (second.calls, run.status) == (1, "success")


@pytest.mark.redis
async def test_without_redis_a_trigger_is_refused_and_a_tick_waits(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """The tick is queued when Redis is back; the log says so once each way."""
    monkeypatch.setattr("services.tasks.runs.RETRY_INTERVAL", 0.05)
    monkeypatch.setattr(tick_queue, "PAUSE", 0.05)
    caplog.set_level("INFO", "services.tasks")
    server.kill()
    with pytest.raises(QueueUnavailableError):
        await bench.engine.run_now(bench.occupy(1))

    due = bench.occupy(round(bench.house.now() * 1000))
    bench.house.tasks.start_soon(bench.engine.begin, [due])
    await wait_until(lambda: "the queue cannot be written" in caplog.text)

    server.start()
    await wait_until(lambda: bench.calls and "can be written again" in caplog.text)

    assert caplog.text.count("the queue cannot be written") == 1
    assert caplog.text.count("the queue can be written again") == 1
    assert "Traceback" not in caplog.text


@pytest.mark.redis
async def test_what_the_bus_tells_of_redis_is_not_told_again(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """One line of the process says that Redis is away, and one that it is back."""
    monkeypatch.setattr("services.tasks.runs.RETRY_INTERVAL", 0.05)
    monkeypatch.setattr(tick_queue, "PAUSE", 0.05)
    bus = await open_bus(server.url)
    resources = dataclasses.replace(bench.house.resources, bus=bus)
    house = dataclasses.replace(bench.house, resources=resources)
    monkeypatch.setattr(bench.engine, "_house", house)
    failed: list[Exception] = []
    note = bench.engine._note_failed

    async def see(error: Exception) -> None:
        await note(error)
        failed.append(error)

    monkeypatch.setattr(bench.engine, "_note_failed", see)
    await wait_until(lambda: "may throw away" in caplog.text)
    caplog.clear()
    caplog.set_level("INFO")
    server.kill()
    due = bench.occupy(round(bench.house.now() * 1000))
    bench.house.tasks.start_soon(bench.engine.begin, [due])
    await wait_until(lambda: failed)
    server.start()
    await wait_until(lambda: bench.calls and "redis connected" in caplog.text)
    await bus.close()

    assert [record.message.partition(",")[0] for record in caplog.records] == [
        "no redis",
        "redis connected",
    ]


@pytest.mark.redis
@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({}, True),
        ({"maxmemory": "0"}, False),
        ({"maxmemory-policy": "volatile-lru"}, False),
        ({"maxmemory-policy": "noeviction"}, False),
    ],
)
async def test_a_redis_that_may_evict_what_is_queued_is_told(
    resources: Resources,
    server: Server,
    caplog: Any,
    settings: dict[str, str],
    warned: bool,
) -> None:
    """The shipped file is a cache's; without a bound of memory it does no harm."""
    redis = Redis.from_url(server.url)
    for name, value in settings.items():
        await redis.config_set(name, value)

    await redis.aclose()
    engine = make_engine(resources, server)
    await engine._warn_of_eviction()
    await engine._queue.disconnect()

    assert [line.partition("give")[0] for line in caplog.messages] == (
        ["redis may throw away what is queued (maxmemory-policy allkeys-lru): "]
        if warned
        else []
    )


@pytest.mark.redis
async def test_a_sign_of_life_that_is_refused_is_told_once(
    resources: Resources, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """No tick need wait for that: what runs may be begun again by another worker."""
    caplog.set_level("INFO", "services.tasks")
    done = anyio.Event()
    answers: list[Exception | None] = [OSError("full"), OSError("full"), None, None]

    class Running:
        async def update(self) -> None:
            await anyio.lowlevel.checkpoint()
            if not answers:
                done.set()
            elif error := answers.pop(0):
                raise error

    monkeypatch.setattr(queued, "HEARTBEAT_INTERVAL", 0.0)
    engine = make_engine(resources, server)
    running: Any = Running()
    engine._active["ping:1"] = running
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine._beat)
        with anyio.fail_after(PATIENCE):
            await done.wait()

        tasks.cancel_scope.cancel()

    await engine._queue.disconnect()

    assert caplog.messages == [
        "the queue cannot be written; ticks wait, and runs may be taken for lost: full",
        "the queue can be written again",
    ]


@pytest.mark.redis
async def test_a_redis_that_refuses_config_is_no_error(
    resources: Resources, server: Server, caplog: Any
) -> None:
    """Those for rent often do; nothing is known then."""
    redis = Redis.from_url(server.url)
    await redis.acl_setuser("default", enabled=True, commands=["-config"])
    await redis.aclose()
    engine = make_engine(resources, server)
    await engine._warn_of_eviction()
    await engine._queue.disconnect()

    assert caplog.messages == []


@pytest.mark.redis
async def test_what_a_worker_is_just_beginning_is_not_swept(server: Server) -> None:
    """Only when it is seen a second time: then nobody has begun it."""
    queue = tick_queue.TickQueue.from_url(server.url)
    await queue.enqueue("ping", key="ping:1", retries=2)
    await queue.dequeue()

    assert await queue.sweep(lock=60) == []
    # The lock keeps others from looking at the same time.
    assert await queue.sweep(lock=60) == []

    await queue.redis.delete("saq:default:sweep")

    assert await queue.sweep(lock=60) == ["ping:1"]
    assert await queue.count("queued") == 1

    await queue.disconnect()


@pytest.mark.redis
async def test_a_worker_that_gives_no_sign_is_dead(server: Server) -> None:
    """What it had is queued again, and given up after its last attempt."""
    queue = tick_queue.TickQueue.from_url(server.url)
    await queue.enqueue("ping", key="ping:1", retries=2, heartbeat=1)
    for attempt, waiting in ((1, 1), (2, 0)):
        job = await queue.dequeue()
        assert job is not None
        job.attempts, job.started, job.status = attempt, 1, Status.ACTIVE
        job.touched = 1
        await queue._update(job, status=Status.ACTIVE)
        await queue.redis.delete("saq:default:sweep")

        assert await queue.sweep(lock=1) == ["ping:1"]
        assert await queue.count("queued") == waiting

    assert await queue.count("incomplete") == 0

    await queue.disconnect()


async def test_a_redis_that_is_away_is_not_asked_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAQ asks again at once, which would take a whole core."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("services.tasks.tick_queue.asyncio.sleep", sleep)
    queue = tick_queue.TickQueue.from_url(f"unix://{tmp_path}/nothing")

    assert await queue.dequeue() is None
    assert slept[-1] == tick_queue.PAUSE


def test_saq_is_loaded_only_where_it_is_asked_for() -> None:
    """Imports are this project's currency."""
    code = "import sys, services.tasks; print('saq' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
