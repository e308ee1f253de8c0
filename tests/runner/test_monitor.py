"""The memory monitor: samples, history and lag."""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio
import pytest

from runner.lane import Lane, open_lanes
from runner.monitor import History, LagMeter, Monitor, Sample, serve
from runner.plan_file import parse_plan


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

    assert thinned[-1] == make_sample(99.0)
    assert len(thinned) == 10
    assert monitor.latest() == make_sample(99.0)


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
        with anyio.fail_after(5):
            await twice.wait()

        stopping.set()

    sample = heard[0]
    assert 0 < sample.uss <= sample.pss <= sample.rss
    assert sample.threads >= 2
    assert sample.lags.keys() == {"main", "other"}
    assert monitor.samples(2) == heard[:2]


async def test_the_lag_meter_sees_a_blocked_loop(monkeypatch: pytest.MonkeyPatch):
    """A loop that is held up for 50 ms is reported at least that late."""

    monkeypatch.setattr("runner.monitor.LAG_INTERVAL", 0.001)
    meter = LagMeter()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(meter.measure)
        await anyio.wait_all_tasks_blocked()
        time.sleep(0.05)  # noqa: ASYNC251
        await anyio.sleep(0.002)
        tasks.cancel_scope.cancel()

    assert meter.take() >= 0.04
    assert meter.take() == 0.0
