"""The memory monitor: samples, history and lag."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskStatus
from trio.testing import MockClock

from runner.lane import Lane, open_lanes
from runner.monitor import (
    History,
    LagMeter,
    Monitor,
    Sample,
    Sampler,
    _sample,
    serve,
)
from runner.plan_file import parse_plan
from runner.system import Activity

from .helpers import PATIENCE


def make_sample(at: float, lags: Mapping[str, float] | None = None) -> Sample:
    """Return a sample whose numbers all derive from its time."""

    return Sample(
        time=at,
        rss=int(at) * 3,
        pss=int(at) * 2,
        uss=int(at),
        threads=4,
        files=9,
        cpu=0.25,
        lags=lags or {"asyncio": at / 1000, "trio": 0.0},
    )


def test_the_history_keeps_the_newest_in_fixed_space():
    """A full ring overwrites its oldest sample, in order."""

    history = History(("asyncio", "trio"), capacity=3)

    for at in range(8):
        history.add(make_sample(float(at)))

    assert history.read(10) == [make_sample(5.0), make_sample(6.0), make_sample(7.0)]
    assert history.read(2) == [make_sample(6.0), make_sample(7.0)]
    assert len(history) == 3


def test_a_day_of_samples_is_below_one_mebibyte():
    """24 h at one sample each 10 s, two lanes."""

    history = History(("asyncio", "trio"), capacity=8640)
    sample = make_sample(1.0)

    for _ in range(9000):
        history.add(sample)

    assert len(history) == 8640
    assert history._numbers.itemsize * len(history._numbers) < 1 << 20


def test_a_thinned_history_ends_with_the_newest_sample():
    """Few samples still show the whole time, up to now."""

    monitor = Monitor("web", ("asyncio", "trio"), capacity=100)
    for at in range(100):
        monitor.add(make_sample(float(at)))

    thinned = monitor.history(10)

    assert [sample.time for sample in thinned] == [9.0 + 10 * i for i in range(10)]
    assert thinned[-1] == make_sample(99.0)
    assert monitor.latest() == make_sample(99.0)


@pytest.mark.parametrize("added", [7, 10, 13, 17, 25])
def test_no_peak_is_lost_by_thinning(added: int):
    """Each sample of the thinned history has the highest figures of its stretch."""

    monitor = Monitor("web", ("asyncio", "trio"), capacity=10)
    highest = {"asyncio": 0.0, "trio": 9.0}
    for at in range(added):
        peak = at == added - 5
        monitor.add(
            replace(
                make_sample(float(at), highest if peak else {"asyncio": at / 10}),
                pss=900 if peak else at,
            )
        )

    thinned = monitor.history(4)

    kept = min(added, 10)
    assert [sample.time for sample in thinned] == [
        float(at) for at in range(added - 1, added - kept - 1, -kept // 4)
    ][::-1]
    assert [sample.pss for sample in thinned].count(900) == 1
    assert max(sample.lags["trio"] for sample in thinned) == 9.0
    assert thinned[-1].lags["asyncio"] == (added - 1) / 10


def test_an_empty_monitor_has_no_latest_sample():
    """Before the first sample there is nothing to show."""

    assert Monitor("web", ("asyncio",), capacity=5).latest() is None


async def test_the_service_samples_this_process(anyio_backend_name: str):
    """Listeners get real figures, with each lane's lag, and the history has them."""

    plan = parse_plan({"services": {"monitor": {"run": "runner.monitor:serve"}}})
    heard: list[Sample] = []
    twice = anyio.Event()

    def listen(sample: Sample) -> None:
        heard.append(sample)
        if len(heard) == 2:
            twice.set()

    async def run(
        *, task_status: anyio.abc.TaskStatus[Monitor] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        await serve(
            plan=plan,
            lanes=lanes,
            interval=0.01,
            task_status=task_status,
            stopping=stopping,
        )

    stopping = anyio.Event()
    main = Lane("main", plan.services["monitor"].backend)

    async with (
        open_lanes(main, [Lane("other", "trio")]) as lanes,
        anyio.create_task_group() as tasks,
    ):
        monitor = await tasks.start(run)
        monitor.add_listener(listen)
        with anyio.fail_after(PATIENCE):
            await twice.wait()

        stopping.set()

    sample = heard[0]
    assert 0 < sample.uss <= sample.pss <= sample.rss
    assert sample.threads >= 2
    assert sample.lags.keys() == {"main", "other"}
    assert monitor.samples(2) == heard[:2]


async def test_the_lag_meter_sees_a_blocked_loop(monkeypatch: pytest.MonkeyPatch):
    """A loop that is held up for 50 ms is reported at least that late, once."""

    monkeypatch.setattr("runner.monitor.LAG_INTERVAL", 0.001)
    meter = LagMeter()
    lag = 0.0

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(meter.measure)
        await anyio.wait_all_tasks_blocked()
        time.sleep(0.05)  # noqa: ASYNC251

        with anyio.fail_after(PATIENCE):
            while lag < 0.04:
                await anyio.lowlevel.checkpoint()
                lag = max(lag, meter.take())

        tasks.cancel_scope.cancel()

    meter.take()
    assert meter.take() == 0.0


@pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})]
)
@pytest.mark.parametrize(("share", "expected"), [(0.0, [2.5, 2.5]), (0.5, [0.5, 0.5])])
async def test_an_idle_process_is_woken_less_often(
    share: float, expected: list[float], monkeypatch: pytest.MonkeyPatch
):
    """Its loops keep nobody waiting; one that works is looked at twice a second."""

    clock = SimpleNamespace(
        perf_counter=anyio.current_time,
        process_time=lambda: share * anyio.current_time(),
    )
    monkeypatch.setattr("runner.monitor.time", clock)
    sleep, pauses = anyio.sleep, list[float]()

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr("runner.monitor.anyio.sleep", noted)
    with anyio.move_on_after(9):
        await LagMeter().measure()

    # The first look is a quick one: nothing is known by then.
    assert pauses[:3] == [0.5, *expected]


