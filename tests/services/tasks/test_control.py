"""What other processes ask for and have changed, over the bus and in the database."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from dashboard.errors import ProcedureError
from dashboard.jobs import Job, save_job_configuration
from dashboard.jobs.control import CHANGES, REQUESTS, request
from services.tasks.control import LOOK_INTERVAL, Control

from .conftest import Desk

PING = Job(name="ping", cron="* * * * *", timeout=30.0)


@pytest.fixture(name="control")
async def _control(desk: Desk) -> AsyncIterator[Control]:
    # Requests carry the real time of their sender; no tick is near.
    desk.time = time.time() // 60 * 60 + 20
    desk.make(PING)
    control = Control(desk.scheduler, desk.house)
    control.open()
    yield control
    control.close()


async def test_a_trigger_is_done_and_waited_for(desk: Desk, control: Control) -> None:
    """The request returns when the job has run."""
    await request(desk.resources, "trigger", "ping")

    assert [name for name, _ in desk.calls] == ["ping"]


async def test_the_other_requests_reach_the_scheduler(
    desk: Desk, control: Control
) -> None:
    """Each of them is done when its request returns."""
    one = desk.scheduler.jobs["ping"]
    await request(desk.resources, "stop", "ping")

    assert not one.started

    await request(desk.resources, "start", "ping")

    assert one.started

    await request(desk.resources, "disable", "ping")

    assert (one.started, one.enabled) == (False, False)

    await request(desk.resources, "enable", "ping")
    await request(desk.resources, "updateInterval", "ping", cron="*/9 * * * *")

    assert (one.started, one.enabled, one.cron) == (True, True, "*/9 * * * *")


async def test_a_refusal_comes_back_with_its_code(desk: Desk, control: Control) -> None:
    """In the words of the tasks API."""
    with pytest.raises(ProcedureError, match="Invalid cron expression: x") as caught:
        await request(desk.resources, "updateInterval", "ping", cron="x")

    assert caught.value.code == "BAD_REQUEST"

    never = anyio.Event()
    desk.work = never.wait
    desk.tasks.start_soon(desk.scheduler.trigger, "ping")
    await desk.settle()
    with pytest.raises(ProcedureError, match="already running") as caught:
        await request(desk.resources, "trigger", "ping")

    assert caught.value.code == "CONFLICT"


async def test_a_fault_is_logged_and_not_told(
    desk: Desk, control: Control, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller reads INTERNAL_SERVER_ERROR."""
    await desk.resources.database.close()
    with pytest.raises(ProcedureError, match="INTERNAL_SERVER_ERROR"):
        await request(desk.resources, "disable", "ping")

    assert "the request to disable 'ping' failed" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        None,
        7,
        {},
        {"id": "a", "action": "explode", "name": "ping", "at": 0},
        {"id": "a", "action": "trigger", "name": "ping", "at": "now"},
        {"id": "a", "action": "trigger", "name": "ping", "at": 0},
    ],
)
async def test_nonsense_and_old_requests_are_passed_over(
    desk: Desk, control: Control, message: Any
) -> None:
    """Anybody who reaches Redis can publish, and Redis may be late."""
    desk.resources.bus.publish(REQUESTS, message)
    desk.resources.bus.publish(CHANGES, message)
    await desk.settle()

    assert desk.calls == []
    assert desk.scheduler.jobs["ping"].started


async def test_requests_are_bounded(
    desk: Desk, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is more than can be done at once is not kept."""
    monkeypatch.setattr("services.tasks.control.MAX_REQUESTS", 3)
    never = anyio.Event()
    desk.work = never.wait
    handled: list[Any] = []
    desk.resources.bus.listen("cron-job-answers", lambda *_: handled.append(_))
    at = round(desk.time * 1000)
    for number in range(10):
        asked = {"id": str(number), "action": "stop", "name": "ping", "at": at}
        desk.resources.bus.publish(REQUESTS, asked)

    await desk.settle()

    assert len(handled) == 2 * 3


async def test_what_another_process_stored_is_taken_over_when_it_says_so(
    desk: Desk, control: Control
) -> None:
    """A change of another process is read from the database."""
    one = desk.scheduler.jobs["ping"]
    await save_job_configuration(
        desk.resources.database, "ping", cron="*/7 * * * *", enabled=False
    )
    await desk.settle()

    assert one.enabled

    tell(desk, runner="another", started=None)
    await desk.settle()

    assert (one.cron, one.enabled, one.started) == ("*/7 * * * *", False, False)


async def test_what_another_process_stored_is_found_without_a_word(
    desk: Desk, control: Control
) -> None:
    """Two processes on one file need no Redis."""
    desk.tasks.start_soon(control.look_after)
    await save_job_configuration(desk.resources.database, "ping", enabled=False)
    await desk.pass_time(LOOK_INTERVAL)
    await desk.settle()

    assert not desk.scheduler.jobs["ping"].started


async def test_a_job_that_is_stopped_elsewhere_stops_here(
    desk: Desk, control: Control
) -> None:
    """Starting and stopping are not stored, so they are said."""
    said: list[Any] = []
    desk.resources.bus.listen(CHANGES, lambda *_: said.append(_))
    tell(desk, runner="another", started=False)
    await desk.settle()

    assert not desk.scheduler.jobs["ping"].started

    tell(desk, runner="another", started=True)
    await desk.settle()

    assert desk.scheduler.jobs["ping"].started
    # Nobody repeats what was said, or it would go round for ever.
    assert len(said) == 2


async def test_each_change_is_said_once(desk: Desk, control: Control) -> None:
    """And not followed by who made it."""
    said: list[bytes] = []
    desk.resources.bus.listen(CHANGES, lambda _, text: said.append(text))
    desk.scheduler.stop_job("ping")
    await desk.scheduler.disable_job("ping")
    await desk.settle()
    shown = b"".join(said).decode().replace(desk.house.runner, "us")

    assert shown == (
        '{"json":{"runner":"us","name":"ping","started":false}}'
        '{"json":{"runner":"us","name":"ping","started":null}}'
    )


async def test_a_runner_does_not_follow_itself(desk: Desk, control: Control) -> None:
    """What it said may come back when it has done something else since."""
    tell(desk, runner=desk.house.runner, started=False)
    await desk.settle()

    assert desk.scheduler.jobs["ping"].started


async def test_nothing_is_heard_after_the_end(desk: Desk, control: Control) -> None:
    """A stopping service takes no requests."""
    control.close()
    desk.resources.bus.publish(
        REQUESTS,
        {"id": "a", "action": "stop", "name": "ping", "at": round(desk.time * 1000)},
    )
    await desk.settle()

    assert desk.scheduler.jobs["ping"].started


def tell(desk: Desk, *, runner: str, started: bool | None) -> None:
    """Say what another process has done."""
    change = {"runner": runner, "name": "ping", "started": started}
    desk.resources.bus.publish(CHANGES, change, keep=False)