def test_a_history_shorter_than_what_is_asked_for_is_shown_whole():
    """There is nothing to leave out yet."""

    monitor = Monitor("web", ("asyncio",), capacity=100)
    for at in range(3):
        monitor.add(make_sample(float(at), {"asyncio": 0.5}))

    assert [sample.time for sample in monitor.history(10)] == [0.0, 1.0, 2.0]


def test_a_lane_without_a_figure_was_not_late():
    """Each row has a place for every lane."""

    history = History(("asyncio", "trio"), capacity=1)
    history.add(make_sample(1.0, {"trio": 0.5}))

    assert history.read(1)[0].lags == {"asyncio": 0.0, "trio": 0.5}


def test_a_sample_tells_the_share_of_a_core_since_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
):
    """Two samples at one instant divide by the clock's grain, not by nothing."""

    now, used = 100.0, 5.0
    clock = SimpleNamespace(monotonic=lambda: now, time=lambda: 1.0)
    monkeypatch.setattr("runner.monitor.time", clock)
    monkeypatch.setattr(
        "runner.monitor.read_activity",
        lambda: Activity(threads=1, files=2, cpu_seconds=used),
    )
    sampler = Sampler({})
    now, used = 110.0, 10.0
    first = sampler.take()
    now, used = 120.0, 11.0
    second = sampler.take()
    third = sampler.take()

    assert [one.cpu for one in (first, second, third)] == [0.5, 0.1, 0.0]


class EndedError(Exception):
    """There are no more samples to take."""


class FakeSampler:
    """Returns samples of given CPU shares, then ends the sampling."""

    def __init__(self, *shares: float | OSError) -> None:
        self.left = list(shares)

    def take(self) -> Sample:
        """Return the next sample."""

        if not self.left:
            raise EndedError

        share = self.left.pop(0)
        if isinstance(share, OSError):
            raise share

        return replace(make_sample(1.0), cpu=share)

    async def run(self, interval: float) -> Monitor:
        """Sample until the end; return what was kept."""

        monitor = Monitor("web", ("asyncio", "trio"), capacity=20)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("runner.monitor.Sampler", lambda meters: self)
            with pytest.raises(EndedError):
                await _sample(monitor, {}, interval)

        return monitor


async def test_a_sample_that_cannot_be_read_is_left_out(
    caplog: pytest.LogCaptureFixture,
):
    """A system without descriptors does not end the monitor."""

    monitor = await FakeSampler(0.25, OSError("too many files"), 0.75).run(0.0)

    assert [sample.cpu for sample in monitor.samples()] == [0.25, 0.75]
    assert "a memory sample is left out: too many files" in caplog.text


@pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})]
)
@pytest.mark.parametrize(
    ("interval", "expected"), [(10.0, [2, 12, 22, 32]), (1.0, [1, 2, 3, 4])]
)
async def test_the_first_sample_comes_soon_after_the_start(
    interval: float, expected: list[float]
):
    """One taken amid the start would be too low."""

    began = anyio.current_time()
    times: list[float] = []

    class Timed(FakeSampler):
        def take(self) -> Sample:
            times.append(anyio.current_time() - began)
            return super().take()

    await Timed(0.0, 0.0, 0.0).run(interval)

    assert times == pytest.approx(expected)


class FakeLane:
    """Notes that something is to run in it."""

    def __init__(self) -> None:
        self.called = 0

    async def call(self, function: Callable[[], Awaitable[None]]) -> None:
        """Run a function here, as if across."""

        self.called += 1
        await function()


async def test_the_monitor_is_named_after_what_is_served():
    """Its lags are measured in the lanes themselves; any interval will do."""

    services = {
        "monitor": {"run": "runner.monitor:serve"},
        "web": {"asgi": "a:b", "mount": "/"},
        "ws": {"connections": "a:b", "mount": "/ws"},
    }
    lanes = {"one": FakeLane(), "two": FakeLane()}
    stopping = anyio.Event()
    run = partial(
        serve,
        plan=parse_plan({"services": services}),
        lanes=cast(Mapping[str, Lane], lanes),
        interval=1e9,
        stopping=stopping,
    )

    async with anyio.create_task_group() as tasks:
        monitor = await tasks.start(_with_status, run)
        await anyio.wait_all_tasks_blocked()
        stopping.set()

    assert monitor.label == "web+ws"
    assert [lane.called for lane in lanes.values()] == [1, 1]
    assert monitor.samples() == []


async def _with_status(
    function: Callable[..., Awaitable[None]], *, task_status: TaskStatus[Any]
) -> None:
    await function(task_status=task_status)
